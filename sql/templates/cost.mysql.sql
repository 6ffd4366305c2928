-- [p1_prices]
-- What the supplier asks, and pays for what is injected, from `time` on until the next row: yours to fill, see
-- sql/README.md. Without prices 2 to 4 all tariffs go at price 1; a price that is NULL is not known.
CREATE TABLE IF NOT EXISTS p1_prices (
    time BIGINT NOT NULL,
{price},
    PRIMARY KEY (time)
);

-- [price]
    {column} DECIMAL(16, 8)

-- [p1_price_periods]
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

-- [share]

-- [standing]
-- What an hour costs even if nothing is used: its share of the first price of its day.
DROP FUNCTION IF EXISTS p1_standing;
CREATE FUNCTION p1_standing(t BIGINT) RETURNS DOUBLE READS SQL DATA
RETURN (
    SELECT standing_day * 3600e0 / (
        UNIX_TIMESTAMP(DATE(FROM_UNIXTIME(t)) + INTERVAL 1 DAY) - UNIX_TIMESTAMP(DATE(FROM_UNIXTIME(t)))
    )
    FROM p1_prices
    WHERE time = COALESCE(
        (SELECT MAX(p.time) FROM p1_prices AS p WHERE p.time <= UNIX_TIMESTAMP(DATE(FROM_UNIXTIME(t)))),
        (SELECT MIN(p.time) FROM p1_prices AS p)
    )
);

-- [standing_hour]
CASE WHEN MAX(u.price) IS NOT NULL THEN p1_standing(u.period) END

-- [standing_day]
-- For each day of the calendar that begins at that price. The day within which the first price of all begins counts
        -- as begun with it.
        SUM(q.standing_day * NULLIF(GREATEST(0, 1 + DATEDIFF(
            LEAST(FROM_UNIXTIME(u.until - 1), s.last_row),
            GREATEST(
                CASE
                    WHEN u.time = s.first_price THEN FROM_UNIXTIME(u.time)
                    ELSE FROM_UNIXTIME(u.time - 1) + INTERVAL 1 DAY
                END,
                s.first_row
            )
        )), 0)) + 0e0

-- [span]
    STRAIGHT_JOIN (
        SELECT
            FROM_UNIXTIME(MIN(time)) AS first_row,
            FROM_UNIXTIME(MAX(time)) AS last_row,
            (SELECT MIN(time) FROM p1_prices) AS first_price
        FROM p1_readouts WHERE time >= 1104537600 AND time <= UNIX_TIMESTAMP() + 86400
    ) AS s

-- [cost_per]
-- What each {unit} cost: what was used between two changes of price, times that price. Before the first it is NULL.
CREATE OR REPLACE VIEW cost_per_{unit} AS
SELECT
    time,
    FROM_UNIXTIME(time) AS date_time,
    use_cost,
    injection_cost,
    gas_cost,
    water_cost,
    heat_cost,
    standing_cost,
    {total} AS total_cost
FROM (
    SELECT
        u.period AS time,
        SUM(
            {use}
        ) AS use_cost,
        0 - SUM(
            {injection}
        ) AS injection_cost,
        SUM(q.gas_m3 * u.gas_m3) AS gas_cost,
        SUM(q.water_m3 * u.water_m3) AS water_cost,
        SUM(q.heat_GJ * u.heat_GJ) AS heat_cost,
        {standing} AS standing_cost
    FROM p1_price_usage AS u
    LEFT JOIN p1_prices AS q ON q.time = u.price{span}
    WHERE u.unit = '{unit}'
    GROUP BY u.period
) AS c;
