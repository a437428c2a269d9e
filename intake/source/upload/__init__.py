"""Files, sealed while they arrive."""
