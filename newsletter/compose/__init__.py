"""Turn a digest's source into item files, and item files into an issue.

Not here: what is doubtful about its words (newsletter/checks), and how it looks (newsletter/render).
"""
