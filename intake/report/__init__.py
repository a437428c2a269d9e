"""What a report holds: the form's one definition, and the payloads that are sealed."""
