"""Reading HTML pages as a browser shows them, as the lines a digest is read from.

Not here: what the lines mean (newsletter/compose/digest.py).
"""
