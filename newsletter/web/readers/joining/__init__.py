"""Sign-up: the form, also in a frame on another site, and the confirmation link (double opt-in).

Not here: storing a request and its letter (newsletter/audience/optin.py).
"""
