"""The public pages: sign-up, a reader's own pages, the archive, and what providers report."""
