"""What is stored: weights in a precision, in shards, under short names."""
