"""The first page of the form, and its arrival."""
