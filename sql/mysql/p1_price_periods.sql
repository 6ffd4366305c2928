-- The periods, cut where a price within them begins, each part with the time of the price that it goes at, `price`:
-- NULL where that is not known yet. A part has its boundaries in the table as a period has.

-- The parts of a period as JSON: begin, end, price, and the rows on both sides of begin and end where these are cuts.
DROP FUNCTION IF EXISTS p1_cuts;
CREATE FUNCTION p1_cuts(since BIGINT, until BIGINT) RETURNS LONGTEXT READS SQL DATA
RETURN CASE
    WHEN EXISTS (SELECT 1 FROM p1_prices AS p WHERE p.time > since AND p.time < until)
    THEN (
        SELECT JSON_ARRAYAGG(JSON_ARRAY(start, stop, price, row_at, row_after, end_at, end_after))
        FROM (
            SELECT
                start,
                COALESCE(LEAD(start) OVER w, until) AS stop,
                price,
                row_at,
                row_after,
                LEAD(row_at) OVER w AS end_at,
                LEAD(row_after) OVER w AS end_after
            FROM (
                SELECT
                    since AS start,
                    (SELECT MAX(p.time) FROM p1_prices AS p WHERE p.time <= since) AS price,
                    NULL AS row_at,
                    NULL AS row_after
                UNION ALL
                SELECT
                    p.time,
                    p.time,
                    COALESCE(p1_time_at(p.time), p1_time_after(p.time)),
                    COALESCE(p1_time_after(p.time), p1_time_at(p.time))
                FROM p1_prices AS p WHERE p.time > since AND p.time < until
            ) AS cuts
            WINDOW w AS (ORDER BY start)
        ) AS parts
    )
    ELSE JSON_ARRAY(JSON_ARRAY(since, until, (SELECT MAX(p.time) FROM p1_prices AS p WHERE p.time <= since)))
END;

CREATE OR REPLACE VIEW p1_price_periods AS
SELECT
    k.unit,
    k.time AS period,
    c.start AS time,
    c.stop AS until,
    c.price,
    COALESCE(c.row_at, k.start_row) AS start_row,
    COALESCE(c.row_after, k.start_next) AS start_next,
    CASE
        WHEN c.row_at IS NULL THEN k.start_share
        WHEN c.row_after > c.row_at AND c.start - c.row_at > 120
        THEN (c.start - c.row_at) * 1e0 / (c.row_after - c.row_at)
        ELSE 0e0
    END AS start_share,
    COALESCE(c.end_at, k.end_row) AS end_row,
    COALESCE(c.end_after, k.end_next) AS end_next,
    CASE
        WHEN c.end_at IS NULL THEN k.end_share
        WHEN c.end_after > c.end_at AND c.stop - c.end_at > 120
        THEN (c.stop - c.end_at) * 1e0 / (c.end_after - c.end_at)
        ELSE 0e0
    END AS end_share
FROM p1_periods AS k
STRAIGHT_JOIN JSON_TABLE(
    p1_cuts(k.time, k.until),
    '$[*]' COLUMNS (
        start BIGINT PATH '$[0]',
        stop BIGINT PATH '$[1]',
        price BIGINT PATH '$[2]',
        row_at BIGINT PATH '$[3]',
        row_after BIGINT PATH '$[4]',
        end_at BIGINT PATH '$[5]',
        end_after BIGINT PATH '$[6]'
    )
) AS c;
