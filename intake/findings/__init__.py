"""What a verified log makes somebody ask: who did what, and what of it stands out. Pure functions; nobody is asked.

Auditors' programs use it, and reviewers' ones, so that both see the same.
"""
