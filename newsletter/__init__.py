"""A weekly digest press: compose, preview, approve, and deliver one message per reader."""

__version__ = "0.1.0"
