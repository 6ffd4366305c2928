-- [p1_prices]
-- What the supplier asks, and pays for what is injected, from `time` on until the next row: yours to fill, see
-- sql/README.md. Without prices 2 to 4 all tariffs go at price 1; a price that is NULL is not known.
CREATE TABLE IF NOT EXISTS p1_prices (
    time bigint NOT NULL,
{price},
    PRIMARY KEY (time)
);

-- [price]
    {column} numeric(16, 8)

-- [p1_price_periods]
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

-- [share]

-- [standing]
-- What an hour costs even if nothing is used: its share of the first price of its day.
CREATE OR REPLACE FUNCTION p1_standing(t bigint) RETURNS float8 LANGUAGE sql STABLE
RETURN (
    SELECT p.standing_day * 3600 / extract(epoch FROM (d.day + interval '1 day')::timestamptz - d.day::timestamptz)
    FROM (SELECT date_trunc('day', to_timestamp(t)::timestamp) AS day) AS d
    JOIN p1_prices AS p ON p.time = coalesce(
        (SELECT max(q.time) FROM p1_prices AS q WHERE q.time <= extract(epoch FROM d.day::timestamptz)::bigint),
        (SELECT min(q.time) FROM p1_prices AS q)
    )
);

-- [standing_hour]
CASE WHEN max(u.price) IS NOT NULL THEN p1_standing(u.period) END

-- [standing_day]
-- For each day of the calendar that begins at that price. The day within which the first price of all begins counts
        -- as begun with it.
        sum(q.standing_day * nullif(greatest(0, 1 + least(to_timestamp(u.until - 1)::date, s.last_day) - greatest(
            CASE
                WHEN u.time = s.first_price THEN to_timestamp(u.time)::date
                ELSE to_timestamp(u.time - 1)::date + 1
            END,
            s.first_day
        )), 0))::float8

-- [span]
    CROSS JOIN (
        SELECT
            to_timestamp((SELECT min(time) FROM p1_readouts WHERE time >= 1104537600))::date AS first_day,
            to_timestamp(
                (SELECT max(time) FROM p1_readouts WHERE time <= extract(epoch FROM now())::bigint + 86400)
            )::date AS last_day,
            (SELECT min(time) FROM p1_prices) AS first_price
    ) AS s

-- [cost_per]
-- What each {unit} cost: what was used between two changes of price, times that price. Before the first it is NULL.
CREATE OR REPLACE VIEW cost_per_{unit} AS
SELECT
    time,
    to_timestamp(time)::timestamp AS date_time,
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
        sum(
            {use}
        ) AS use_cost,
        0 - sum(
            {injection}
        ) AS injection_cost,
        sum(q.gas_m3 * u.gas_m3) AS gas_cost,
        sum(q.water_m3 * u.water_m3) AS water_cost,
        sum(q.heat_GJ * u.heat_GJ) AS heat_cost,
        {standing} AS standing_cost
    FROM p1_price_usage AS u
    LEFT JOIN p1_prices AS q ON q.time = u.price{span}
    WHERE u.unit = '{unit}'
    GROUP BY u.period
) AS c;
