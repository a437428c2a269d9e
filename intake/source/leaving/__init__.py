"""What a source takes back, and the way out."""
