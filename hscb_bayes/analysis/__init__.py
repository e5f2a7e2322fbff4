"""What is assumed, and what follows: an analysis file, the model it means, its posterior, and predictions from it."""
