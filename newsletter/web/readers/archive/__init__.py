"""What was sent, for everybody: issues, sections, search, feeds, and all of it as files."""
