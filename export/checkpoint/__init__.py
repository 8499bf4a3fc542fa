"""What is read: a checkpoint's files, what kind it is, its parts in torch and what is added to them."""
