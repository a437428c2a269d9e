"""The translator's kit: a page for each message, with all that somebody has to know who reviews its translations."""
