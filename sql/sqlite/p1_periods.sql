-- The hours, days and months, in local time, from the first row to the last: from `time` up to `until`.
--
-- The registers at `time` are those of the newest row at or before it, `start_row`, which the row behind it,
-- `start_next`, may contradict. Where the former is more than two minutes old the boundary lies in a gap: then
-- `start_share` says how far between the two, 0 to 1. Likewise `end_row`, `end_next` and `end_share` for `until`.
DROP VIEW IF EXISTS p1_periods;
CREATE VIEW p1_periods AS
WITH RECURSIVE
first (time) AS (SELECT min(time) FROM p1_readouts WHERE time >= 1104537600 AND time <= unixepoch() + 86400),
last (time) AS (SELECT max(time) FROM p1_readouts WHERE time >= 1104537600 AND time <= unixepoch() + 86400),
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
rows (unit, time, until, start_row, start_next, end_row, end_next) AS (
    SELECT
        unit,
        time,
        until,
        (SELECT max(q.time) FROM p1_readouts AS q WHERE q.time <= p.time AND q.time >= (SELECT time FROM first)),
        (SELECT min(q.time) FROM p1_readouts AS q WHERE q.time > p.time AND q.time <= (SELECT time FROM last)),
        (SELECT max(q.time) FROM p1_readouts AS q WHERE q.time <= min(p.until, (SELECT time FROM last))),
        (SELECT min(q.time) FROM p1_readouts AS q WHERE q.time > p.until AND q.time <= (SELECT time FROM last))
    FROM periods AS p
),
known (unit, time, until, start_row, start_next, end_row, end_next) AS (
    -- Before the first row, and behind the last, nothing is known.
    SELECT
        unit,
        time,
        until,
        coalesce(start_row, start_next),
        coalesce(start_next, start_row),
        end_row,
        coalesce(end_next, end_row)
    FROM rows
)
SELECT
    unit,
    time,
    until,
    start_row,
    start_next,
    iif(start_next > start_row AND time - start_row > 120, (time - start_row) * 1.0 / (start_next - start_row), 0.0)
        AS start_share,
    end_row,
    end_next,
    iif(end_next > end_row AND until - end_row > 120, (until - end_row) * 1.0 / (end_next - end_row), 0.0)
        AS end_share
FROM known;
