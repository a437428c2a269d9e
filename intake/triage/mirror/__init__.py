"""What a member's machine keeps from one fetch to the next: sealed or public bytes, nothing in the clear."""
