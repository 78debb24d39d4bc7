"""Checks: find errors and doubtful points in an issue and its editions; pure functions, no side effects.

Not here: reading the files (newsletter/compose), rendering (newsletter/render).
"""
