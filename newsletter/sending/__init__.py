"""Freeze an approved issue, deliver it, and record the outcome of every message.

Not here: protocols (newsletter/transport), SQL (newsletter/store), who may ask for it (newsletter/services).
"""
