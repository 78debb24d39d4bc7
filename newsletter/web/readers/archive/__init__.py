"""The public archive of sent issues: pages, sections, search, feeds, and export as static files.

Not here: what it shows of an issue (newsletter/sending/publication.py), and queries (newsletter/store).
"""
