-- The hours, days and months, in local time, from the first row to the last: from `time` up to `until`.
--
-- The registers at `time` are those of the newest row at or before it, `start_row`. Where that is more than two minutes
-- old the boundary lies in a gap: then `start_next` is the row behind the gap and `start_share` says how far between
-- the two the boundary lies, 0 to 1. Likewise `end_row`, `end_next` and `end_share` for `until`.
DROP VIEW IF EXISTS p1_periods;
CREATE VIEW p1_periods AS
WITH RECURSIVE
first (time) AS (SELECT min(time) FROM p1_readouts),
last (time) AS (SELECT max(time) FROM p1_readouts),
hours (time) AS (
    SELECT time - strftime('%M', time, 'unixepoch', 'localtime') * 60 - strftime('%S', time, 'unixepoch', 'localtime')
    FROM first WHERE time IS NOT NULL
    UNION ALL
    SELECT time + 3600 FROM hours WHERE time + 3600 <= (SELECT time FROM last)
),
days (day) AS (
    SELECT date(time, 'unixepoch', 'localtime') FROM first WHERE time IS NOT NULL
    UNION ALL
    SELECT date(day, '+1 day') FROM days
    WHERE date(day, '+1 day') <= (SELECT date(time, 'unixepoch', 'localtime') FROM last)
),
months (day) AS (
    SELECT date(time, 'unixepoch', 'localtime', 'start of month') FROM first WHERE time IS NOT NULL
    UNION ALL
    SELECT date(day, '+1 month') FROM months
    WHERE date(day, '+1 month') <= (SELECT date(time, 'unixepoch', 'localtime') FROM last)
),
periods (unit, time, until) AS (
    SELECT 'hour', time, time + 3600 FROM hours
    UNION ALL
    SELECT 'day', unixepoch(day, 'utc'), unixepoch(day, '+1 day', 'utc') FROM days
    UNION ALL
    SELECT 'month', unixepoch(day, 'utc'), unixepoch(day, '+1 month', 'utc') FROM months
),
rows (unit, time, until, start_row, end_row) AS (
    SELECT
        unit,
        time,
        until,
        coalesce((SELECT max(q.time) FROM p1_readouts AS q WHERE q.time <= periods.time), (SELECT time FROM first)),
        (SELECT max(q.time) FROM p1_readouts AS q WHERE q.time <= periods.until)
    FROM periods
),
gaps (unit, time, until, start_row, start_next, end_row, end_next) AS (
    SELECT
        unit,
        time,
        until,
        start_row,
        iif(time - start_row > 120, (SELECT min(q.time) FROM p1_readouts AS q WHERE q.time > rows.time), start_row),
        end_row,
        iif(until - end_row > 120, (SELECT min(q.time) FROM p1_readouts AS q WHERE q.time > rows.until), end_row)
    FROM rows
)
SELECT
    unit,
    time,
    until,
    start_row,
    start_next,
    iif(start_next > start_row, (time - start_row) * 1.0 / (start_next - start_row), 0.0) AS start_share,
    end_row,
    -- Behind the last row nothing is known yet.
    coalesce(end_next, end_row) AS end_next,
    iif(end_next > end_row, (until - end_row) * 1.0 / (end_next - end_row), 0.0) AS end_share
FROM gaps;
