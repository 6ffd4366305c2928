"""Makes the views that say the same of each register, and `p1_version`: .venv/bin/python sql/generate.py

A register is one line of REGISTERS. `templates` has a file for each dialect: behind `--- NAME` comes what goes into
NAME.sql, and what stands between `{{each` and `}}` comes once for each register, with what stands behind the colon
between two of them.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

SQL = Path(__file__).parent
DIALECTS = ("mysql", "postgresql", "sqlite")
UNITS = ("hour", "day", "month")
VERSION = "p1_version"


@dataclass(frozen=True)
class Register:
    """A register of the meter's, and the column that says what it went on by."""

    column: str
    """The views' column; its unit is at its end."""
    readout: str
    """The column of `p1_readouts`."""
    power: str = ""
    """The column of `p1_readouts` that stands in where there is no register, times the time."""
    meters: tuple[str, ...] = ("meter_id",)
    """The columns that tell whether it is still the same meter: the first that both rows have."""
    rounded: bool = False
    """Whether its steps are made free of what a FLOAT column adds (the original's table has one)."""


REGISTERS = (
    Register("use_kWh", "use_reading", power="net_use"),
    Register("use_kWh_1", "use_reading_1"),
    Register("use_kWh_2", "use_reading_2"),
    Register("injection_kWh", "injection_reading", power="net_injection"),
    Register("injection_kWh_1", "injection_reading_1"),
    Register("injection_kWh_2", "injection_reading_2"),
    # The gas meter has a number of its own: it stays when the electricity meter is replaced.
    Register("gas_m3", "gas_meter_reading", meters=("gas_meter_id", "meter_id"), rounded=True),
    Register("water_m3", "water_meter_reading"),
    Register("heat_GJ", "heat_meter_reading"),
    Register("use_kWh_3", "use_reading_3"),
    Register("use_kWh_4", "use_reading_4"),
    Register("injection_kWh_3", "injection_reading_3"),
    Register("injection_kWh_4", "injection_reading_4"),
)
"""In the order of the views' columns: a new one goes behind the others, so that each keeps its place."""


def made() -> dict[Path, str]:
    """The files, each with its text."""
    return {SQL / dialect / f"{name}.sql": text for dialect in DIALECTS for name, text in _files(dialect).items()}


def _files(dialect: str) -> dict[str, str]:
    template = (SQL / "templates" / f"{dialect}.sql").read_text(encoding="utf-8")
    names_and_texts = re.split(r"^--- (.*)\n", template, flags=re.MULTILINE)[1:]
    files: dict[str, str] = {}
    for name, text in zip(names_and_texts[::2], names_and_texts[1::2], strict=True):
        whole = f"-- Made by sql/generate.py from sql/templates/{dialect}.sql.\n" + _repeated(text, dialect)
        for unit in UNITS if "{{unit}}" in name else ("",):
            files[name.replace("{{unit}}", unit)] = whole.replace("{{unit}}", unit)
    files[VERSION] = files[VERSION].replace("{{version}}", _version(dialect, files))
    return files


def _repeated(text: str, dialect: str) -> str:
    def each(found: re.Match[str]) -> str:
        return f"{found[1]}\n".join(_filled(found[2], register, dialect) for register in REGISTERS) + "\n"

    return re.sub(r"^\{\{each:?(.*)\n((?:.*\n)*?)\}\}\n", each, text, flags=re.MULTILINE)


def _filled(text: str, register: Register, dialect: str) -> str:
    readout, power = register.readout, register.power
    step = f"r.{readout} - p.{readout}"
    if register.rounded:
        step = f"ROUND(({step})::numeric, 3)" if dialect == "postgresql" else f"ROUND({step}, 3)"
    if power:
        step = f"COALESCE({step}, r.{power} * (r.time - p.time) / {'3600e0' if dialect == 'mysql' else '3600.0'})"
    others = [f"p.{meter} <> r.{meter}" for meter in register.meters]
    known = "\n            OR ".join(
        f"COALESCE({', '.join(f'{row}.{name}' for row in ('a', 'an', 'b', 'bn'))}) IS NOT NULL"
        for name in (readout, power)
        if name
    )
    words = {
        "column": register.column,
        "readout": readout,
        "step": step,
        "other_meter": f"COALESCE({', '.join(others)})" if len(others) > 1 else others[0],
        "same_meter": ", ".join(f"a.{meter} = bn.{meter}" for meter in register.meters),
        "known": known,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: words[found[1]], text).removesuffix("\n")


def _version(dialect: str, files: dict[str, str]) -> str:
    """What tells these views from others: 16 digits of the SHA-256 of all that is in them."""
    by_hand = {
        path.stem: path.read_text(encoding="utf-8") for path in (SQL / dialect).glob("*.sql") if path.stem not in files
    }
    return hashlib.sha256("".join(text for _, text in sorted((by_hand | files).items())).encode()).hexdigest()[:16]


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
