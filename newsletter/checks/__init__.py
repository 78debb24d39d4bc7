"""What is wrong with an issue before anyone receives it."""
