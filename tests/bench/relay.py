"""A relay that counts what a server sends: a browser tells nothing of what its service worker asked for."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PIECE = 65_536


class Relay:
    """Stands before a server of this machine. url: where to ask instead of there; sent: bytes that came from it."""

    def __init__(self, port: int) -> None:
        self.sent = 0
        self._port = port
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                browser, _address = self._listening.accept()
            except OSError:  # closed: the end
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            threading.Thread(target=self._pass, args=(browser, server, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, browser, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        """Pass on what *source* sends until either end closes."""
        try:
            while piece := source.recv(PIECE):
                if counted:
                    with self._lock:
                        self.sent += len(piece)
                target.sendall(piece)
        except OSError:  # the other direction has closed both
            return
        finally:
            source.close()
            target.close()

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()


@contextmanager
def relayed(port: int) -> Iterator[Relay]:
    """Run a relay in front of *port*."""
    relay = Relay(port)
    try:
        yield relay
    finally:
        relay.close()
