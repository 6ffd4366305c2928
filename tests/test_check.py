"""`check` on every fault there is: what it prints of it is in tests/golden, for a person to read.

`pytest --update-golden` writes these files anew; read what changed before it is committed.
"""

import os
import re
import shutil
import socket
import textwrap
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from getpass import getuser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Database, Run, unprivileged
from tests.meter import FOLDER, Meter, noise, sealed, sealed_again, telegram
from tests.servers import free_port
from tests.test_command import on_a_terminal
from tests.test_store import ORIGINAL

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parent / "golden"
CABLE = "serial/by-id/usb-FTDI_P1_Converter_Cable_P1AB2CD3-if00-port0"
DONGLE = "serial/by-id/usb-ITead_Sonoff_Zigbee_3.0_0a1b2c3d-if00-port0"
CRON = f"* * * * * {getuser()} /opt/p1harvester/bin/p1harvester -q\n"

DSMR5 = telegram("dsmr-5.0.2")
WRONG_CRC = DSMR5.replace(b"4911", b"4912")

Check = Callable[..., str]


def now_on(dialect: str, ahead: int = 0) -> bytes:
    """The example telegram of a dialect, its clock showing the time now and `ahead` seconds."""
    clock = datetime.fromtimestamp(time.time() + ahead, ZoneInfo("Europe/Amsterdam"))
    season = b"S" if clock.dst() else b"W"
    return sealed_again(
        re.sub(rb"(0-0:1\.0\.0)\(\d+.\)", rb"\1(%b)" % (f"{clock:%y%m%d%H%M%S}".encode() + season), telegram(dialect))
    )


def machine(tmp_path: Path, adapters: dict[str, str], *, cron: str = CRON, before: str = "exec") -> tuple[str, ...]:
    """A command prefix: a machine that has these adapters (name in /dev -> tty), this line of cron, no systemd.

    Of the processes outside only those of `before` show, a piece of shell in front of the command.
    """
    script = f"""
        set -e
        mount -t tmpfs none /etc/cron.d
        printf %s "$2" > /etc/cron.d/p1harvester
        for folder in /run/systemd /var/spool/cron; do [ ! -d $folder ] || mount -t tmpfs none $folder; done
        [ ! -e /etc/crontab ] || mount --bind /dev/null /etc/crontab
        mount -t tmpfs none "$1"
        for node in null zero urandom; do : > "$1/$node"; mount --bind "/dev/$node" "$1/$node"; done
        mkdir -p "$1/pts" "$1/serial/by-id"
        mount --rbind /dev/pts "$1/pts"
        for adapter in $3; do ln -s "${{adapter#*=}}" "$1/${{adapter%%=*}}"; done
        mount --move "$1" /dev
        shift 3
        {before} "$@"
    """
    (tmp_path / "dev").mkdir()
    # The name under which the shell holds the port, in the test of that.
    (tmp_path / "meter-logger").symlink_to("/bin/sh")
    links = " ".join(f"{name}={tty}" for name, tty in adapters.items())
    rights = () if os.geteuid() == 0 else ("--map-root-user",)
    space = ("unshare", *rights, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    return (*space, tmp_path / "meter-logger", "-c", script, "sh", tmp_path / "dev", cron, links)


def readable(text: str, tmp_path: Path) -> str:
    """What `check` printed, without what differs from run to run: user, folders, ports, times, versions."""
    for pattern, replacement in (
        (re.escape(str(tmp_path)), "/home/pi"),
        (rf"\b{getuser()}\b", "pi"),
        (r"(group|-aG) (?!dialout)\w+", r"\1 dialout"),
        (r"\br?p1_[0-9a-f]{8}", "p1harvester"),
        (r"(?<=mysql\+pymysql://p1harvester:\*\*\*@127.0.0.1):\d+", ":3306"),
        (r"(?<=mysql\+pymysql://p1harvester@127.0.0.1):\d+", ":3306"),
        (r"at 127.0.0.1:\d+", "at 127.0.0.1:3306"),
        (r"(?<=@127.0.0.1):(?!3306)\d+", ":5432"),
        (r"port \d+ failed", "port 5432 failed"),
        (r"(MariaDB|PostgreSQL|SQLite) [\d.]+", r"\1 X.Y"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-11-24 12:00:00"),
        (r"\d+ s ago", "1 s ago"),
        (r"(not a single byte came from \S+ in) \d+ s", r"\1 3 s"),
        (r"(?<=, one every) [12] s(?!,)", " 1 s"),
        (r"[1-9]\d* bytes( came)? in \d+ s", r"2462 bytes\1 in 2 s"),
        (r"this host's clock and the meter's show the same second", "this host's clock is 1 s ahead of the meter's"),
        (r"clock is (36)?\d+ s", lambda found: f"clock is {3600 if found[1] else 1} s"),
    ):
        text = re.sub(pattern, replacement, text)
    return "".join(_filled(line) + "\n" for line in text.splitlines())


def _filled(line: str) -> str:
    if setting := re.fullmatch(r" {18}(P1_\w+) +(\S+) +(.*)", line):
        return f"{'':18}{setting[1]:<16} {setting[2]:<46} {setting[3]}"
    if line.startswith(" " * 18 + "-> "):
        return line
    return textwrap.fill(
        line, 110, subsequent_indent=" " * 18, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )


def files(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder, and what is in it."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def prepared(database: Database, run: Run) -> Database:
    """The same database with its table and views, and a row a minute in the last hour."""
    assert run("setup", env=database.env).returncode == 0
    now = int(time.time())
    values = ", ".join(f"({now - 60 * minute}, 0.326)" for minute in range(60))
    database.execute(f"INSERT INTO p1_readouts (time, net_use) VALUES {values}")
    return database


def about(shown: str, *steps: str) -> str:
    """The steps that are not ok, those of `steps`, and the sum."""
    parts = re.split(r"^(?=ok|warn|FAIL|$)", shown, flags=re.MULTILINE)
    return "".join(part for part in parts if not part.startswith("ok ") or part.split()[1] in steps)


@pytest.fixture
def check(run: Run, tmp_path: Path, pytestconfig: pytest.Config) -> Check:
    """Run `check` and compare what it prints with a golden file: check(golden, database, prefix=..., env={...}).

    The file has what is said of the fault: the steps that are not ok, and those named by `also`.
    """

    def check(
        golden: str,
        database: Database,
        *words: str,
        prefix: Sequence[str] = (),
        env: dict[str, str] | None = None,
        status: int = 1,
        also: Sequence[str] = (),
    ) -> str:
        before = files(tmp_path)
        done = run(
            "check",
            "--timeout",
            "8",
            *words,
            prefix=tuple(prefix),
            env=database.env | {"COLUMNS": "9999"} | (env or {}),
        )
        assert files(tmp_path) == before, "check stores nothing"
        assert done.stderr == ""
        shown = readable(done.stdout, tmp_path)
        if status:
            shown = about(shown, *also)
        path = GOLDEN / f"{golden}.txt"
        if pytestconfig.getoption("--update-golden"):
            path.write_text(shown)
        assert shown == path.read_text()
        assert done.returncode == status
        return shown

    return check


def test_all_is_well(database: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(database, run)
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        check(f"all-well-{database.kind}", database, prefix=machine(tmp_path, {CABLE: meter.port}), status=0)


def test_no_adapter(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    check("no-adapter", prepared(sqlite, run), prefix=machine(tmp_path, {}))


def test_two_adapters(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    with Meter([b""]) as dongle, Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        adapters = {CABLE.replace("FTDI", "WCH"): meter.port, DONGLE: dongle.port}
        shown = check("two-adapters", sqlite, "--timeout", "3", prefix=machine(tmp_path, adapters))
    assert shown.endswith(f"P1_PORT=/dev/{CABLE.replace('FTDI', 'WCH')}\n\n1 FAIL of 13 steps\n")


def test_two_adapters_of_which_one_is_held_and_one_closed(
    sqlite: Database, run: Run, check: Check, tmp_path: Path
) -> None:
    prepared(sqlite, run)
    with Meter([b""]) as dongle, Meter([b""]) as meter:
        Path(meter.port).chmod(0o060)
        adapters = {CABLE.replace("FTDI", "WCH"): meter.port, DONGLE: dongle.port}
        hold = f"exec 9<>{dongle.port}; 9>&-"
        prefix = (*machine(tmp_path, adapters, before=hold), *unprivileged())
        check("two-adapters-neither", sqlite, "--timeout", "3", prefix=prefix)


def test_no_permission(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    with Meter([b""]) as meter:
        Path(meter.port).chmod(0o060)
        prefix = (*machine(tmp_path, {CABLE: meter.port}), *unprivileged())
        check("no-permission", sqlite, prefix=prefix)


def test_held_by_another_process(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    with Meter([now_on("dsmr-5.0.2")]) as meter:
        hold = f"exec 9<>{meter.port}; flock 9; exec 8>&9; 8>&- 9>&-"
        check("held", sqlite, "--timeout", "1", prefix=machine(tmp_path, {CABLE: meter.port}, before=hold))


def test_read_by_another_process_too(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        hold = f"exec 9<>{meter.port}; 9>&-"
        check("open-elsewhere", sqlite, prefix=machine(tmp_path, {CABLE: meter.port}, before=hold))


@pytest.mark.parametrize(
    ("golden", "frame"),
    [
        pytest.param("silence", b"", id="silence"),
        pytest.param("noise", noise(500), id="noise"),
        pytest.param("crc", WRONG_CRC, id="CRC always wrong"),
        pytest.param("cut-off", DSMR5[:600], id="cut off"),
    ],
)
def test_no_telegram(golden: str, frame: bytes, sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    with Meter([frame]) as meter:
        check(golden, sqlite, "--timeout", "3", prefix=machine(tmp_path, {CABLE: meter.port}))


def test_a_server_that_never_answers(mariadb: Database, run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dsn = re.sub(r":\d+/", f":{listener.getsockname()[1]}/", mariadb.dsn)
        done = run("check", "-q", "--port", SAVED, "--dsn", dsn)
    assert "timed out" in done.stdout
    assert "-> sudo journalctl -u mariadb -n 20     # on this host" in done.stdout
    assert done.returncode == 1


def test_an_inverted_line(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    # Wherever the first look falls, a few bytes of it say little.
    log = "1-0:99.97.0(10)(0-0:96.7.19)" + "(210412060512S)(0000002401*s)" * 10
    with Meter([inverted(sealed(*[log] * 10))]) as meter:
        prefix = machine(tmp_path, {CABLE: meter.port})
        check("inverted", sqlite, "--timeout", "2", prefix=prefix, env={"P1_BAUD": "115200"})


def inverted(data: bytes) -> bytes:
    """What a UART reads on an 8N1 line whose every bit is inverted: idle is low, and a start bit is a falling edge."""
    bits = [0] * 20
    for byte in data:
        bits += [1, *(1 - (byte >> bit & 1) for bit in range(8)), 0]
    read, at = bytearray(), 1
    while at + 9 < len(bits):
        if bits[at - 1] == 1 and bits[at] == 0:
            read.append(sum(bits[at + 1 + bit] << bit for bit in range(8)))
            # Without a stop bit the next start is looked for at once, else behind it.
            at += 9
        else:
            at += 1
    return bytes(read)


def test_9600_baud_read_at_115200(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    with Meter([telegram("dsmr-2.2")], baud=9600, interval=0.4) as meter:
        prefix = machine(tmp_path, {CABLE: meter.port})
        shown = check("wrong-speed", sqlite, prefix=prefix, env={"P1_BAUD": "115200"}, also=("line", "telegram"))
    assert shown.endswith("P1_BAUD=9600\n\n1 FAIL of 15 steps\n")


@pytest.mark.parametrize(
    ("frames", "options", "said"),
    [
        pytest.param(
            [DSMR5, WRONG_CRC], {}, "warn  telegram    .*; but [12] of [34] were damaged", id="some are damaged"
        ),
        pytest.param([DSMR5], {"hang_up_after": 500}, "FAIL  line        .* failed while being read", id="unplugged"),
        pytest.param([b"$GPGGA,123519,4807.038,N*47\r\n"], {}, "FAIL  line .*no telegram begins in them", id="a GPS"),
    ],
)
def test_a_line_that_is_half_well(
    frames: list[bytes], options: dict[str, int], said: str, sqlite: Database, run: Run
) -> None:
    prepared(sqlite, run)
    with Meter(frames, interval=0.1, **options) as meter:
        words = ["check", "-q", "--port", meter.port, "--timeout", "2"]
        done = run(*words, env=sqlite.env | {"COLUMNS": "999"})
    assert re.search(said, done.stdout), done.stdout


def test_no_gas(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    frame = sealed_again(re.sub(rb"0-[12]:(24|96)[^\n]*\n", b"", now_on("dsmr-5.0.2")))
    with Meter([frame], interval=0.9) as meter:
        check("no-gas", sqlite, prefix=machine(tmp_path, {CABLE: meter.port}))


def test_a_gas_meter_without_a_reading(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    frame = sealed_again(re.sub(rb"0-[12]:24\.2[^\n]*\n", b"", now_on("dsmr-5.0.2")))
    with Meter([frame], interval=0.9) as meter:
        check("gas-without-reading", sqlite, prefix=machine(tmp_path, {CABLE: meter.port}))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["0-0:96.14.0(day)"], "warn  lines       0-0:96.14.0 says 'day', which is no number of tariff\n"),
        (["1-0:1.7.0(?)", "1-0:1.6.0(?*kW)"], "1-0:1.7.0 says '?', which is no number of kW; 1-0:1.6.0 says '?*kW'"),
        (["0-0:1.0.0(000101010000W)"], "0-0:1.0.0 says '000101010000W', which is no time from 2005 to 2049"),
        (["0-1:24.2.1(240101115500W)(00241.773*m3)"], "M-Bus channels: 1 without a type"),
        (["0-1:24.2.1(240101115500W)(00241.773*m3)"], "does not say what it is: m3 may be gas or water"),
        ([f"0-1:24.1.0({'9' * 5000})"], "M-Bus channels: none"),
    ],
)
def test_what_the_meter_sends_and_cannot_be_read_is_named(lines: list[str], said: str, run: Run) -> None:
    frame = sealed("1-0:21.7.0(00.326*kW)", *lines)
    done = run("check", "--port", "-", input=frame, env={"COLUMNS": "999"})
    assert said in done.stdout, done.stdout
    assert "cable" not in done.stdout
    told = run("read", "-v", "--port", "-", input=frame)
    assert told.returncode == 0
    assert (": left out: " in told.stderr) == ("no number" in said or "no time" in said)
    assert "left out" not in run("read", "--port", "-", input=frame).stderr


def test_a_clock_that_is_an_hour_off(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    with Meter([now_on("dsmr-5.0.2", ahead=-3600)], interval=0.9) as meter:
        check("clock", sqlite, prefix=machine(tmp_path, {CABLE: meter.port}))


def test_server_down(mariadb: Database, check: Check, tmp_path: Path) -> None:
    down = re.sub(r":\d+/", f":{free_port()}/", mariadb.dsn)
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        check("server-down", mariadb, "--dsn", down, prefix=machine(tmp_path, {CABLE: meter.port}))


@pytest.fixture(params=["mariadb", "postgresql"])
def server(request: pytest.FixtureRequest) -> Database:
    """An empty database of each server in turn."""
    found: Database = request.getfixturevalue(request.param)
    return found


def test_wrong_password(server: Database, check: Check, tmp_path: Path) -> None:
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        prefix = machine(tmp_path, {CABLE: meter.port})
        check(f"wrong-password-{server.kind}", server, prefix=prefix, env={"P1_DSN_PASSWORD": "wrong"})


def test_unknown_database(server: Database, check: Check, tmp_path: Path) -> None:
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        prefix = machine(tmp_path, {CABLE: meter.port})
        check(f"unknown-database-{server.kind}", server, "--dsn", f"{server.dsn}_gone", prefix=prefix)


def test_a_user_without_insert(server: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(server, run)
    assert server.server
    name = server.dsn.rpartition("/")[2]
    if server.kind == "mariadb":
        server.server.execute(
            f"CREATE USER r{name} IDENTIFIED BY 'reader'", f"GRANT SELECT, SHOW VIEW ON {name}.* TO r{name}"
        )
    else:
        server.server.execute(
            f"CREATE USER r{name} PASSWORD 'reader'", f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO r{name}",
            database=name,
        )  # fmt: skip
    dsn = re.sub(r"://\w+@", f"://r{name}@", server.dsn)
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        prefix = machine(tmp_path, {CABLE: meter.port})
        check(f"no-insert-{server.kind}", server, "--dsn", dsn, prefix=prefix, env={"P1_DSN_PASSWORD": "reader"})
    assert len(server.rows()) == 60


def test_the_originals_table(mariadb: Database, check: Check, tmp_path: Path) -> None:
    mariadb.execute(ORIGINAL, f"INSERT INTO p1_readouts VALUES ({int(time.time())}, 0.3, 0, 1)")
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        check("old-table", mariadb, prefix=machine(tmp_path, {CABLE: meter.port}))
    assert len(mariadb.execute("SHOW COLUMNS FROM p1_readouts")) == 4


def test_views_missing(mariadb: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(mariadb, run)
    mariadb.execute("DROP VIEW p1_version", "DROP VIEW net_usage_kWh")
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        check("views-missing", mariadb, prefix=machine(tmp_path, {CABLE: meter.port}))


def test_rows_in_the_spool(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    away = tmp_path / "away.db"
    Path(tmp_path / "readings.db").rename(away)
    (tmp_path / "readings.db").mkdir()
    for second in (1, 2):
        frame = sealed_again(DSMR5.replace(b"2239W", b"223%dW" % second))
        assert run("--port", "-", input=frame, env=sqlite.env).returncode == 75
    (tmp_path / "readings.db").rmdir()
    away.rename(tmp_path / "readings.db")
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        check("spool", sqlite, prefix=machine(tmp_path, {CABLE: meter.port}))


def test_nothing_is_set_up_yet(sqlite: Database, check: Check, tmp_path: Path) -> None:
    with Meter([now_on("belgium")], interval=0.9) as meter:
        check("new", sqlite, prefix=machine(tmp_path, {CABLE: meter.port}, cron=""))


SAVED = FOLDER / "dsmr-5.0.2.txt"


def test_a_bad_setting_leaves_the_last_step(run: Run) -> None:
    done = run("check", env={"P1_BAUD": "9601"})
    assert done.returncode == 1
    assert done.stdout.startswith(
        "FAIL  settings    P1_BAUD=9601 (from the environment) must be 115200, 9600 or auto\n"
    )
    assert "timer" in done.stdout


def test_passwords_are_masked_wherever_they_stand(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("P1_DSN=mysql+pymysql://user:se%40cr%23et@127.0.0.1:1/db?ssl_password=s3cret\n")
    (tmp_path / ".env").chmod(0o644)
    done = run("check", "--port", SAVED)
    assert "mysql+pymysql://user:***@127.0.0.1:1/db?ssl_password=*** " in done.stdout
    assert "-> chmod o= .env" in done.stdout
    assert not re.search("se.40|cr.23et|cr#et|s3cret", done.stdout + done.stderr)


def test_colour_and_progress_on_a_terminal_only(environment: dict[str, str], run: Run, tmp_path: Path) -> None:
    words = ["check", "--port", str(SAVED), "--dsn", f"sqlite:///{tmp_path}/none.db"]
    coloured = on_a_terminal(words, environment, tmp_path)
    assert "\x1b[32mok\x1b[0m    settings" in coloured
    assert "\x1b[33mwarn\x1b[0m  database" in coloured
    assert "listening to" in coloured
    assert "listening to" not in on_a_terminal([*words, "-q"], environment, tmp_path)
    plain = on_a_terminal(words, environment | {"NO_COLOR": "1"}, tmp_path)
    assert "\x1b[3" not in plain
    assert "listening to" in plain
    assert "\x1b" not in run(*words).stdout
    assert "listening" not in run(*words).stdout


def test_quiet_leaves_out_what_is_well(sqlite: Database, run: Run) -> None:
    done = run("check", "-q", "--port", SAVED, env=sqlite.env)
    assert [line[:18] for line in done.stdout.splitlines() if line[:1].strip()] == [
        "warn  database    ",
        "1 warn of 10 steps",
    ]
    prepared(sqlite, run)
    done = run("check", "-q", "--port", SAVED, env=sqlite.env)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"P1_PORT": "/dev/none"}, f"-> P1_PORT=/dev/{CABLE}"),
        ({"P1_PORT": "{0}/closed/port"}, "Not even its folder can be looked into"),
        ({"P1_PORT": "/dev/\udcff"}, "-> P1_PORT=/dev/"),
        ({"P1_DSN": "sqlite:///{0}/read-only.db"}, "attempt to write a readonly database"),
        ({"P1_PORT": "socket://127.0.0.1:1"}, "-> systemctl status ser2net"),
        ({"P1_PORT": "{0}/empty.db"}, "empty.db is empty"),
        ({"P1_PORT": "{0}/denied"}, "-> sudo chmod g+rw "),
        ({"P1_PORT": "{0}/unknown"}, "no line of the telegram is known"),
        ({"P1_SPOOL": "{0}/readings.db"}, "P1_SPOOL is the database itself"),
        ({"P1_SPOOL": "{0}/closed/spool.db"}, "-> sudo install -d -o"),
        ({"P1_SPOOL": "{0}/text"}, "it cannot be read"),
        ({"P1_DSN": "sqlite:///{0}/closed/x.db"}, "-> sudo install -d -o"),
        ({"P1_DSN": "sqlite:///{0}/text"}, "file is not a database"),
        ({"P1_DSN": "sqlite:///{0}/empty.db"}, "there is no p1_readouts yet"),
        ({"P1_DSN": "oracle://x/y"}, "P1_DSN leads to no database"),
        ({"P1_DSN": "mysql+pymysql://u@no-such-host.invalid/x"}, "no host is called no-such-host.invalid"),
    ],
)
def test_each_names_its_remedy(env: dict[str, str], said: str, sqlite: Database, run: Run, tmp_path: Path) -> None:
    prepared(sqlite, run)
    (tmp_path / "text").write_text("no database, but a text that is long enough to be looked into" * 99)
    (tmp_path / "empty.db").touch()
    (tmp_path / "denied").touch(mode=0)
    shutil.copy(tmp_path / "readings.db", tmp_path / "read-only.db")
    (tmp_path / "read-only.db").chmod(0o400)
    (tmp_path / "unknown").write_bytes(sealed("1-0:99.9.9(1)"))
    (tmp_path / "closed").mkdir(mode=0o400)
    here = {name: value.replace("{0}", str(tmp_path)) for name, value in ({"P1_PORT": str(SAVED)} | env).items()}
    prefix = (*machine(tmp_path, {CABLE: "/dev/pts/0"}), *unprivileged())
    done = run("check", env=sqlite.env | here | {"COLUMNS": "999"}, prefix=prefix)
    assert done.returncode == 1
    assert said in done.stdout
    assert re.findall("^ {18}-> .+", done.stdout, re.MULTILINE)
    assert re.search("^1 (FAIL|warn) of", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize(
    ("delete", "said"),
    [
        ("time > {now} - 600", "warn  rows        the newest is of .*, 10 minutes ago"),
        ("time BETWEEN {now} - 3000 AND {now} - 1000", "one every 60 s, and 3[34] missing between them"),
        ("time > 0", "ok    rows        there is none yet"),
    ],
)
def test_rows_that_are_missing(delete: str, said: str, sqlite: Database, run: Run, tmp_path: Path) -> None:
    prepared(sqlite, run)
    sqlite.execute(f"DELETE FROM p1_readouts WHERE {delete.format(now=int(time.time()))}")
    done = run("check", "--port", SAVED, env=sqlite.env, prefix=machine(tmp_path, {}))
    assert re.search(said, done.stdout)
    assert done.returncode == said.startswith(("warn", "one"))
    if done.returncode:
        (tmp_path / "dev").rmdir()
        (tmp_path / "meter-logger").unlink()
        by_hand = run("check", "--port", SAVED, env=sqlite.env, prefix=machine(tmp_path, {}, cron="# p1harvester\n"))
        assert by_hand.returncode == 0, "who runs it by hand is not told when to"


@pytest.mark.parametrize(
    ("state", "line", "status"),
    [
        ("active", "ok    timer       systemd's p1harvester.timer is active", 0),
        ("inactive", "warn  timer       systemd's p1harvester.timer is not active", 1),
    ],
)
def test_the_timer_of_systemd(state: str, line: str, status: int, sqlite: Database, run: Run, tmp_path: Path) -> None:
    prepared(sqlite, run)
    (tmp_path / "bin").mkdir()
    stand_in = tmp_path / "bin/systemctl"
    stand_in.write_text(
        "#!/bin/sh\ncase $1 in\nlist-units) echo p1harvester.timer loaded "
        f"{state} waiting ;;\nlist-unit-files) echo p1harvester.timer enabled ;;\nesac\n"
    )
    stand_in.chmod(0o755)
    before = f"mount --bind {stand_in} $(command -v systemctl); exec"
    done = run("check", "--port", SAVED, env=sqlite.env, prefix=machine(tmp_path, {}, cron="", before=before))
    assert line in done.stdout
    assert ("-> sudo systemctl enable --now p1harvester.timer" in done.stdout) == bool(status)
    assert done.returncode == status
