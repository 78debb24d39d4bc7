"""Freeze an approved issue, deliver it, and record the outcome of every message."""
