"""Subscribers: import and export of lists, sign-up and preferences, address changes, segments."""
