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
