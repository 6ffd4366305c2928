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

-- [standing]
-- The days of the calendar that begin from `since` up to `until`; NULL where none does. The day within which the first
-- price of all begins counts as begun with it.
CREATE OR REPLACE FUNCTION p1_days(since bigint, until bigint) RETURNS bigint LANGUAGE sql STABLE
RETURN nullif(greatest(0, 1 + least(
    to_timestamp(until - 1)::date,
    to_timestamp((SELECT max(time) FROM p1_readouts WHERE time <= extract(epoch FROM now())::bigint + 86400))::date
) - greatest(
    CASE
        WHEN since = (SELECT min(time) FROM p1_prices) THEN to_timestamp(since)::date
        ELSE to_timestamp(since - 1)::date + 1
    END,
    to_timestamp((SELECT min(time) FROM p1_readouts WHERE time >= 1104537600))::date
)), 0);

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
sum(q.standing_day * p1_days(u.time, u.until))::float8

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
        sum({gas_m3}) AS gas_cost,
        sum({water_m3}) AS water_cost,
        sum({heat_GJ}) AS heat_cost,
        {standing} AS standing_cost
    FROM p1_price_usage AS u
    LEFT JOIN p1_prices AS q ON q.time = u.price
    WHERE u.unit = '{unit}'
    GROUP BY u.period
) AS c;
