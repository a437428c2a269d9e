"""What the server and the programs of reviewers and auditors say to each other, and what each can check of the other.

Both sides import this package, so that what a request names, what the log says of it and what an auditor recomputes
come from one place.
"""
