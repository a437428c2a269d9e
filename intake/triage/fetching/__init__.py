"""Bringing the mirror up to date with the desk."""
