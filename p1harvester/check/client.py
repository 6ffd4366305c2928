"""How a person mends a database: commands and DSNs that work when pasted."""

import re
from shlex import quote
from urllib.parse import quote as escaped

from p1harvester.drivers import THIS_HOST
from p1harvester.survey import Survey

Advice = tuple[str, ...]
"""What something means, then each command or setting that mends it."""

NEW = "'$new'"
"""Where a statement that `asking` makes a command of has the new password."""


def is_here(survey: Survey) -> bool:
    """Whether the server, or the file, is on this host."""
    return survey.kind == "sqlite" or survey.socket is not None or survey.host in THIS_HOST


def there(survey: Survey, hint: str = "") -> str:
    """The comment behind a command that is given on the server's host; that is not named where it is this one."""
    said = "; ".join(filter(None, ("" if is_here(survey) else f"on {survey.host}", hint)))
    return f"     # {said}" if said else ""


def service(survey: Survey) -> str:
    """The server's name for systemd."""
    return "postgresql" if survey.kind == "postgresql" else survey.program


def where(survey: Survey) -> str:
    """The server's host, for a comment."""
    return "this host" if is_here(survey) else str(survey.host)


def in_client(survey: Survey, statement: str, name: str | None = None, hint: str = "") -> str:
    """The command by which a person gives the statement to the database, as its administrator.

    `name` is another database than that of the DSN, or none where it is empty; `hint` goes into the comment.
    """
    name = survey.name if name is None else name
    words = {
        "sqlite": ["sqlite3", quote(str(survey.file)), quoted(statement)],
        "postgresql": ["sudo -u postgres psql", name and quote(name), "-c", quoted(statement)],
    }.get(survey.kind, [f"sudo {survey.program}", name and quote(name), "-e", quoted(statement)])
    return " ".join(filter(None, words)) + there(survey, hint)


def asking(survey: Survey, statement: str, hint: str = "", options: str = "", into: str = "") -> str:
    """The same, for MariaDB, of a statement with NEW in it, the password that is asked for.

    `options` are the client's; `into` is what takes its output.

    What stands on a command line is in everybody's `ps`.
    """
    if re.search(r'["$`\\!]', statement.replace(NEW, "")):
        word = f'"{NEW}"'.join(quote(part) for part in statement.split(NEW))
    else:
        word = f'"{statement}"'
    hint = "; ".join(filter(None, ("one without ' and \\", hint)))
    return f"read -rsp 'New password: ' new; sudo {survey.program}{options} <<< {word}{into}{there(survey, hint)}"


def lasting(survey: Survey, name: str, value: str) -> Advice:
    """The commands that set a variable of MariaDB's or MySQL's now, and keep it so."""
    shown = value if re.fullmatch(r"[A-Z\d]+", value) else f"'{value}'"
    if survey.program == "mysql":
        return (in_client(survey, f"SET PERSIST {name} = {shown}", ""),)
    option = "default_time_zone" if name == "time_zone" else name
    file = f"/etc/mysql/mariadb.conf.d/60-p1harvester-{option.replace('_', '-')}.cnf"
    return (
        in_client(survey, f"SET GLOBAL {name} = {shown}", ""),
        f"printf '[mariadbd]\\n{option} = {value}\\n' | sudo tee {file}     # for the next start",
    )


def quoted(statement: str) -> str:
    """One word of the shell's, readable where the statement has quotes of its own."""
    return f'"{statement}"' if "'" in statement and not re.search(r'["$`\\!]', statement) else quote(statement)


def named(survey: Survey, name: str) -> str:
    """A database's or a user's name in a statement."""
    mark = '"' if survey.kind == "postgresql" else "`"
    plain = r"[a-z_][a-z\d_]*" if survey.kind == "postgresql" else r"[A-Za-z_][\w$]*"
    return name if re.fullmatch(plain, name, re.ASCII) else f"{mark}{name.replace(mark, mark * 2)}{mark}"


def dsn(survey: Survey, **options: str) -> str:
    """The setting P1_DSN with these options in place of those that it has of the line's way and its encryption.

    `host` and `port` of MariaDB's are no options; they stand in their own place.
    """
    postgresql = survey.kind == "postgresql"
    driver = "postgresql+psycopg" if postgresql else f"{survey.kind}+pymysql"
    by_socket = "unix_socket" in options or options.get("host", "").startswith("/")
    host, port = survey.host or "127.0.0.1", f":{survey.tcp_port}"
    if by_socket:
        host, port = "" if postgresql else "localhost", ""
    elif "host" in options:
        host = options.pop("host")
    query = "&".join(f"{name}={escaped(value, safe='/:,+')}" for name, value in options.items())
    text = f"{driver}://{escaped(survey.user, safe='')}@{host}{port}/{escaped(survey.name, safe='')}"
    return f"P1_DSN={quote(text + ('?' + query if query else ''))}"
