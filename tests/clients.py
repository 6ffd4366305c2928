"""Each database's own client, as a person types into it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import Database
from tests.servers import PASSWORD, mariadb_client


def feed(database: Database, text: str, folder: Path) -> None:
    """Type the text into the database's client, which runs in that folder; it must take all of it, and say nothing."""
    url = sa.make_url(database.dsn)
    login = ["-h", "127.0.0.1", "-u", "p1harvester", "-P", str(url.port)]
    client = {
        "sqlite": ["sqlite3", "-bail", str(url.database)],
        "mariadb": [mariadb_client(), "--no-defaults", *login, "--local-infile", str(url.database)],
        "postgresql": ["psql", "-qv", "ON_ERROR_STOP=1", str(url.set(drivername="postgresql"))],
    }[database.kind]
    if not shutil.which(client[0]):
        pytest.skip(f"{client[0]} is not installed")
    environment = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
    environment |= {"MYSQL_PWD": PASSWORD, "PGPASSWORD": PASSWORD, "PGOPTIONS": "-c client_min_messages=warning"}
    done = subprocess.run(client, input=text, cwd=folder, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")
