-- The hours, days and months, in the session's time zone, from the first row to the last: from `time` up to `until`.
--
-- The registers at `time` are those of the newest row at or before it, `start_row`, which the row behind it,
-- `start_next`, may contradict. Where the former is more than two minutes old the boundary lies in a gap: then
-- `start_share` says how far between the two, 0 to 1. Likewise `end_row`, `end_next` and `end_share` for `until`.
CREATE OR REPLACE VIEW p1_periods AS
WITH
span AS (
    SELECT first, last, to_timestamp(first)::timestamp AS start, to_timestamp(last)::timestamp AS stop
    FROM (
        SELECT
            (SELECT min(time) FROM p1_readouts WHERE time >= 1104537600) AS first,
            (SELECT max(time) FROM p1_readouts WHERE time <= extract(epoch FROM now())::bigint + 86400) AS last
    ) AS sane
    WHERE first <= last
),
periods AS (
    SELECT 'hour' AS unit, h AS time, h + 3600 AS until
    FROM span, generate_series(first - extract(epoch FROM start - date_trunc('hour', start))::bigint, last, 3600) AS h
    UNION ALL
    SELECT
        'day',
        extract(epoch FROM d::timestamptz)::bigint,
        extract(epoch FROM (d + interval '1 day')::timestamptz)::bigint
    FROM span, generate_series(date_trunc('day', start), stop, interval '1 day') AS d
    UNION ALL
    SELECT
        'month',
        extract(epoch FROM m::timestamptz)::bigint,
        extract(epoch FROM (m + interval '1 month')::timestamptz)::bigint
    FROM span, generate_series(date_trunc('month', start), stop, interval '1 month') AS m
)
SELECT
    k.unit,
    k.time,
    k.until,
    s.start_row,
    n.start_next,
    CASE WHEN n.start_next > s.start_row AND k.time - s.start_row > 120
        THEN (k.time - s.start_row)::float8 / (n.start_next - s.start_row) ELSE 0 END AS start_share,
    s.end_row,
    n.end_next,
    CASE WHEN n.end_next > s.end_row AND k.until - s.end_row > 120
        THEN (k.until - s.end_row)::float8 / (n.end_next - s.end_row) ELSE 0 END AS end_share
FROM periods AS k
-- OFFSET 0: each of these is looked up once, not once for every column that it goes into.
CROSS JOIN LATERAL (
    SELECT
        coalesce(
            (SELECT max(time) FROM p1_readouts WHERE time <= k.time AND time >= (SELECT first FROM span)),
            (SELECT first FROM span)
        ) AS start_row,
        (SELECT max(time) FROM p1_readouts WHERE time <= least(k.until, (SELECT last FROM span))) AS end_row
    OFFSET 0
) AS s
CROSS JOIN LATERAL (
    SELECT
        coalesce(
            (SELECT min(time) FROM p1_readouts WHERE time > k.time AND time <= (SELECT last FROM span)), s.start_row
        ) AS start_next,
        -- Behind the last row nothing is known yet.
        coalesce(
            (SELECT min(time) FROM p1_readouts WHERE time > k.until AND time <= (SELECT last FROM span)), s.end_row
        ) AS end_next
    OFFSET 0
) AS n;
