"""Where a report goes: who the team is, in its own words, and what the program itself knows of that."""
