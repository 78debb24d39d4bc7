"""Signing up: the form, the same form in a frame of another site, and the link that confirms."""
