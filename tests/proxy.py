"""A TCP proxy that goes wrong at a chosen byte of a conversation, or leads to another server when one is gone."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self


class Proxy:
    """Passes bytes on to the first of `targets` (ports of loopback) that answers, each new connection anew.

    When `limit` bytes have gone by in both directions together it cuts the line, or, with `stall`, keeps it open and
    passes on nothing any more; `at_limit` is called before.
    """

    def __init__(
        self,
        *targets: int,
        limit: int | None = None,
        stall: bool = False,
        at_limit: Callable[[], None] = lambda: None,
    ) -> None:
        self._targets, self._limit, self._stall, self._at_limit = targets, limit, stall, at_limit
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
                server = self._connect()
                if server is None:
                    client.close()
                    continue
                self._sockets += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _connect(self) -> socket.socket | None:
        for target in self._targets:
            with suppress(OSError):
                return socket.create_connection(("127.0.0.1", target))
        return None

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
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _cut(self) -> None:
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
