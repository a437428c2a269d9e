"""How fast the parts are, each beside the bare operation or a peer in the same run: `make bench`."""
