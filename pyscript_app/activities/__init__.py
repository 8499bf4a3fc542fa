"""What the page's worker can be asked to do, each activity in a module of its own; ``table`` lists them."""
