"""Specific to Ukraine: the register of communities and coverage by it; enabled by the kinds of fields.

Not here: anything that holds in another country (newsletter/audience).
"""
