"""What a posterior says: predictions, summaries, the next study."""
