"""Listeners in a server's place that ask for the password, in every way that a driver knows, and keep what they get."""

import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_SALT = bytes(range(1, 21))
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_PUBLIC = _KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)  # fmt: skip
_CAPABILITIES = 0x8 | 0x200 | 0x8000 | 0x80000 | 0x200000
_TLS = 0x800


class Line:
    """One connection, and what came over it."""

    def __init__(self, connection: socket.socket, heard: list[bytes], context: ssl.SSLContext | None) -> None:
        self.connection, self.heard, self.context = connection, heard, context

    def read(self, count: int) -> bytes:
        """So many bytes; raises EOFError at the end."""
        found = b""
        while len(found) < count:
            if not (more := self.connection.recv(count - len(found))):
                raise EOFError
            found += more
        return found

    def begin_tls(self) -> None:
        """Go on under TLS."""
        assert self.context
        self.connection = self.context.wrap_socket(self.connection, server_side=True)


Talk = Callable[[Line], None]


@contextmanager
def listening(
    talk: Talk, at: str | Path = "127.0.0.1", context: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[bytes]]]:
    """Listen at an address of loopback, or at a unix socket; yield the TCP port and the packets that come."""
    listener = socket.socket(socket.AF_UNIX if isinstance(at, Path) else socket.AF_INET)
    listener.bind(str(at) if isinstance(at, Path) else (at, 0))
    listener.listen()
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            line = Line(connection, heard, context)
            with suppress(OSError, EOFError):
                talk(line)
            line.connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield 0 if isinstance(at, Path) else listener.getsockname()[1], heard
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def told(heard: list[bytes], secret: str) -> bool:
    """Whether the secret is in what was heard, in clear or under the listener's own key."""
    return any(secret.encode() in each or secret.encode() in _opened(each) for each in heard)


def _opened(packet: bytes) -> bytes:
    try:
        plain = _KEY.decrypt(packet, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
    except ValueError:
        return b""
    return bytes(byte ^ _SALT[index % len(_SALT)] for index, byte in enumerate(plain))


class MySql:
    """A MySQL server's first words: `greets` is its default plugin, `switches` the one that it then asks for.

    Its last word is an error, `says`.
    """

    def __init__(self, greets: str, switches: str | None = None, says: str = "Access denied") -> None:
        self.greets, self.switches, self.says = greets, switches, says
        self.sequence = 0

    def __call__(self, line: Line) -> None:
        self.sequence = -1
        capabilities = _CAPABILITIES | (_TLS if line.context else 0)
        flags = struct.pack("<HBHH", capabilities & 0xFFFF, 45, 2, capabilities >> 16) + bytes([21]) + bytes(10)
        greeting = b"\x0a8.0.36\0" + struct.pack("<I", 1) + _SALT[:8] + b"\0" + flags + _SALT[8:] + b"\0"
        self._send(line, greeting + self.greets.encode() + b"\0")
        self._receive(line)
        if line.context:
            line.begin_tls()
            self._receive(line)
        plugin = self.greets
        if self.switches:
            plugin = self.switches
            data = b"\x04Password: " if plugin == "dialog" else _SALT + b"\0"
            self._send(line, b"\xfe" + plugin.encode() + b"\0" + data)
            self._receive(line)
        if plugin == "caching_sha2_password":
            self._send(line, b"\x01\x04")
            self._receive(line)
        if plugin in ("caching_sha2_password", "sha256_password"):
            self._send(line, b"\x01" + _PUBLIC)
            self._receive(line)
        self._send(line, b"\xff" + struct.pack("<H", 1045) + b"#28000" + self.says.encode())

    def _receive(self, line: Line) -> None:
        header = line.read(4)
        self.sequence = header[3]
        line.heard.append(line.read(int.from_bytes(header[:3], "little")))

    def _send(self, line: Line, data: bytes) -> None:
        self.sequence += 1
        line.connection.sendall(len(data).to_bytes(3, "little") + bytes([self.sequence]) + data)


class PostgreSql:
    """A PostgreSQL server that asks by one kind of Authentication message (3: in clear, 5: MD5)."""

    def __init__(self, kind: int) -> None:
        self.kind = kind

    def __call__(self, line: Line) -> None:
        while True:
            body = line.read(int.from_bytes(line.read(4)) - 4)
            line.heard.append(body)
            code = int.from_bytes(body[:4])
            if code == 80877103 and line.context:
                line.connection.sendall(b"S")
                line.begin_tls()
            elif code in (80877103, 80877104):
                line.connection.sendall(b"N")
            else:
                break
        request = struct.pack(">I", self.kind) + (_SALT[:4] if self.kind == 5 else b"")
        line.connection.sendall(b"R" + struct.pack(">I", len(request) + 4) + request)
        line.read(1)
        line.heard.append(line.read(int.from_bytes(line.read(4)) - 4))


def certificate(folder: Path, name: str = "127.0.0.1") -> Path:
    """A self-signed certificate for an address of this host, made by openssl, its key beside it as `key.pem`."""
    folder.mkdir(exist_ok=True)
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=p1harvester test"]
    alternative = f"subjectAltName=IP:{name}" if name[0].isdigit() else f"subjectAltName=DNS:{name}"
    subprocess.run(
        [*words, "-addext", alternative, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )
    return folder / "cert.pem"


def tls(folder: Path) -> ssl.SSLContext:
    """The server's side of TLS, under a certificate that nobody vouches for but itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder), folder / "key.pem")
    return context
