"""What a server says first: which kind it is, whose clients and services have which names."""

import socket
import struct
from contextlib import suppress
from urllib.parse import quote as escaped

from p1harvester.check.client import where
from p1harvester.survey import Survey

_GREETING, _ERROR = b"\x0a", b"\xff"
"""What MariaDB and MySQL begin with, behind four bytes: their version follows, or why they let nobody in."""
_ASKS_FOR_TLS = struct.pack(">II", 8, 80877103)
"""What PostgreSQL answers before it knows who asks: `S` or `N`."""
_PATIENCE = 1


def greets(survey: Survey, line: socket.socket) -> bool:
    """Whether what listens speaks first as MariaDB and MySQL do, and which of them it is; PostgreSQL is silent."""
    if survey.kind == "postgresql":
        return True
    try:
        first = line.recv(64)
    except TimeoutError:
        return False
    except OSError:
        return True  # the driver finds out
    if first[4:].startswith(_GREETING) and b"mariadb" not in first.lower():
        survey.program = "mysql"
    return not first or first[4:5] in (_GREETING, _ERROR)


def who_listens(survey: Survey) -> tuple[str, ...]:
    """What mends that the DSN leads to a server of another kind: the DSN for it, or how it is found out."""
    look = f"sudo ss -ltnp 'sport = :{survey.tcp_port}'     # on {where(survey)}: the program that listens there"
    driver = "mysql+pymysql" if survey.kind == "postgresql" else "postgresql+psycopg"
    if not _is_the_other(survey):
        return (look,)
    place = f"{escaped(survey.user, safe='')}@{survey.host}:{survey.tcp_port}/{escaped(survey.name, safe='')}"
    return look, f"P1_DSN={driver}://{place}"


def _is_the_other(survey: Survey) -> bool:
    with suppress(OSError), socket.create_connection((survey.host, survey.tcp_port), _PATIENCE) as line:
        if survey.kind == "postgresql":
            return line.recv(64)[4:5] in (_GREETING, _ERROR)
        line.sendall(_ASKS_FOR_TLS)
        return line.recv(1) in (b"S", b"N")
    return False
