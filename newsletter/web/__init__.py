"""Web applications: the local preview for editors, and the public site for readers.

Rules are not here: what pages do to people and issues is in newsletter/services and newsletter/audience.
"""
