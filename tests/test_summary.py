"""The line that a run says on a terminal: the time, and three values that a person cares for."""

import pytest

from tests.conftest import Database, Run
from tests.meter import sealed

CLOCK = "0-0:1.0.0(240107172239W)"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (
            ["1-0:1.8.0(007254.118*kWh)", "1-0:2.8.0(000012.000*kWh)", "1-0:2.7.0(00.000*kW)", "1-0:1.7.0(00.326*kW)"],
            "power drawn 0.326 kW, power injected 0.000 kW, use 7254.118 kWh",
        ),
        (
            ["0-1:24.1.0(003)", "0-1:24.2.1(240107172000W)(04911.440*m3)", "1-0:1.7.0(00.326*kW)"],
            "power drawn 0.326 kW, gas 4911.440 m3, meter's clock 2024-01-07 17:22:39",
        ),
        (
            ["0-1:24.1.0(007)", "0-1:24.2.1(240107172000W)(00011.440*m3)"],
            "water 11.440 m3, meter's clock 2024-01-07 17:22:39",
        ),
        (["0-0:96.14.0(0002)"], "meter's clock 2024-01-07 17:22:39, tariff 2"),
    ],
)
def test_it_says(lines: list[str], says: str, sqlite: Database, run: Run) -> None:
    done = run("-v", "--port", "-", input=sealed(CLOCK, *lines), env=sqlite.env)
    assert done.stdout == f"stored: 2024-01-07 17:22:39, {says}, in {sqlite.dsn}\n", done.stderr
