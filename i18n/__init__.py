"""Bringing the source site's catalogues up to date with its words: `make messages`."""
