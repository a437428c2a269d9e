"""What follows the report: the replies, messages, and the rest of the form."""
