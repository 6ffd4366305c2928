"""A TCP proxy that goes wrong at a chosen byte of a conversation."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self


class Proxy:
    """Passes bytes on to `target` (a port of loopback), until `limit` bytes have gone by in both directions together.

    Then it cuts the line, or, with `stall`, keeps it open and passes on nothing any more; `at_limit` is called before.
    """

    def __init__(
        self,
        target: int,
        limit: int | None = None,
        *,
        stall: bool = False,
        at_limit: Callable[[], None] = lambda: None,
    ) -> None:
        self._target, self._limit, self._stall, self._at_limit = target, limit, stall, at_limit
        self.passed = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        self._cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()
                    continue
                self._sockets += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                with self._lock:
                    left = len(data) if self._limit is None else self._limit - self.passed
                    self.passed += min(left, len(data))
                    sink.sendall(data[:left])
                    if left < len(data):
                        self._at_limit()
                        if not self._stall:
                            self._cut()
                        return
            sink.shutdown(socket.SHUT_WR)

    def _cut(self) -> None:
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
