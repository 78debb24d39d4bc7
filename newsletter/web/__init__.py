"""Web applications: the local preview for editors, and the public site for readers.

Not here: rules; what pages do to people and issues is in newsletter/services and newsletter/audience.
"""
