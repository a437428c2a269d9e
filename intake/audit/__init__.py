"""What an auditor does with a log that was verified. Nothing here asks the desk, or needs a key."""
