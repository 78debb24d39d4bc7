"""Checks: what is wrong, or doubtful, with an issue and its editions; pure, nothing is changed."""
