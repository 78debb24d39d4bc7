"""Pages: the preview."""
