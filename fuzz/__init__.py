"""A fuzz target for each parser of bytes from outside: `make fuzz`."""
