"""What came of it: the evaluation, the bars it is set beside, and the card that tells both."""
