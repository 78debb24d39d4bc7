"""Rules about people: lists that come in and go out, segments, who reads what."""
