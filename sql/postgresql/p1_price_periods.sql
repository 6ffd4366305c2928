-- The periods, cut where a price within them begins, each part with the time of the price that it goes at, `price`:
-- NULL where none is known yet. A part has its boundaries in the table as a period has.
CREATE OR REPLACE VIEW p1_price_periods AS
SELECT
    k.unit,
    k.time AS period,
    c.time,
    c.until,
    c.price,
    c.start_row,
    c.start_next,
    CASE WHEN c.start_next > c.start_row AND c.time - c.start_row > 120
        THEN (c.time - c.start_row)::float8 / (c.start_next - c.start_row) ELSE 0 END AS start_share,
    c.end_row,
    c.end_next,
    CASE WHEN c.end_next > c.end_row AND c.until - c.end_row > 120
        THEN (c.until - c.end_row)::float8 / (c.end_next - c.end_row) ELSE 0 END AS end_share
FROM p1_periods AS k
CROSS JOIN LATERAL (
    SELECT
        q.start AS time,
        coalesce(lead(q.start) OVER w, k.until) AS until,
        q.price,
        coalesce(q.row_at, q.row_after) AS start_row,
        coalesce(q.row_after, q.row_at) AS start_next,
        coalesce(lead(coalesce(q.row_at, q.row_after)) OVER w, k.end_row) AS end_row,
        coalesce(lead(coalesce(q.row_after, q.row_at)) OVER w, k.end_next) AS end_next
    FROM (
        SELECT
            k.time AS start,
            (SELECT max(p.time) FROM p1_prices AS p WHERE p.time <= k.time) AS price,
            k.start_row AS row_at,
            k.start_next AS row_after
        UNION ALL
        SELECT
            p.time,
            p.time,
            (
                SELECT max(r.time) FROM p1_readouts AS r
                WHERE r.time <= least(p.time, extract(epoch FROM now())::bigint + 86400) AND r.time >= 1104537600
            ),
            (
                SELECT min(r.time) FROM p1_readouts AS r
                WHERE r.time > greatest(p.time, 1104537599) AND r.time <= extract(epoch FROM now())::bigint + 86400
            )
        FROM p1_prices AS p WHERE p.time > k.time AND p.time < k.until
    ) AS q
    WINDOW w AS (ORDER BY q.start)
) AS c;
