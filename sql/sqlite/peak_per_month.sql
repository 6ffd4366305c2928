-- The Belgian capacity tariff: each month's highest quarter-hour as the meter itself keeps it (1-0:1.6.0), and what is
-- billed: the mean of the last twelve months, a month counting at least 2.5 kW. Months without a peak are left out.
DROP VIEW IF EXISTS peak_per_month;
CREATE VIEW peak_per_month AS
SELECT
    m.time,
    datetime(m.time, 'unixepoch', 'localtime') AS date_time,
    r.demand_month_peak AS peak_kW,
    r.demand_month_peak_time AS peak_time,
    avg(max(r.demand_month_peak, 2.5)) OVER (
        ORDER BY strftime('%Y', m.time, 'unixepoch', 'localtime') * 12
            + strftime('%m', m.time, 'unixepoch', 'localtime')
        RANGE BETWEEN 11 PRECEDING AND CURRENT ROW
    ) AS billed_kW
FROM p1_periods AS m
-- The last row by the meter's own clock: behind it the meter has begun anew.
CROSS JOIN p1_readouts AS r ON r.time = (
    SELECT q.time FROM p1_readouts AS q
    WHERE q.time >= m.time AND q.time < min(m.until, unixepoch() + 86400) AND coalesce(q.meter_time, q.time) < m.until
    ORDER BY q.time DESC LIMIT 1
)
WHERE m.unit = 'month' AND r.demand_month_peak IS NOT NULL;
