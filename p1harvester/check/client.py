"""How a person gives a statement to the database: remedies that work when pasted."""

import re
from shlex import quote

from p1harvester.survey import Survey


def in_client(survey: Survey, statement: str) -> str:
    """The command by which a person gives the statement to the database, as its administrator."""
    match survey.kind:
        case "sqlite":
            return f"sqlite3 {quote(str(survey.file))} {quoted(statement)}"
        case "postgresql":
            return f"sudo -u postgres psql {quote(survey.name)} -c {quoted(statement)}"
    return f"sudo mariadb {quote(survey.name)} -e {quoted(statement)}"


def quoted(statement: str) -> str:
    """One word of the shell's, readable where the statement has quotes of its own."""
    return f'"{statement}"' if "'" in statement and not re.search(r'["$`\\!]', statement) else quote(statement)
