"""Attachments: fetched, verified and given out."""
