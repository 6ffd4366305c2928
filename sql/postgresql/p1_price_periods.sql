-- The periods, cut where a price within them begins, each part with the time of the price that it goes at, `price`:
-- NULL where none is known yet. A part has its boundaries in the table as a period has.

-- The parts of a period, with the rows on both sides of begin and end where these are cuts.
-- STRICT, so that PostgreSQL plans it apart: it would take every period for hundreds of parts, and read all rows at once.
CREATE OR REPLACE FUNCTION p1_cuts(since bigint, until bigint) RETURNS TABLE (
    start bigint, stop bigint, price bigint, row_at bigint, row_after bigint, end_at bigint, end_after bigint
) LANGUAGE sql STABLE STRICT ROWS 1
BEGIN ATOMIC
SELECT
    start,
    coalesce(lead(start) OVER w, until),
    price,
    row_at,
    row_after,
    lead(row_at) OVER w,
    lead(row_after) OVER w
FROM (
    SELECT since AS start, (SELECT max(time) FROM p1_prices WHERE time <= since) AS price, NULL AS row_at, NULL AS row_after
    UNION ALL
    SELECT p.time, p.time, coalesce(r.row_at, r.row_after), coalesce(r.row_after, r.row_at)
    FROM p1_prices AS p
    CROSS JOIN LATERAL (
        SELECT
            (
                SELECT max(time) FROM p1_readouts
                WHERE time <= least(p.time, extract(epoch FROM now())::bigint + 86400) AND time >= 1104537600
            ) AS row_at,
            (
                SELECT min(time) FROM p1_readouts
                WHERE time > greatest(p.time, 1104537599) AND time <= extract(epoch FROM now())::bigint + 86400
            ) AS row_after
        OFFSET 0
    ) AS r
    WHERE p.time > since AND p.time < until
) AS cuts
WINDOW w AS (ORDER BY start); END;

CREATE OR REPLACE VIEW p1_price_periods AS
SELECT
    k.unit,
    k.time AS period,
    c.start AS time,
    c.stop AS until,
    c.price,
    coalesce(c.row_at, k.start_row) AS start_row,
    coalesce(c.row_after, k.start_next) AS start_next,
    CASE
        WHEN c.row_at IS NULL THEN k.start_share
        WHEN c.row_after > c.row_at AND c.start - c.row_at > 120
        THEN (c.start - c.row_at)::float8 / (c.row_after - c.row_at)
        ELSE 0
    END AS start_share,
    coalesce(c.end_at, k.end_row) AS end_row,
    coalesce(c.end_after, k.end_next) AS end_next,
    CASE
        WHEN c.end_at IS NULL THEN k.end_share
        WHEN c.end_after > c.end_at AND c.stop - c.end_at > 120
        THEN (c.stop - c.end_at)::float8 / (c.end_after - c.end_at)
        ELSE 0
    END AS end_share
FROM p1_periods AS k
CROSS JOIN LATERAL p1_cuts(k.time, k.until) AS c;
