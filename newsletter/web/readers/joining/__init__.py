"""Sign-up: the form, the embedded form for another site, and the confirmation link (double opt-in)."""
