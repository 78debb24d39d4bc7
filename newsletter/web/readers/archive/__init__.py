"""The public archive of sent issues: pages, sections, search, feeds, and export as static files."""
