"""Belgium's quarter-hour peaks: what the view says of months whose peak is known, in every database."""

from typing import Any

import pytest

from tests.conftest import Database
from tests.long_way import Row
from tests.tables import at
from tests.test_views import fill, selected

pytestmark = pytest.mark.usefixtures("_zone")


def month(*rows: tuple[str, float | None, dict[str, Any]]) -> list[Row]:
    """Rows of these local times, with these peaks and whatever else."""
    names = ("meter_time", "demand_month_peak_time", "meter_id")
    return [
        {"time": at(when), "demand_month_peak": peak} | dict.fromkeys(names) | others for when, peak, others in rows
    ]


MARCH = ("2024-03-31 12:00", 4.2, {"demand_month_peak_time": at("2024-03-09 18:15")})
END = "2024-03-31 23:58"


@pytest.mark.parametrize(
    ("rows", "peak"),
    [
        ([MARCH, (END, None, {})], 4.2),
        ([MARCH, (END, 0.0, {})], 4.2),
        ([MARCH, (END, 4.4, {"meter_time": at("2037-01-01 00:00")})], 4.4),
        ([MARCH, (END, 4.4, {"meter_time": at("2024-04-01 00:01")})], 4.2),
        ([("2024-03-31 12:00", 0.0, {}), (END, None, {})], 0.0),
        # The meter before this one had more.
        ([("2024-03-03 12:00", 6.5, {"meter_id": 1}), MARCH, (END, 4.2, {"meter_id": 2})], 6.5),
        # The old month's, which its meter has yet to drop.
        ([("2024-03-01 00:02", 9.9, {"demand_month_peak_time": at("2024-02-09 18:15")})], None),
        ([("2024-03-01 00:02", 9.9, {"meter_time": at("2024-02-29 23:59")})], None),
    ],
)
def test_a_months_peak(
    rows: list[tuple[str, float | None, dict[str, Any]]], peak: float | None, made: Database
) -> None:
    fill(made, month(*rows))
    found = [
        row for row in selected(made, "time, peak_kW, billed_kW", "peak_per_month") if row[0] == at("2024-03-01 00:00")
    ]
    assert [row[1:] for row in found] == ([] if peak is None else [(peak, max(peak, 2.5))])


def test_the_meters_month_ends_by_its_own_clock(made: Database) -> None:
    end = at("2024-12-01 00:00")
    peaks = [(end - 600, end - 600, 4.2), (end - 60, end - 58, 5.5), (end - 1, end + 1, 0.0), (end + 60, end + 61, 1.0)]
    names = ("time", "meter_time", "demand_month_peak")
    fill(made, [dict(zip(names, values, strict=True)) for values in peaks])
    assert selected(made, "peak_kW, billed_kW", "peak_per_month") == [(5.5, 5.5), (1.0, 4.0)]
