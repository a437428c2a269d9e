"""The demo: everything on one machine, with ten invented reports that come in through the real pages."""
