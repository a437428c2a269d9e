"""From sealed bytes to a tip that can be read, with every doubt said."""
