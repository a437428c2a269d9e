"""What the store holds of a source: the report, what follows, and the replies; sealed, and never read back."""
