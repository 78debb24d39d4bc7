"""Web pages: the local preview for editors, and the public site for readers."""
