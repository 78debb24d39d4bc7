"""A reader's own pages, opened by signed links: preferences, pauses, leaving, address change, erasure.

Not here: verifying a link (newsletter/links.py), and what changes (newsletter/audience).
"""
