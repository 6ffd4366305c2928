-- The Belgian capacity tariff: each month's highest quarter-hour as the meter itself keeps it (1-0:1.6.0), and what is
-- billed: the mean of the last twelve months, a month counting at least 2.5 kW. Months without a peak are left out.

-- The time of the last row from `since` up to `until`, by the meter's own clock: behind it the meter has begun anew.
DROP FUNCTION IF EXISTS p1_last_within;
CREATE FUNCTION p1_last_within(since BIGINT, until BIGINT) RETURNS BIGINT READS SQL DATA
RETURN (
    SELECT time FROM p1_readouts WHERE time >= since AND time < LEAST(until, UNIX_TIMESTAMP() + 86400) AND COALESCE(meter_time, time) < until
    ORDER BY time DESC LIMIT 1
);

CREATE OR REPLACE VIEW peak_per_month AS
SELECT
    m.time,
    FROM_UNIXTIME(m.time) AS date_time,
    r.demand_month_peak + 0e0 AS peak_kW,
    r.demand_month_peak_time AS peak_time,
    AVG(GREATEST(r.demand_month_peak + 0e0, 2.5e0)) OVER (
        ORDER BY YEAR(FROM_UNIXTIME(m.time)) * 12 + MONTH(FROM_UNIXTIME(m.time))
        RANGE BETWEEN 11 PRECEDING AND CURRENT ROW
    ) AS billed_kW
FROM p1_periods AS m
STRAIGHT_JOIN JSON_TABLE(CAST(p1_last_within(m.time, m.until) AS CHAR), '$' COLUMNS (time BIGINT PATH '$')) AS last
STRAIGHT_JOIN p1_readouts AS r ON r.time = last.time
WHERE m.unit = 'month' AND r.demand_month_peak IS NOT NULL;
