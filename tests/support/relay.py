"""What whoever watches a connection sees of it: how many bytes go each way, one connection after another."""

import selectors
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from threading import Thread

from ports import free_port

_PIECE = 1 << 16


@dataclass
class Carried:
    """One connection: the line that its request begins with, and the bytes that went up and down."""

    asked: str = ""
    up: int = 0
    down: int = 0
    over: bool = False


class Relay:
    """Listens at a port, and carries what comes to a server and back."""

    def __init__(self, port: int, connect: Callable[[], socket.socket]) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.carried: list[Carried] = []
        self._connect = connect

    def serve(self, listener: socket.socket) -> None:
        """Until the listener is shut."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            # A browser opens connections ahead, and asks nothing over some of them.
            Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, self._connect() as server, selectors.DefaultSelector() as waiting, suppress(OSError):
            first = client.recv(_PIECE)
            if not first:
                return
            carried = Carried(first.partition(b"\r\n")[0].decode(), len(first))
            self.carried.append(carried)
            server.sendall(first)
            waiting.register(client, selectors.EVENT_READ, server)
            waiting.register(server, selectors.EVENT_READ, client)
            while waiting.get_map():
                for key, _ in waiting.select():
                    piece = key.fileobj.recv(_PIECE)  # type: ignore[union-attr]
                    if key.fileobj is server:
                        carried.down += len(piece)
                        carried.over = not piece
                    else:
                        carried.up += len(piece)
                    if piece:
                        key.data.sendall(piece)
                    else:
                        waiting.unregister(key.fileobj)
                        key.data.shutdown(socket.SHUT_WR)


@contextmanager
def relayed(connect: Callable[[], socket.socket]) -> Iterator[Relay]:
    """A relay to what `connect` leads to, at a free port, as long as the block lasts."""
    port = free_port()
    with closing(socket.create_server(("127.0.0.1", port), backlog=100)) as listener:
        relay = Relay(port, connect)
        serving = Thread(target=relay.serve, args=(listener,))
        serving.start()
        try:
            yield relay
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            serving.join()
