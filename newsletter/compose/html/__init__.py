"""Reading HTML pages as a browser shows them, as the lines a digest is read from."""
