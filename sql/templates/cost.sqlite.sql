-- [p1_prices]
-- What the supplier asks, and pays for what is injected, from `time` on until the next row: yours to fill, see
-- sql/README.md. Without prices 2 to 4 all tariffs go at price 1; a price that is NULL is not known.
CREATE TABLE IF NOT EXISTS p1_prices (
    time INTEGER PRIMARY KEY NOT NULL,
{price}
);

-- [price]
    {column} REAL

-- [p1_price_periods]
-- The periods, cut where a price within them begins, each part with the time of the price that it goes at, `price`:
-- NULL where none is known yet. A part has its boundaries in the table as a period has.
DROP VIEW IF EXISTS p1_price_periods;
CREATE VIEW p1_price_periods AS
WITH
parts (unit, period, period_end, time, until, price, start_row, start_next, end_row, end_next, start_share, end_share) AS (
    SELECT
        k.unit,
        k.time,
        k.until,
        max(k.time, coalesce(p.time, 0)),
        min(k.until, coalesce((SELECT min(q.time) FROM p1_prices AS q WHERE q.time > max(k.time, coalesce(p.time, 0))), k.until)),
        p.time,
        k.start_row,
        k.start_next,
        k.end_row,
        k.end_next,
        k.start_share,
        k.end_share
    FROM p1_periods AS k
    LEFT JOIN p1_prices AS p ON p.time < k.until
        AND p.time >= coalesce((SELECT max(q.time) FROM p1_prices AS q WHERE q.time <= k.time), k.time)
),
sane (first, last) AS (
    SELECT
        (SELECT min(time) FROM p1_readouts WHERE time >= 1104537600),
        (SELECT max(time) FROM p1_readouts WHERE time <= unixepoch() + 86400)
),
rows (unit, period, time, until, price, start_row, start_next, start_share, end_row, end_next, end_share) AS (
    SELECT
        unit,
        period,
        time,
        until,
        price,
        iif(time = period, start_row, max((SELECT first FROM sane), coalesce(
            (SELECT max(r.time) FROM p1_readouts AS r WHERE r.time <= min(c.time, (SELECT last FROM sane))), 0
        ))),
        iif(time = period, start_next, coalesce(
            (
                SELECT min(r.time) FROM p1_readouts AS r
                WHERE r.time > max(c.time, 1104537599) AND r.time <= (SELECT last FROM sane)
            ),
            (SELECT last FROM sane)
        )),
        iif(time = period, start_share, -1),
        iif(until = period_end, end_row, max((SELECT first FROM sane), coalesce(
            (SELECT max(r.time) FROM p1_readouts AS r WHERE r.time <= min(c.until, (SELECT last FROM sane))), 0
        ))),
        iif(until = period_end, end_next, coalesce(
            (
                SELECT min(r.time) FROM p1_readouts AS r
                WHERE r.time > max(c.until, 1104537599) AND r.time <= (SELECT last FROM sane)
            ),
            (SELECT last FROM sane)
        )),
        iif(until = period_end, end_share, -1)
    FROM parts AS c
)
SELECT
    unit,
    period,
    time,
    until,
    price,
    start_row,
    start_next,
    CASE
        WHEN start_share >= 0 THEN start_share
        WHEN start_next > start_row AND time - start_row > 120 THEN (time - start_row) * 1.0 / (start_next - start_row)
        ELSE 0.0
    END AS start_share,
    end_row,
    end_next,
    CASE
        WHEN end_share >= 0 THEN end_share
        WHEN end_next > end_row AND until - end_row > 120 THEN (until - end_row) * 1.0 / (end_next - end_row)
        ELSE 0.0
    END AS end_share
FROM rows;

-- [share]
iif({next}.time > {row}.time AND {moment} - {row}.time > 120, ({moment} - {row}.time) * 1.0 / ({next}.time - {row}.time), 0.0)

-- [standing]

-- [standing_hour]
CASE
            -- An hour's share of the first price of its day.
            WHEN max(u.price) IS NOT NULL
            THEN (
                SELECT p.standing_day * 3600.0 / (
                    unixepoch(u.period, 'unixepoch', 'localtime', 'start of day', '+1 day', 'utc')
                    - unixepoch(u.period, 'unixepoch', 'localtime', 'start of day', 'utc')
                )
                FROM p1_prices AS p
                WHERE p.time = coalesce(
                    (
                        SELECT max(n.time) FROM p1_prices AS n
                        WHERE n.time <= unixepoch(u.period, 'unixepoch', 'localtime', 'start of day', 'utc')
                    ),
                    (SELECT min(n.time) FROM p1_prices AS n)
                )
            )
        END

-- [standing_day]
-- For each day of the calendar that begins at that price. The day within which the first price of all begins counts
        -- as begun with it.
        sum(q.standing_day * nullif(max(0, 1 + julianday(min(
            date(u.until - 1, 'unixepoch', 'localtime'),
            (SELECT date(max(time), 'unixepoch', 'localtime') FROM p1_readouts WHERE time <= unixepoch() + 86400)
        )) - julianday(max(
            CASE
                WHEN u.time = (SELECT min(time) FROM p1_prices) THEN date(u.time, 'unixepoch', 'localtime')
                ELSE date(u.time - 1, 'unixepoch', 'localtime', '+1 day')
            END,
            (SELECT date(min(time), 'unixepoch', 'localtime') FROM p1_readouts WHERE time >= 1104537600)
        ))), 0))

-- [span]

-- [cost_per]
-- What each {unit} cost: what was used between two changes of price, times that price. Before the first it is NULL.
DROP VIEW IF EXISTS cost_per_{unit};
CREATE VIEW cost_per_{unit} AS
SELECT
    time,
    datetime(time, 'unixepoch', 'localtime') AS date_time,
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
