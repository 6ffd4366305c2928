"""What a user does with the program in its life, each part tried on a booted machine."""

import sqlite3
import time

from tests.booted.machine import Machine
from tests.booted.meter import FIRST, POWER, SECOND
from tests.booted.readings import Row, missing, next_step, rows, since, wait_until
from tests.readme import blocks, commands, section

MINUTE, QUICK = 60, 30
"""Seconds between readings: as installed, and as the README lets one change it."""
INTERVAL = "/etc/systemd/system/p1harvester{}.timer.d"
STAYS = {"/etc/p1harvester", "/etc/p1harvester.env", "/var/lib/p1harvester"}


class Journey:
    """One machine, and the database that the readings go to."""

    def __init__(self, machine: Machine, database: str) -> None:
        self.machine, self.database = machine, database
        self.found: list[tuple[str, str, bool]] = []
        """What was tried, what was found, whether that is right."""

    def holds(self, what: str, found: object, right: object) -> None:
        """Note what was found."""
        self.found.append((what, str(found), bool(right)))
        print(f"{'ok' if right else 'FAILED'}: {what}: {found}", file=self.machine.log, flush=True)

    def _rows(self, meter: str = "") -> list[Row]:
        return rows(self.machine, self.database, meter)

    def _complete(self, what: str, begun: float, step: int, meters: tuple[str, ...] = ("",)) -> None:
        """Whether since `begun` each step has a row of each meter, and each database those of its meter alone."""
        for meter in meters:
            stored = since(begun, self._rows(meter))
            lacking, other = missing(stored, step), float(POWER[FIRST if meter else SECOND])
            crossed = sum(row.power == other for row in stored)
            found = f"{len(stored)} rows, {len(lacking)} missing {lacking or ''}, {crossed} of the other meter"
            enough = len(stored) >= (time.time() - begun) // step - 1
            self.holds(f"{what}{meter and f' ({meter})'}", found, enough and not lacking and not crossed)

    def install(self) -> None:
        """From the clone to a row a minute."""
        machine = self.machine
        option = "" if self.database == "sqlite" else f" --database {self.database}"
        machine.typed, begun = 0, time.time()
        machine.user(blocks(section("p1harvester"))[0].replace("ADDRESS", "/srv/origin") + option)
        self.holds("commands from clone to a row a minute", machine.typed, machine.typed <= 3)
        begun = next_step(MINUTE)
        wait_until(next_step(MINUTE, 4))
        self._complete("a row a minute", begun - MINUTE, MINUTE)
        _, shown = machine.user("p1harvester read; sudo p1harvester check", check=False)
        self.holds("`read` and `check` by hand", shown.splitlines()[-1:], "Power drawn" in shown and "All is" in shown)
        before = self._state()
        _, shown = machine.user(f"cd p1harvester\nsudo systemd/install{option}")
        self.holds("a second time changes", shown.count("\n") - 1, self._state() == before and shown.count("== ") == 1)

    def _state(self) -> str:
        folders = "/etc /opt /usr/local /var/lib/p1harvester"
        return self.machine(f"find {folders} -name '*.db' -prune -o -printf '%p %T@ %M %u\\n' | sort")

    def second_meter(self) -> None:
        """Another meter, its own database."""
        machine = self.machine
        [first_time, edited, again] = commands("A second meter")
        option = "" if self.database == "sqlite" else f" --database {self.database}"
        machine.write("/usr/local/bin/edit", f"#!/bin/sh\nsed -i '/P1_PORT=/d' $1; echo P1_PORT={SECOND} >>$1\n")
        machine("chmod 755 /usr/local/bin/edit")
        editor = "export SUDO_EDITOR=/usr/local/bin/edit\n"
        machine.user(f"cd p1harvester\n{first_time}{option}\n{editor}{edited}\n{again}")
        begun = next_step(MINUTE)
        wait_until(next_step(MINUTE, 2))
        self._complete("two meters", begun - MINUTE / 2, MINUTE, ("", "garage"))

    def interval(self) -> None:
        """More often, which saves time; a run may take longer than this where its database is away."""
        for meter in ("", "@garage"):
            interval = commands("Another interval")[0].replace("*:0/5", f"*:*:0/{QUICK}")
            self.machine.user(interval.replace("p1harvester.timer", f"p1harvester{meter}.timer"))

    def password(self) -> None:
        """A password in a file that only root can read."""
        self.machine("mariadb -e \"ALTER USER p1harvester@localhost IDENTIFIED BY 'a password'\"")
        for unit in ("p1harvester.service", "p1harvester@.service"):
            self.machine.user(commands("The password in a file of root's")[0].replace("p1harvester.service", unit))
        begun = next_step(MINUTE)
        wait_until(next_step(MINUTE, 2))
        self._complete("LoadCredential", begun - MINUTE / 2, MINUTE, ("", "garage"))
        status, shown = self.machine.user("p1harvester setup; p1harvester --meter garage check -q", check=False)
        self.holds("LoadCredential by hand", shown.splitlines()[-1:], status == 0)

    def outage(self) -> None:
        """The database stops; readings are taken by hand meanwhile."""
        begun = next_step(MINUTE) - MINUTE / 2
        wait_until(begun)
        service = {"mariadb": "mariadb", "postgresql": "postgresql"}.get(self.database)
        locks = []
        if service:
            self.machine(f"systemctl stop {service}")
        else:
            for meter in ("", "garage"):
                path = self.machine.root / "var/lib/p1harvester" / meter / "p1harvester.db"
                locks.append(sqlite3.connect(path, isolation_level=None))
                locks[-1].execute("BEGIN EXCLUSIVE")
        wait_until(next_step(MINUTE))
        by_hand = []
        for meter in ("", "--meter garage "):
            status, shown = self.machine.user(f"p1harvester {meter}-q", check=False)
            by_hand.append(status)
            _, shown = self.machine.user(f"p1harvester {meter}check -q | grep 'readings wait in /'", check=False)
            self.holds(f"what waits is seen by hand {meter}", shown[18:36], "readings wait" in shown)
        self.holds("by hand in the outage", f"exit {by_hand}", by_hand == [75, 75])
        wait_until(next_step(MINUTE))
        if service:
            self.machine(f"systemctl start {service}")
        for lock in locks:
            lock.close()
        wait_until(next_step(MINUTE, 3))
        self._complete("outage", begun, MINUTE, ("", "garage"))
        for meter in ("", "garage"):
            extra = len(since(begun, self._rows(meter))) - len(
                {row.time // MINUTE for row in since(begun, self._rows(meter))}
            )
            self.holds(f"rows taken by hand in it {meter}", extra, extra >= 1)

    def restart(self) -> None:
        """The machine goes down, and comes up; before, the installer found the server stopped, and disabled."""
        if self.database != "sqlite":
            self.machine(f"systemctl disable --now {self.database}")
            self.machine.user("cd p1harvester\nsudo systemd/install")
        self.machine.reboot()
        begun = next_step(QUICK)
        wait_until(next_step(QUICK, 3))
        self._complete("after a reboot", begun, QUICK, ("", "garage"))

    def telling(self) -> None:
        """The daily check, and what is said at login."""
        machine = self.machine
        machine("systemctl start p1harvester-check p1harvester-check@garage")
        quiet = machine("run-parts /etc/update-motd.d | grep p1harvester", check=False)
        self.holds("at login while all is well", quiet or "nothing", not quiet)
        machine("systemctl stop meter; ! systemctl start p1harvester-check@garage")
        said = machine("run-parts /etc/update-motd.d | grep check@", check=False).strip()
        machine("systemctl start meter; systemctl reset-failed 'p1harvester*'")
        self.holds("at login after the meter went silent", said, "sudo p1harvester --meter garage check" in said)

    def sandbox(self) -> None:
        """What a run may not do, from inside its unit."""
        tries = [f"touch {folder}/x" for folder in ("/dev/shm", "/etc", "/opt/p1harvester", "/home")]
        tries += ["mount -t tmpfs none /mnt", "unshare -r true", "cat /etc/shadow", "ls /home/pi"]
        tries += ["cat /proc/1/environ", "head -c 1 /dev/tty1", "sudo -n true"]
        script = "\n".join(f"ExecStartPre=-/bin/sh -c '{each} 2>/dev/null && echo OPEN: {each}'" for each in tries)
        drop_in = "/etc/systemd/system/p1harvester.service.d/try.conf"
        self.machine.write(drop_in, f"[Service]\n{script}\n")
        self.machine("systemctl daemon-reload; systemctl start p1harvester")
        said = self.machine("journalctl -q -u p1harvester -o cat --since -1min --grep OPEN", check=False).strip()
        self.machine(f"rm {drop_in}; systemctl daemon-reload")
        self.holds(f"of {len(tries)} ways out of the sandbox", f"open: {said or 'none'}", not said)

    def cron(self) -> None:
        """cron in place of the timers, and back; it was there, and stopped."""
        self.machine("systemctl disable --now cron")
        self.machine.user("cd p1harvester\nsudo systemd/install --cron")
        begun = next_step(MINUTE)
        wait_until(next_step(MINUTE, 3))
        self._complete("cron", begun, MINUTE, ("", "garage"))
        timers = self.machine("systemctl is-active p1harvester.timer p1harvester@garage.timer", check=False).split()
        self.holds("the timers beside cron", timers, timers == ["inactive"] * 2)
        self.machine.user("cd p1harvester\nsudo rm /etc/cron.d/p1harvester*\nsudo systemd/install")

    def upgrade(self) -> None:
        """A new version, which has other views."""
        change = "sed -i 's/^__version__.*/__version__ = \"99\"/' p1harvester/__init__.py"
        change += "; sed -i \"s/'[0-9a-f]\\{16\\}'/'0123456789abcdef'/\" sql/*/p1_version.sql"
        author = "git -c user.name=a -c user.email=a@example.org"
        self.machine(f"cd /srv/project; {change}; {author} commit -qam 99; git push -q /srv/origin HEAD")
        begun = next_step(QUICK)
        wait_until(begun)
        self.machine.typed = -1  # cd
        self.machine.user(f"cd p1harvester\n{commands('Upgrade')[0]}")
        self.holds("commands to upgrade", self.machine.typed, self.machine.typed <= 2)
        wait_until(next_step(QUICK, 2))
        self._complete("while it is upgraded", begun, QUICK, ("", "garage"))
        status, shown = self.machine.user("p1harvester --version; p1harvester check -q", check=False)
        self.holds("the new version and its views", shown.split("\n")[0], status == 0 and "99" in shown)

    def remove(self) -> None:
        """Nothing stays but readings and settings."""
        before = [len(self._rows(meter)) for meter in ("", "garage")]
        self.machine.typed = -1  # cd
        self.machine.user(f"cd p1harvester\n{commands('Remove')[0]}")
        self.holds("commands to remove", self.machine.typed, self.machine.typed <= 1)
        left = self.machine("find / -xdev -name '*p1harvester*' -not -path '/home/*' -not -path '/srv/*'").split()
        ours = {each for each in left if not each.startswith(("/var/lib/mysql", "/var/lib/p1harvester/"))}
        ours = {each for each in ours if ".d" not in each and not each.endswith(".password")}
        self.holds("what is left", " ".join(sorted(ours)), ours == STAYS)
        after = [len(self._rows(meter)) for meter in ("", "garage")]
        self.holds("rows left", after, all(now >= then for now, then in zip(after, before, strict=True)))
        self.holds("the user is gone", "", not self.machine("getent passwd p1harvester", check=False))

    def whole(self) -> None:
        """All of it, in the order in which it happens to a user."""
        self.install()
        self.second_meter()
        if self.database == "mariadb":
            self.password()
        self.outage()
        self.interval()
        self.restart()
        self.telling()
        self.sandbox()
        self.cron()
        self.upgrade()
        self.remove()
