"""From an issue to its editions, and from an edition to HTML and text."""
