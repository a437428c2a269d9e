"""Where else to turn."""
