"""Reading Word documents (.docx): XML in a zip archive, as the lines a digest is read from.

Not here: what the lines mean (newsletter/compose/digest.py).
"""
