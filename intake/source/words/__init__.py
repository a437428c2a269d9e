"""The eight words: made, shown, asked for, and typed by whoever comes back."""
