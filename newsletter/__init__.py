"""A weekly digest press: compose, preview, approve, and deliver one message per reader.

Not here: themes, letters and pages (templates/), and what belongs to one publisher (its workspace).
"""

__version__ = "0.1.0"
