"""From sources and item files to an issue."""
