"""What is Ukraine's alone: the register of communities, and who reads where; on by the kinds of fields."""
