"""Subscribers: import and export of lists, sign-up and preferences, address changes, segments.

Not here: SQL (newsletter/store), pages (newsletter/web), commands (newsletter/cli).
"""
