"""Sealed attachments, each a run of bytes under a random name. `protocol` says what is asked of a place for them."""
