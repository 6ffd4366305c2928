"""How the three kinds of data source write what the dashboards' queries need."""

from collections.abc import Callable
from dataclasses import dataclass

HOUR, DAY = 3600, 86400
ROWS_UP_TO = 2 * DAY
"""The widest range, in seconds, whose every row is drawn."""
HOURS_UP_TO = 62 * DAY
"""The widest range that is drawn hour by hour."""
DAYS_UP_TO = 732 * DAY
"""The widest range that is drawn day by day."""
COUNTED = 366 * DAY
"""The widest range all of whose rows are looked at."""


@dataclass(frozen=True)
class Dialect:
    """How one kind of data source writes what the queries need. All times are UNIX seconds."""

    name: str
    plugin: str
    """Grafana's name of the data source."""
    within: str
    """Whether `time` lies in the range."""
    since: str
    until: str
    """The range's two ends."""
    now: str
    least: str
    greatest: str
    begin_of: Callable[[str, str], str]
    """When the local day, or month, of that moment began."""
    end_of: Callable[[str], str]
    """When the local day, or month, ends that begins at `date_time`."""

    @property
    def span(self) -> str:
        """The range's length."""
        return f"{self.until} - {self.since}"

    @property
    def end(self) -> str:
        """The range's end, or now where that is earlier: a range may end in the future."""
        return f"{self.least}({self.until}, {self.now})"

    def begins_within(self, days: int, earlier: int = 0) -> str:
        """Whether what begins at `time` does so in the range, or in so many days before its end if those are more.

        Or so many days earlier than that.
        """
        begin = f"{self.least}({self.since}, {self.end} - {days * DAY})"
        return f"time > {begin} - {earlier * DAY} AND time <= {self.until}"


MACROS = {"within": "$__unixEpochFilter(time)", "since": "$__unixEpochFrom()", "until": "$__unixEpochTo()"}
FORMATS = {"day": "%Y-%m-%d", "month": "%Y-%m-01"}
DIALECTS = (
    Dialect(
        name="mysql",
        plugin="mysql",
        **MACROS,
        now="UNIX_TIMESTAMP()",
        least="LEAST",
        greatest="GREATEST",
        begin_of=lambda unit, moment: (
            f"UNIX_TIMESTAMP(CAST(DATE_FORMAT(FROM_UNIXTIME({moment}), '{FORMATS[unit]}') AS DATE))"
        ),
        end_of=lambda unit: f"UNIX_TIMESTAMP(date_time + INTERVAL 1 {unit})",
    ),
    Dialect(
        name="postgresql",
        plugin="grafana-postgresql-datasource",
        **MACROS,
        now="extract(epoch FROM now())::bigint",
        least="LEAST",
        greatest="GREATEST",
        begin_of=lambda unit, moment: f"extract(epoch FROM date_trunc('{unit}', to_timestamp({moment})))::bigint",
        end_of=lambda unit: f"extract(epoch FROM (date_time + interval '1 {unit}')::timestamptz)::bigint",
    ),
    Dialect(
        name="sqlite",
        plugin="frser-sqlite-datasource",
        within="time >= $__from / 1000 AND time <= $__to / 1000",
        since="$__from / 1000",
        until="$__to / 1000",
        now="unixepoch()",
        least="min",
        greatest="max",
        begin_of=lambda unit, moment: f"unixepoch({moment}, 'unixepoch', 'localtime', 'start of {unit}', 'utc')",
        end_of=lambda unit: f"unixepoch(date_time, '+1 {unit}', 'utc')",
    ),
)
