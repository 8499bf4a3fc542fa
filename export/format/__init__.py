"""What an exported model is: its manifest, and how a mistake is told."""
