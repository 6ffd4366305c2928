"""The USB serial adapters of this host."""

from pathlib import Path

from p1harvester.errors import NoPort


def adapters() -> list[str]:
    """The USB serial adapters present, each once, by its lasting name in /dev/serial/by-id where it has one."""
    found: dict[Path, str] = {}
    for pattern in ("ttyUSB*", "ttyACM*", "serial/by-id/*"):
        found |= {path.resolve(): str(path) for path in Path("/dev").glob(pattern)}
    return sorted(found.values())


def only_adapter() -> str:
    """The one that is present. Raises NoPort where there is none, or where there are several."""
    found = adapters()
    if len(found) == 1:
        return found[0]
    if found:
        raise NoPort(f"several USB serial adapters are plugged in; name one with P1_PORT or --port: {' '.join(found)}")
    raise NoPort("no USB serial adapter is plugged in: plug in the P1 cable, or name the port with P1_PORT or --port")
