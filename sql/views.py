"""Makes the views' files, in each database's SQL, of one table of registers and a template a dialect.

    .venv/bin/python sql/views.py

`p1_periods`, `peak_per_month`, `net_usage_kWh` and `gas_usage_m3` are written by hand.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import costs

from p1harvester.views import DIALECTS, NAMES

FOLDER = Path(__file__).parent
UNITS = ("hour", "day", "month")
_AGES = ("k.time - a", "k.until - b")


@dataclass(frozen=True, slots=True)
class Register:
    """A column of the views, and the column of `p1_readouts` that it is the use of.

    `most` is more of it than a home's connection lets through in an hour. `meters` are the numbers that tell a replaced
    meter, the best first; `power` is the column that stands in where there is no register; `clock` the column that says
    when the register was read. `linked` is a meter that the electricity meter reads over a link, which may be away.
    """

    column: str
    readout: str
    most: int
    power: str | None = None
    clock: str | None = None
    linked: bool = False
    meters: tuple[str, ...] = ("meter_id",)

    def words(self) -> dict[str, str]:
        """What the templates say of this register."""
        rows = ("a", "an", "b", "bn")
        known = [f"{row}.{name}" for name in (self.readout, self.power) if name for row in rows]
        return {
            "column": self.column,
            "readout": self.readout,
            "most": str(self.most),
            "start": self._at("k.time", "a", "an", "k.start_share"),
            "end": self._at("k.until", "b", "bn", "k.end_share"),
            "stale": " OR\n                ".join(
                [f"coalesce({row}.{self.readout}, 0) <= 0" for row in rows]
                # Not NULL: an AND looks on behind a NULL.
                + [f"coalesce({age}.{self.clock}, 0) BETWEEN 601 AND 7200" for age in _AGES if self.clock]
            ),
            "meter": self.column.partition("_")[0],
            "read_at": self._read_at(""),
            "row_read_at": self._read_at("r."),
            "read_before": self._read_at("p."),
            "any": ", ".join(f"nullif({row}.{self.readout}, 0)" for row in rows),
            "unknown": f"r.{self.readout} IS NULL" + (f" OR p.{self.readout} IS NULL" if self.power else ""),
            "same_as_next": _first([*(f"n.{meter} = r.{meter}" for meter in self.meters), "TRUE"]),
            "same_as_base": _first([*(f"b.{meter} = r.{meter}" for meter in self.meters), "TRUE"]),
            "same_as_given": _first([*(f"{meter} = {meter.removesuffix('_id')}" for meter in self.meters), "TRUE"]),
            "same_as_start": _first([*(f"{meter} = a.{meter}" for meter in self.meters), "TRUE"]),
            "another_meter": _first([f"p.{meter} <> r.{meter}" for meter in self.meters]),
            "same_meter": _first([*(f"a.{meter} = bn.{meter}" for meter in self.meters), "TRUE"])
            + " AND x.time IS NULL",
            "energy": f"r.{self.power} * (r.time - p.time) / 3600e0" if self.power else "NULL",
            "known": ",\n            ".join(", ".join(known[start : start + 4]) for start in range(0, len(known), 4)),
        }

    def _read_at(self, row: str) -> str:
        """When the register of a row was read, by its meter's own clock where that can be."""
        time, own = f"{row}time", f"{row}{self.clock}"
        return (
            f"CASE WHEN {own} BETWEEN {time} - 7200 AND {time} + 3600 THEN {own} ELSE {time} END"
            if self.clock
            else time
        )

    def _at(self, moment: str, row: str, after: str, share: str) -> str:
        """The register at a boundary: what the row says, or the one behind it if the meter read it before."""
        value = f"{row}.{self.readout} + {share} * ({after}.{self.readout} - {row}.{self.readout})"
        if self.clock is None:
            return value
        read = f"{after}.{self.clock} BETWEEN {after}.time - 7200 AND {moment}"
        return f"CASE WHEN {read} THEN {after}.{self.readout} ELSE {value} END"


REGISTERS = (
    Register("use_kWh", "use_reading", 60, power="net_use"),
    Register("use_kWh_1", "use_reading_1", 60),
    Register("use_kWh_2", "use_reading_2", 60),
    Register("injection_kWh", "injection_reading", 60, power="net_injection"),
    Register("injection_kWh_1", "injection_reading_1", 60),
    Register("injection_kWh_2", "injection_reading_2", 60),
    # The gas meter has a number of its own: it stays when the electricity meter is replaced.
    Register("gas_m3", "gas_meter_reading", 40, clock="gas_time", linked=True, meters=("gas_meter_id", "meter_id")),
    Register("water_m3", "water_meter_reading", 40, linked=True),
    Register("heat_GJ", "heat_meter_reading", 1, linked=True),
    Register("use_kWh_3", "use_reading_3", 60),
    Register("use_kWh_4", "use_reading_4", 60),
    Register("injection_kWh_3", "injection_reading_3", 60),
    Register("injection_kWh_4", "injection_reading_4", 60),
)


def files(dialect: str) -> dict[str, str]:
    """Name -> text of each file that is made for that folder's SQL."""
    template = costs.sections(FOLDER / "templates" / f"{dialect}.sql")
    words = {each: _all_words(each, template) for each in REGISTERS}
    lists: dict[str, str] = {
        name: ("\n" if name in ("name", "reading") else ",\n").join(
            template[name].format(**words[each])
            for each in REGISTERS
            if each.clock or name != "clock"
            if not each.clock or name != "name"
        )
        for name in ("step", "clock", "name", "reading", "usage", "column")
        if name in template
    }
    if "function_at" in template:
        lists["function_at"] = "\n\n".join(
            template["function_at"].format(**words[each]) for each in REGISTERS if each.linked
        )
        lists["function_between"] = "\n\n".join(
            template["function_between"].format(**words[each]) for each in REGISTERS if each.clock
        )
    made = {name: template[name].format(**lists) + "\n" for name in ("p1_steps", "p1_usage")}
    made |= {f"usage_per_{unit}": template["usage_per"].format(unit=unit, **lists) + "\n" for unit in UNITS}
    made |= costs.files(dialect, made["p1_usage"], UNITS)
    version = sha256("".join(made.get(name) or _by_hand(dialect, name) for name in NAMES[:-1]).encode())
    return made | {NAMES[-1]: template[NAMES[-1]].format(version=version.hexdigest()[:16]) + "\n"}


def _all_words(register: Register, template: dict[str, str]) -> dict[str, str]:
    """The words of one register, those that the dialect itself spells among them."""
    words = register.words()
    words |= {name: template[name].format(**words) for name in ("likely", "back", "newest")}
    words["steps"] = template["steps_by_clock" if register.clock else "steps"].format(**words)
    since, until = (template["register_at"].format(moment=moment, **words) for moment in ("k.time", "k.until"))
    link = template["through_link"].format(since=since, until=until, **words)
    return words | {"through_link": f"\n{link}" if register.linked else ""}


def _by_hand(dialect: str, name: str) -> str:
    return (FOLDER / dialect / f"{name}.sql").read_text(encoding="utf-8")


def _first(conditions: list[str]) -> str:
    return f"coalesce({', '.join(conditions)})" if len(conditions) > 1 else conditions[0]


if __name__ == "__main__":
    for folder in DIALECTS:
        for name, text in files(folder).items():
            (FOLDER / folder / f"{name}.sql").write_text(text, encoding="utf-8")
