-- The Belgian capacity tariff: each month's highest quarter-hour as the meter itself keeps it (1-0:1.6.0), and what is
-- billed: the mean of the last twelve months, a month counting at least 2.5 kW. Months without a peak are left out.
CREATE OR REPLACE VIEW peak_per_month AS
SELECT
    m.time,
    to_timestamp(m.time)::timestamp AS date_time,
    r.demand_month_peak::float8 AS peak_kW,
    r.demand_month_peak_time AS peak_time,
    avg(greatest(r.demand_month_peak::float8, 2.5)) OVER (
        ORDER BY extract(year FROM to_timestamp(m.time)) * 12 + extract(month FROM to_timestamp(m.time))
        RANGE BETWEEN 11 PRECEDING AND CURRENT ROW
    ) AS billed_kW
FROM p1_periods AS m
-- The last row by the meter's own clock: behind it the meter has begun anew.
CROSS JOIN LATERAL (
    SELECT * FROM p1_readouts WHERE time >= m.time AND time < least(m.until, extract(epoch FROM now())::bigint + 86400)
        AND coalesce(meter_time, time) < m.until
    ORDER BY time DESC LIMIT 1
) AS r
WHERE m.unit = 'month' AND r.demand_month_peak IS NOT NULL;
