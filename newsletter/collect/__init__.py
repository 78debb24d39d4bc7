"""News of others, read from feeds, pages, files and mails: what they say, as items for the inbox.

Pure: what is fetched is given, and nothing is kept.

Not here: fetching (newsletter/fetching.py), what is taken and from where (newsletter/services/collect).
"""
