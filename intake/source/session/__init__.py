"""What the one cookie holds: the browser, the visit, and the tokens of its forms."""
