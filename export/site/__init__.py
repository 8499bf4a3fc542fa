"""What is served: the page as files, and the list of its models."""
