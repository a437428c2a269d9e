"""Addresses to listen at, looked at before anything listens, so that what is wrong with one is said by its option."""

import errno
import os
import socket
from contextlib import closing, suppress
from pathlib import Path

UNIX = "unix:"
"""What the address of a unix socket begins with; its path follows."""

_IN_USE = "it is in use; end the program that listens there, or choose another"


class ListenError(OSError):
    """An address can't be listened at; the message names the option that gave it."""

    def __init__(self, option: str, reason: str) -> None:
        super().__init__(f"{option} can't be listened at: {reason}")


def listen_at_port(option: str, port: int) -> socket.socket:
    """A socket that listens at a port of 127.0.0.1; `ListenError` if it can't."""
    try:
        return socket.create_server(("127.0.0.1", port), backlog=128)
    except OSError as error:
        raise _unlistenable(f"{option} {port}", error) from error


def require_free_ports(option: str, ports: range) -> None:
    """Raise `ListenError` unless each of these ports of 127.0.0.1 can be listened at."""
    for port in ports:
        try:
            _bind(("127.0.0.1", port), socket.AF_INET)
        except OSError as error:
            raise _unlistenable(f"{option} {port}", error) from error


def require_free(option: str, bind: str) -> None:
    """Raise `ListenError` unless a server can listen at `host:port` or `unix:/path`, as the setting says."""
    try:
        if bind.startswith(UNIX):
            _require_free_path(option, Path(bind.removeprefix(UNIX)))
        else:
            host, _, port = bind.rpartition(":")
            family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
            _bind((host.strip("[]"), int(port)), family)
    except ListenError:
        raise
    except OSError as error:
        raise _unlistenable(f"{option} = {bind}", error) from error


def _bind(address: tuple[str, int], family: socket.AddressFamily) -> None:
    # As a server does before it listens. Who comes in this moment is refused, and not let in by nobody.
    with socket.socket(family) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind(address)


def _require_free_path(option: str, path: Path) -> None:
    # What is there would be exchanged, whether somebody still listens at it or not.
    named = f"{option} = {UNIX}{path}"
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ListenError(named, "there is no such directory, or nothing can be written in it")
    if path.exists() and not path.is_socket():
        raise ListenError(named, "there is something of this name that is no socket")
    with closing(socket.socket(socket.AF_UNIX)) as probe, suppress(FileNotFoundError, ConnectionRefusedError):
        probe.connect(str(path))
        raise ListenError(named, _IN_USE)


def _unlistenable(named: str, error: OSError) -> ListenError:
    says = (error.strerror or type(error).__name__).lower()
    return ListenError(named, _IN_USE if error.errno == errno.EADDRINUSE else says)
