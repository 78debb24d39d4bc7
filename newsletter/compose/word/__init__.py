"""Convert Word documents (.docx), which are XML in a zip archive, to lines of Markdown.

Not here: what the lines mean (newsletter/compose/digest.py).
"""
