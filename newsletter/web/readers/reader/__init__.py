"""A reader's own pages, opened by signed links: preferences, pauses, leaving, address change, erasure."""
