"""Tries the README's installation, command by command, on a bare Debian 12 that systemd has booted.

From the project's folder, as root, for some twenty minutes: python3 -m tests.booted

Needs debootstrap and systemd-container. What is tested is the last commit. The bare system is kept in CACHE; the host's
settings of apt and pip, and the authorities that it trusts, are the machine's too.
"""

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from tests.meter import Meter, telegram_of
from tests.readme import PROJECT, commands

CACHE = Path("/var/tmp/p1harvester-bookworm")
OF_THE_HOST = (
    "/etc/apt/apt.conf.d",
    "/etc/apt/sources.list",
    "/etc/apt/sources.list.d",
    "/etc/pip.conf",
    "/etc/ssl/certs/ca-certificates.crt",
)
HOSTNAME = "raspberrypi"
USER = "p1harvester"
COMMAND = "/opt/p1harvester/bin/p1harvester"
METER = "/dev/p1-meter"
# What a Raspberry Pi has and a bare Debian has not, and the database.
PACKAGES = "cron git mariadb-server sudo"
MAILS = "/var/tmp/mails"
SENDMAIL = f"""#!/bin/sh
echo "=== mail" >>{MAILS}
cat >>{MAILS}
"""

failures: list[str] = []


class Now(Sequence[bytes]):
    """A meter's next telegram, its clock right."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: object) -> bytes:  # type: ignore[override]
        if index != 0:
            raise IndexError
        return telegram_of(int(time.time()))


def meter() -> None:
    """Be the meter: METER sends a telegram every second, until this is killed."""
    with Meter(Now(), interval=1) as line:
        shutil.chown(line.port, "root", "dialout")
        Path(line.port).chmod(0o660)
        Path(METER).symlink_to(line.port)
        while True:
            time.sleep(60)


class Machine:
    """A booted Debian, seen from its host."""

    def __init__(self, root: Path, first_process: int) -> None:
        self.root = root
        path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
        self._enter = ["nsenter", "--all", f"--target={first_process}", "env", "-i", path]

    def __call__(self, script: str, *, check: bool = True, shown: bool = False) -> str:
        """Run a piece of shell as root; return what it printed."""
        return self._run([*self._enter, "bash", "-ec", script], check, shown)

    def user(self, script: str, *, check: bool = True) -> str:
        """Run a piece of shell as the person who installs, in the clone, and show it."""
        print(textwrap.indent(script, "    > "), flush=True)
        return self._run([*self._enter, "runuser", "-l", "pi", "-c", f"set -e; cd p1harvester; {script}"], check, True)

    def _run(self, words: list[str], check: bool, shown: bool) -> str:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if shown:
            print(textwrap.indent("\n".join(done.stdout.splitlines()[-30:]), "    "))
        if check and done.returncode:
            raise SystemExit(f"exit status {done.returncode} of {words[-1]}\n{done.stdout}")
        return done.stdout

    def begin(self, script: str) -> subprocess.Popen[bytes]:
        """Start a piece of shell as root."""
        return subprocess.Popen([*self._enter, "bash", "-ec", script])

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def mails(self) -> str:
        """All mails so far."""
        file = self.root / MAILS.lstrip("/")
        return file.read_text() if file.exists() else ""

    def times(self) -> list[int]:
        """The seconds of all rows, oldest first."""
        return list(map(int, self("mariadb -N p1harvester -e 'SELECT time FROM p1_readouts ORDER BY time'").split()))

    def rows_in(self, path: str) -> int:
        """How many rows an SQLite file has."""
        with closing(sqlite3.connect(self.root / path.lstrip("/"))) as connection:
            count: int = connection.execute("SELECT count(*) FROM p1_readouts").fetchone()[0]
            return count


def step(title: str) -> None:
    """Begin a step."""
    print(f"\n=== {time.strftime('%H:%M:%S')} {title}", flush=True)


def holds(what: str, truth: object) -> None:
    """Say whether something holds."""
    print(f"{'ok' if truth else 'FAILED'}: {what}", flush=True)
    if not truth:
        failures.append(what)


def wait_for_minutes(count: int, second: int = 10) -> None:
    """Sleep over so many full minutes, and on until that second."""
    now = time.time()
    time.sleep((now // 60 + count) * 60 + second - now)


def until_second(second: int) -> None:
    """Sleep until that second of this minute or the next."""
    time.sleep((second - time.time()) % 60)


def minute_by_minute(what: str, times: Sequence[int], runs: int) -> None:
    """Every minute from the first to the last must have a row, `runs` rows in all."""
    print("   ", " ".join(time.strftime("%H:%M:%S", time.gmtime(second)) for second in times))
    minutes = {second // 60 for second in times}
    missing = set(range(min(minutes, default=0), max(minutes, default=0))) - minutes
    holds(f"{what}: {len(times)} rows in {len(minutes)} minutes, none missing", len(times) >= runs and not missing)


def prepared(folder: Path) -> Path:
    """A copy of a bare Debian 12."""
    if not CACHE.exists():
        step("debootstrap")
        partial = CACHE.with_suffix(".partial")
        included = "--include=systemd-sysv,dbus,ca-certificates"
        words = ["debootstrap", "--variant=minbase", included, "bookworm", str(partial)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        partial.rename(CACHE)
    root = folder / "root"
    subprocess.run(["cp", "-a", CACHE, root], check=True)
    for source in map(Path, OF_THE_HOST):
        target = root / source.relative_to("/")
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy(source, target)
    (root / "etc/hostname").write_text(f"{HOSTNAME}\n")
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {HOSTNAME}\n")
    subprocess.run(
        ["git", "-C", PROJECT, "bundle", "create", "-q", root / "srv/bundle", "HEAD", "--branches"], check=True
    )
    return root


@contextmanager
def booted(root: Path) -> Iterator[Machine]:
    """Boot it, systemd as process 1; power it off at the end."""
    words = ["systemd-nspawn", f"--directory={root}", "--boot", "--register=no", "--console=pipe"]
    # DevicePolicy= is kept by programs of BPF, in the unified hierarchy of control groups alone.
    words += ["--capability=CAP_BPF", "--system-call-filter=bpf"]
    if not Path("/run/systemd/system").exists():
        words.append("--keep-unit")
    process = subprocess.Popen(
        words,
        env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        machine = Machine(root, _first_process(process.pid))
        machine("until systemctl is-system-running --wait 2>/dev/null | grep -E 'running|degraded'; do sleep 0.2; done")
        yield machine
    finally:
        process.terminate()
        process.wait()


def _first_process(nspawn: int) -> int:
    children = Path(f"/proc/{nspawn}/task/{nspawn}/children")
    for _ in range(100):
        time.sleep(0.1)
        for child in children.read_text().split():
            if re.match(r"Name:\s+systemd\n(.*\n)*NSpid:.*\s1\n", Path(f"/proc/{child}/status").read_text()):
                return int(child)
    raise SystemExit("systemd-nspawn did not boot the machine")


def plug_in(machine: Machine) -> None:
    """Start the meter."""
    machine(
        f"rm -f {METER}; systemd-run -q --unit=meter -p WorkingDirectory=/home/pi/p1harvester"
        f" /opt/p1harvester/bin/python -m tests.booted meter; until [ -e {METER} ]; do sleep 0.1; done"
    )


def install(machine: Machine) -> None:
    """What the README says first."""
    step(f"a bare Debian {machine('cat /etc/debian_version').strip()}; apt-get install {PACKAGES}")
    machine(
        f"apt-get update -q; DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends {PACKAGES}"
    )
    for name in ("/usr/sbin/sendmail", "/usr/bin/mail"):
        machine.write(name, SENDMAIL, 0o755)
    machine(f"touch {MAILS}; chmod 666 {MAILS}")
    machine("useradd --create-home --shell /bin/bash pi; echo 'pi ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/pi")
    machine("runuser -l pi -c 'git clone -q /srv/bundle p1harvester'")

    step("README: Install")
    program, ask = commands("Install by hand")
    machine.user(program)
    plug_in(machine)
    machine(f"echo P1_PORT={METER} >>/etc/p1harvester.env")
    holds("`read` shows the meter's values", "Power drawn" in machine.user(ask))
    step("README: The database")
    set_up, least_rights = commands("The database")
    holds("`setup` makes the table", "brought up to date" in machine.user(set_up))
    machine.user(least_rights)


def under_systemd(machine: Machine) -> None:
    """The timer, an outage, an overlap, a failure, a hang."""
    step("README: A reading every minute")
    [enable], [look] = commands("A reading every minute"), commands("See it work")
    machine.user(enable)
    wait_for_minutes(3)
    machine.user(look, check=False)
    minute_by_minute("the timer stores", machine.times(), 3)
    log = machine("journalctl -q -u p1harvester -o cat")
    holds("the journal is silent while all is well", not log)

    step("README: To be told of failures; then MariaDB stops for three minutes")
    machine.user(*commands("To be told of failures"))
    machine("systemctl stop mariadb")
    wait_for_minutes(3)
    status = machine.user("sudo systemctl status --full p1harvester.service", check=False)
    holds("`systemctl status` names the cause", "Can't connect to MySQL server" in status and "safe in" in status)
    waiting = machine("stat -c %s /var/lib/p1harvester/spool.db")
    machine("systemctl start mariadb")
    wait_for_minutes(1)
    minute_by_minute(f"after the outage (a spool of {waiting.strip()} bytes)", machine.times(), 7)
    errors = machine("journalctl -q -u p1harvester -p err -o cat --grep 'safe in'", shown=True)
    holds("each of the three runs left an error in the journal", errors.count("safe in") == 3)
    mails = machine.mails()
    print(textwrap.indent(mails, "    "))
    holds("OnFailure= sent one mail, which names the cause", mails.count("=== mail") == 1 and "safe in" in mails)

    step("a run that overlaps the next: both wait for a meter that is silent for a while")
    until_second(52)
    before = len(machine.times())
    machine("systemctl kill -s STOP meter")
    by_hand = machine.begin(f"runuser -u {USER} {COMMAND}")
    wait_for_minutes(1, 6)
    users = machine(f"ps -C {USER} -o user:12=,lstart=,args=", shown=True)
    machine("systemctl kill -s CONT meter")
    holds(
        "two runs at once, both by the unprivileged user",
        [line.split()[0] for line in users.splitlines()] == [USER] * 2,
    )
    by_hand.wait()
    wait_for_minutes(0, 15)
    result = machine("systemctl show -P Result p1harvester.service").strip()
    holds(f"both end well: {by_hand.returncode}, {result}", by_hand.returncode == 0 and result == "success")
    minute_by_minute("afterwards", machine.times(), before + 1)

    step("a run that fails: the meter is unplugged")
    machine("systemctl stop meter")
    wait_for_minutes(1)
    status = machine.user("sudo systemctl status --full p1harvester.service", check=False)
    holds("`systemctl status` names the cause", f"{METER} cannot be read: " in status)
    plug_in(machine)

    step("a run that hangs for ever")
    hang = "/etc/systemd/system/p1harvester.service.d/hang.conf"
    machine.write(hang, "[Service]\nExecStartPre=/usr/bin/sleep infinity\n")
    machine("systemctl daemon-reload")
    wait_for_minutes(1, 30)
    machine(f"rm {hang}; systemctl daemon-reload")
    wait_for_minutes(1, 10)
    log = machine("journalctl -q -u p1harvester -o cat --since -2min", shown=True)
    holds("is ended, and the timer goes on", "timed out" in log and time.time() - machine.times()[-1] < 15)


def more_of_the_readme(machine: Machine) -> None:
    """The password as a credential, a second meter, another interval, an upgrade."""
    step("README: The password in a file of root's; A second meter; Another interval")
    machine("cp -a /etc/p1harvester.env /root")
    machine.user(*commands("The password in a file of root's"))
    machine.write(
        "/usr/local/bin/edit", "#!/bin/sh\nsed -i '/^P1_DSN/d' $1; echo P1_DSN=sqlite:///$S/p1.db >>$1\n", 0o755
    )
    folder = f"/var/lib/{USER}/garage"
    machine.user(f"export SUDO_EDITOR=/usr/local/bin/edit S={folder}; " + commands("A second meter")[0])
    machine.user(*commands("Another interval"))
    machine("systemctl list-timers 'p1harvester*'", shown=True)
    until = machine("systemctl show -P NextElapseUSecRealtime p1harvester.timer")
    holds(f"the next run is at a multiple of five minutes: {until.strip()}", re.search(r":\d[05]:00 ", until))
    machine("rm -r /etc/systemd/system/p1harvester.timer.d; systemctl daemon-reload")
    wait_for_minutes(1)
    holds("with the password from a credential a row is stored", time.time() - machine.times()[-1] < 15)
    holds("the second meter's row is in its own database", machine.rows_in(f"{folder}/p1.db") == 1)

    step("a device that is no serial port")
    machine(f"mknod -m 666 /dev/other c 10 229; echo P1_PORT=/dev/other >/etc/{USER}/other.env")
    said = machine("systemctl start p1harvester@other || systemctl status p1harvester@other", check=False, shown=True)
    holds("a sandbox refuses it, and that is said", "a sandbox or a container keeps /dev/other" in said)

    step("README: Upgrade")
    machine(f'mariadb -e "{re.findall(r"GRANT ALTER.*?;", commands("The database")[0], re.DOTALL)[0]}"')
    machine("rm /etc/systemd/system/p1harvester.service.d/password.conf; mv /root/p1harvester.env /etc")
    machine.user(*commands("Upgrade by hand"))
    wait_for_minutes(1)
    holds("the timer goes on", time.time() - machine.times()[-1] < 15)


def under_cron(machine: Machine) -> None:
    """The same by cron."""
    step("README: cron instead")
    machine("systemctl disable -q --now p1harvester.timer p1harvester@garage.timer", shown=True)
    machine(f"rm -f {MAILS}; touch {MAILS}; chmod 666 {MAILS}; systemctl is-active cron", shown=True)
    install_file, own_line = commands("cron instead")
    first = int(time.time())
    machine.user(install_file)
    wait_for_minutes(3)
    times = [second for second in machine.times() if second > first]
    minute_by_minute("cron stores", times, 3)
    holds("no mail while all is well", not machine.mails())
    machine("systemctl stop meter")
    wait_for_minutes(1)
    mails = machine.mails()
    print(textwrap.indent(mails, "    "))
    holds("one mail of the run that failed", mails.count("=== mail") == 1 and f"{METER} cannot be read: " in mails)
    plug_in(machine)

    step("README: the line for crontab -e")
    machine("rm /etc/cron.d/p1harvester; usermod -aG dialout pi")
    machine.user(f"printf 'P1_PORT={METER}\\n' >~/.env; echo {shlex.quote(own_line)} | crontab -")
    wait_for_minutes(1)
    holds("stores a row", machine.rows_in("/home/pi/.local/share/p1harvester/p1harvester.db") == 1)


def remove(machine: Machine) -> None:
    """Nothing stays but the readings."""
    step("README: Remove")
    machine("systemctl stop meter")
    machine.user(*commands("Remove by hand"))
    left = machine(
        "find / -xdev -name '*p1harvester*' -not -path '/home/*' -not -path '/var/lib/p1harvester/*'", shown=True
    )
    holds(
        "only the readings are left",
        set(left.split()) == {"/var/lib/p1harvester", "/var/lib/mysql/p1harvester"},
    )
    holds("the user is gone", not machine(f"getent passwd {USER}", check=False))


def main() -> None:
    """Try it all; exit with 1 if something does not hold."""
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp", prefix="p1harvester-") as folder,
        booted(prepared(Path(folder))) as machine,
    ):
        install(machine)
        under_systemd(machine)
        more_of_the_readme(machine)
        under_cron(machine)
        remove(machine)
    print(f"\n{len(failures)} failed: {failures}" if failures else "\nall of it holds")
    sys.exit(bool(failures))


if __name__ == "__main__":
    meter() if sys.argv[1:] == ["meter"] else main()
