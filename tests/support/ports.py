"""Ports for servers that tests start."""

import random
import socket
from pathlib import Path

_FIRST = 10_000


def free_port() -> int:
    """A port on 127.0.0.1 that nothing listens on, and that no outgoing connection can take before it is used."""
    given_out = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.SystemRandom().randrange(_FIRST, given_out)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
