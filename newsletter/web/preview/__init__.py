"""The preview: an issue in the browser as its readers will see it, on this machine only.

Findings come from newsletter/checks, HTML from newsletter/render; readers' pages are in web/readers.
"""
