"""Ports for servers that tests start."""

import random
import socket
from collections import deque
from pathlib import Path

_FIRST = 10_000
_MOST_RESERVED = 20

_reserved: deque[socket.socket] = deque()
"""Names in the kernel that tell other processes of tests which ports are given out, and perhaps not used yet."""


def free_port() -> int:
    """A port on 127.0.0.1 that nothing listens on, and that nobody else takes before it is used: no outgoing
    connection, and none of the other processes that run tests on this machine.
    """
    given_out = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.SystemRandom().randrange(_FIRST, given_out)
        reserved = socket.socket(socket.AF_UNIX)
        with socket.socket() as probe:
            try:
                reserved.bind(f"\0intake-tests-{port}")
                probe.bind(("127.0.0.1", port))
            except OSError:
                reserved.close()
                continue
        _reserved.append(reserved)
        if len(_reserved) > _MOST_RESERVED:
            _reserved.popleft().close()
        return port
