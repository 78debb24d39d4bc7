"""What editors do with files: read an issue's outline, write items, order, words, pictures and the inbox.

Not here: composing from item files (newsletter/compose), approval (newsletter/services/approval.py), pages
(newsletter/web).
"""
