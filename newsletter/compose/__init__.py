"""From sources and item files to an issue.

Not here: what is doubtful about its words (newsletter/checks), and how it looks (newsletter/render).
"""
