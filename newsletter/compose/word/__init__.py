"""Reading Word documents (.docx): XML in a zip archive, as the lines a digest is read from."""
