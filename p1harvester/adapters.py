"""The USB serial adapters of this host."""

from pathlib import Path

from p1harvester.errors import NoPort

_DRIVERS = {"0403": "ftdi_sio", "067b": "pl2303", "10c4": "cp210x", "1a86": "ch341"}
"""The maker of what is in a P1 cable -> the kernel's module for it."""


def adapters() -> list[str]:
    """The USB serial adapters present, each once, by its lasting name in /dev/serial/by-id where it has one."""
    found: dict[Path, str] = {}
    for pattern in ("ttyUSB*", "ttyACM*", "serial/by-id/*"):
        found |= {path.resolve(): str(path) for path in Path("/dev").glob(pattern)}
    return sorted(found.values())


def without_port() -> dict[str, str]:
    """The USB adapters, of the kinds that P1 cables have, that no port came of: maker and product -> their module."""
    found = {}
    for file in Path("/sys/bus/usb/devices").glob("*/idVendor"):
        vendor, device = file.read_text().strip(), file.parent
        if vendor in _DRIVERS and not any(device.glob("*:*/tty*")):
            found[f"{vendor}:{(device / 'idProduct').read_text().strip()}"] = _DRIVERS[vendor]
    return found


def only_adapter() -> str:
    """The one that is present. Raises NoPort where there is none, or where there are several."""
    found = adapters()
    if len(found) == 1:
        return found[0]
    if found:
        raise NoPort(f"several USB serial adapters are plugged in; name one with P1_PORT or --port: {' '.join(found)}")
    raise NoPort("no USB serial adapter is plugged in: plug in the P1 cable, or name the port with P1_PORT or --port")
