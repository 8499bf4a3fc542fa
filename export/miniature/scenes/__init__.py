"""What the miniature is taught: scenes as data, in words and in pictures."""
