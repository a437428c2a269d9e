"""A witness (C2SP tlog-witness): cosigns what a log has signed, and no tree that does not extend the one before."""
