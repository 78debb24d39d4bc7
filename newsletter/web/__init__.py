"""Pages: the preview for editors, and the public ones."""
