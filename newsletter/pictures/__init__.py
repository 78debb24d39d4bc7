"""Pictures of items, scaled and re-encoded so that they fit a mail and hold no metadata.

Not here: which picture an item has (newsletter/compose), and how it is attached (newsletter/transport).
"""
