"""The main job against a simulated meter and real databases: the right row, in time, whatever happens on the line."""

import json
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import Database, Run
from tests.meter import DIALECTS, FOLDER, OLD_LINES, Meter, noise, sealed, sealed_again, telegram

pytestmark = pytest.mark.slow

EAST = ("finland", "lithuania")
DSMR5 = telegram("dsmr-5.0.2")
WRONG_CRC = DSMR5.replace(b"4911", b"4912")


def zone(dialect: str) -> dict[str, str]:
    """The environment of a host where such a meter hangs."""
    return {"TZ": "Europe/Helsinki" if dialect in EAST else "Europe/Amsterdam"}


def plugged_in(tmp_path: Path, *adapters: str) -> tuple[str, ...]:
    """A command prefix: a /dev of the command's own, with these adapters (`name=target`) and no others."""
    script = """
        set -e
        dir=$1; adapters=$2; shift 2
        mount -t tmpfs none "$dir"
        for node in null zero urandom; do : > "$dir/$node"; mount --bind "/dev/$node" "$dir/$node"; done
        mkdir "$dir/pts" "$dir/serial" "$dir/serial/by-id"
        mount --rbind /dev/pts "$dir/pts"
        for adapter in $adapters; do ln -s "${adapter#*=}" "$dir/${adapter%%=*}"; done
        mount --no-mtab --move "$dir" /dev
        exec "$@"
    """
    folder = tmp_path / "dev"
    folder.mkdir()
    return ("unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(folder), " ".join(adapters))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_in_every_database(
    dialect: str, database: Database, run: Run, rows: dict[str, dict[str, float]], tmp_path: Path
) -> None:
    baud = 9600 if dialect in OLD_LINES else 115200
    begin = int(time.time())
    with Meter([telegram(dialect)], baud=baud, skip=150) as meter:
        adapter = plugged_in(tmp_path, f"serial/by-id/usb-P1_cable={meter.port}", f"ttyUSB0={meter.port}")
        done = run(env=database.env | zone(dialect), prefix=adapter)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == ""
    [row] = database.rows()
    assert begin <= row.pop("time") <= time.time()
    assert {name: float(value) for name, value in row.items()} == rows[dialect]


@pytest.mark.parametrize("dialect", ["dsmr-5.0.2", "dsmr-2.2"])
def test_over_the_network(dialect: str, run: Run, rows: dict[str, dict[str, float]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                while True:
                    try:
                        connection.sendall(telegram(dialect))
                    except OSError:
                        return
                    time.sleep(0.1)

        threading.Thread(target=serve, daemon=True).start()
        done = run("read", "--json", "--port", f"socket://127.0.0.1:{listener.getsockname()[1]}")
    row = {name: value for name, value in json.loads(done.stdout).items() if value is not None and name != "time"}
    assert (done.returncode, row) == (0, rows[dialect])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_saved_telegram_is_dated_by_the_meter(
    dialect: str, sqlite: Database, run: Run, rows: dict[str, dict[str, float]]
) -> None:
    path = FOLDER / f"{dialect}.txt"
    assert run("--port", path, env=sqlite.env | zone(dialect)).returncode == 0
    assert run("--port", "-", input=path.read_bytes(), env=sqlite.env | zone(dialect)).returncode == 0
    stored = sqlite.rows()
    if "meter_time" in rows[dialect]:
        assert [row["time"] for row in stored] == [rows[dialect]["meter_time"]]
    else:
        assert all(abs(row["time"] - time.time()) < 60 for row in stored)


@pytest.mark.parametrize(
    ("frames", "skip"),
    [
        pytest.param([DSMR5[:600], DSMR5], 0, id="cut off"),
        pytest.param([WRONG_CRC, DSMR5], 0, id="wrong CRC"),
        pytest.param([WRONG_CRC[:-6] + b"\r\n", DSMR5], 0, id="no CRC"),
        pytest.param([sealed("1-0:1.7.0(--*kW)"), DSMR5], 0, id="no number"),
        pytest.param([b"\0" * 40 + DSMR5[300:] + b"\0" * 40, DSMR5], 0, id="line noise"),
        pytest.param([DSMR5], 777, id="the middle of a telegram"),
        pytest.param([noise(300), *[DSMR5] * 9], 0, id="enough noise to try the other speed in vain"),
    ],
)
def test_damage_is_passed_over(frames: list[bytes], skip: int, sqlite: Database, run: Run) -> None:
    with Meter(frames, skip=skip) as meter:
        done = run("--port", meter.port, env=sqlite.env)
    assert done.returncode == 0
    assert [float(row["gas_meter_reading"]) for row in sqlite.rows()] == [4911.44]


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        pytest.param([b""], "not a single byte came", id="silence"),
        pytest.param([noise(500)], "are noise", id="noise"),
        pytest.param([DSMR5[:600]], "cut off", id="cut off"),
        pytest.param([WRONG_CRC], "with a wrong CRC", id="wrong CRC"),
        pytest.param([DSMR5[:-6] + b"\r\n"], "without its CRC", id="no CRC"),
        pytest.param([sealed("1-0:99.9.9(1)")], "no line of the telegram is known", id="no known line"),
        pytest.param([sealed("1-0:1.8.1(12,5*kWh)")], "1-0:1.8.1 says '12,5*kWh'", id="no number"),
    ],
)
def test_no_valid_telegram(frames: list[bytes], said: str, sqlite: Database, run: Run) -> None:
    with Meter(frames) as meter:
        done = run("--port", meter.port, "--timeout", "3", "-q", env=sqlite.env)
    assert done.returncode == 76
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not Path(sqlite.dsn.removeprefix("sqlite:///")).exists()


@pytest.mark.parametrize(("baud", "speed"), [(9600, "115200"), (115200, "9600")])
def test_the_wrong_speed_is_said_to_be_possible(baud: int, speed: str, run: Run) -> None:
    with Meter([telegram("dsmr-2.2")], baud=baud) as meter:
        done = run("read", "--port", meter.port, "--timeout", "2", env={"P1_BAUD": speed})
    assert done.returncode == 76
    assert "P1_BAUD" in done.stderr


@pytest.mark.parametrize("dialect", ["dsmr-5.0.2", "dsmr-2.2"])
def test_the_right_speed_can_be_set(dialect: str, run: Run) -> None:
    baud = 9600 if dialect in OLD_LINES else 115200
    with Meter([telegram(dialect)], baud=baud) as meter:
        assert run("read", "--raw", "--port", meter.port, env={"P1_BAUD": str(baud)}).stdout.encode() == telegram(
            dialect
        )


@pytest.mark.parametrize("skip", [0, 200, 700])
def test_a_message_that_looks_like_noise_does_not_keep_the_speed_from_being_found(skip: int, run: Run) -> None:
    whole = telegram("hungary").replace(b"0-0:96.13.0(" + b"20" * 512, b"0-0:96.13.0(" + b"\xff" * 1024)
    frame = sealed_again(whole)
    assert len(frame) - len(frame.translate(None, b"\xff")) == 1024
    with Meter([frame], interval=0.2, skip=skip) as meter:
        done = run("read", "--json", "--port", meter.port, "--timeout", "5")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["use_reading"] == 173.64
