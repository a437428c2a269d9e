"""What an auditor sees on 127.0.0.1: the same as on the command line."""
