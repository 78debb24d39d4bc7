"""Convert HTML pages to lines of Markdown, as a browser shows them.

Not here: what the lines mean (newsletter/compose/digest.py).
"""
