"""A member's keys, and the passphrase that they lie under."""
