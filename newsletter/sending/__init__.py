"""Freezing an approved issue, delivering it, and telling what became of it."""
