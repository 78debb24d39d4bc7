"""Pictures of items, scaled and re-encoded so that they fit a mail and hold no metadata."""
