"""Of each DSN the short way gives the driver what SQLAlchemy would; what is unusual it leaves to the full one."""

from contextlib import suppress
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa

from p1harvester import ways
from p1harvester.database import Database as FullWay
from p1harvester.settings import Settings
from p1harvester.short_way import TIMEOUT, ShortWay

SERVERS = ("mysql+pymysql", "mariadb+pymysql", "postgresql+psycopg")


def listed(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


ANYWHERE = listed("""
p1@localhost/p1 p1:secret@localhost/p1 p1:s+c:r;e,t&=é@localhost/p1 p1:@localhost/p1 localhost/p1 p1@/p1 /p1
p1@127.0.0.1:3307/p1 p1@[::1]/p1 p1@[fe80::1]:5433/p1 p1-1.x_y@db.example.org/meter-1.x_y p1@Database/P1
""")
MARIADBS = listed("""
p1@localhost/p1?unix_socket=/run/mysqld/mysqld.sock p1@/p1?unix_socket=relative.sock p1:x@db/p1?ssl_ca=/etc/ca.pem
p1@db/p1?charset=utf8mb4 p1@db/p1?ssl_ca=ca.pem&charset=latin1
p1@[::1]/p1?unix_socket=/x&charset=utf8mb4&ssl_ca=ca.pem
""")
POSTGRESQLS = listed("""
p1@/p1?host=/var/run/postgresql&port=5433 p1@/p1?port=5433 p1@db:1/p1?port=5433
p1@/p1?host=/var/run/postgresql p1@localhost:5433/p1?host=/var/run/postgresql p1@db/p1?sslmode=verify-full
p1:x@db/p1?sslmode=verify-full&sslrootcert=/etc/ca.pem p1@db/p1?sslmode=disable p1@/p1?host=db.example.org
""")
FILES = listed("""
readings.db /var/lib/p1harvester/readings.db ../up/./x.db //double//x.db a-b_c.1 /x
""")
PLAIN = [
    *map("://".join, product(SERVERS, ANYWHERE)),
    *map("://".join, product(SERVERS[:2], MARIADBS)),
    *map("://".join, product(SERVERS[2:], POSTGRESQLS)),
    *(f"sqlite:///{file}" for file in FILES),
]
UNUSUAL = listed("""
mysql://p1@localhost/p1 postgresql://p1@localhost/p1 mysql+pymysql://p1@localhost mysql+pymysql://p1@localhost/
mysql+pymysql://p%40x@localhost/p1 mysql+pymysql://p1:a%2Fb@localhost/p1 mysql+pymysql://p1@localhost/p%31
mysql+pymysql://p1@localhost:/p1 mysql+pymysql://p1@localhost:0/p1 mysql+pymysql://@localhost/p1
mysql+pymysql://p1@localhost/p1? mysql+pymysql://p1@localhost/p1?charset= mysql+pymysql://p1@localhost/p1?charset
mysql+pymysql://p1@localhost/p1?charset=a&charset=b mysql+pymysql://p1@localhost/p1?charset=a;x=b
mysql+pymysql://p1@localhost/p1?connect_timeout=9 mysql+pymysql://p1@localhost/p1?ssl_disabled=true
mysql+pymysql://p1@localhost/p1?ssl_verify_cert=true&ssl_ca=ca.pem mysql+pymysql://p1@localhost/p1?unix_socket=a+b
postgresql+psycopg://p1@/p1?host=one,two postgresql+psycopg://p1@/p1?host=db:5433
postgresql+psycopg://p1@/p1?options=-cx postgresql+psycopg://p1@/p1?require_auth=none oracle+oracledb://p1@db/p1
postgresql+psycopg://p1@/p1?unix_socket=/x mysql+pymysql://p1@localhost/p1?host=/x sqlite+pysqlite:///x.db
sqlite:///x.db?timeout=600 sqlite:///x%20y.db sqlite:///a;b.db sqlite:/// sqlite://x.db
""")


class Asked(BaseException):
    """The driver would have been asked to connect."""


def by_sqlalchemy(dsn: str, password: str | None) -> dict[str, Any]:
    """What the driver is given on the full way."""
    given: dict[str, Any] = {}
    engine = FullWay(dsn, password, TIMEOUT)._engine

    @sa.event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, positional: list[Any], named: dict[str, Any]) -> None:
        given.update(named, **({"database": positional[0]} if positional else {}))
        raise Asked

    with suppress(Asked):
        engine.connect()
    # What becomes of values that are read: nothing is.
    given.pop("context", None)
    return given


@pytest.mark.parametrize("password", [None, "", "p@ss/wörd%2F"])
def test_a_driver_is_given_what_sqlalchemy_gives_it(password: str | None) -> None:
    for dsn in PLAIN[: -len(FILES)] if password else PLAIN:
        way = ShortWay(dsn, password)
        expected = by_sqlalchemy(dsn, password)
        assert way.arguments == expected, dsn
        assert {name: type(value) for name, value in way.arguments.items()} == {
            name: type(value) for name, value in expected.items()
        }, dsn
        assert str(way) == str(FullWay(dsn, password))


@pytest.mark.parametrize("dsn", UNUSUAL)
def test_what_is_unusual_goes_the_full_way(dsn: str) -> None:
    assert ways.short_way(Settings("-", None, dsn, None, timeout=5, spool=None)) is None
