-- The Belgian capacity tariff: each month's highest quarter-hour as the meter itself keeps it (1-0:1.6.0), and what is
-- billed: the mean of the last twelve months, a month counting at least 2.5 kW. Months without a peak are left out.
--
-- A month's peak is what the newest row of its last day says, `r`, of those that have one above 0, if there are any;
-- where the meter was replaced meanwhile, what the old one said last, `o`, if that is more. A row belongs to the month
-- of the meter's clock, if that is at most an hour away: behind its end the meter has begun anew. A meter that has not
-- yet done so says a peak of the month before.
CREATE OR REPLACE VIEW peak_per_month AS
SELECT
    m.time,
    to_timestamp(m.time)::timestamp AS date_time,
    m.peak AS peak_kW,
    m.peak_time,
    avg(greatest(m.peak, 2.5)) OVER (
        ORDER BY extract(year FROM to_timestamp(m.time)) * 12 + extract(month FROM to_timestamp(m.time))
        RANGE BETWEEN 11 PRECEDING AND CURRENT ROW
    ) AS billed_kW
FROM (
    SELECT
        k.time,
        CASE
            WHEN o.demand_month_peak > coalesce(r.demand_month_peak, 0) THEN o.demand_month_peak
            ELSE r.demand_month_peak
        END::float8 AS peak,
        CASE
            WHEN o.demand_month_peak > coalesce(r.demand_month_peak, 0) THEN o.demand_month_peak_time
            ELSE r.demand_month_peak_time
        END AS peak_time
    FROM p1_periods AS k
    JOIN p1_readouts AS a ON a.time = k.start_row
    JOIN p1_readouts AS b ON b.time = k.end_row
    LEFT JOIN p1_readouts AS r ON r.time = coalesce(
        (
            SELECT q.time FROM p1_readouts AS q
            WHERE q.time >= greatest(k.time - 3600, k.end_row - 86400, 1104537600)
                AND q.time < least(k.until + 3600, extract(epoch FROM now())::bigint + 86400)
                AND CASE WHEN q.meter_time BETWEEN q.time - 3600 AND q.time + 3600 THEN q.meter_time ELSE q.time END
                    BETWEEN k.time AND k.until - 1
                AND q.demand_month_peak > 0
                AND coalesce(q.demand_month_peak_time, 0) NOT BETWEEN k.time - 2678400 AND k.time
            ORDER BY q.time DESC LIMIT 1
        ),
        (
            SELECT q.time FROM p1_readouts AS q
            WHERE q.time >= greatest(k.time - 3600, k.end_row - 86400, 1104537600)
                AND q.time < least(k.until + 3600, extract(epoch FROM now())::bigint + 86400)
                AND CASE WHEN q.meter_time BETWEEN q.time - 3600 AND q.time + 3600 THEN q.meter_time ELSE q.time END
                    BETWEEN k.time AND k.until - 1
                AND q.demand_month_peak = 0
            ORDER BY q.time DESC LIMIT 1
        )
    )
    LEFT JOIN p1_readouts AS o ON o.time = CASE
        WHEN a.meter_id <> b.meter_id THEN (
            SELECT q.time FROM p1_readouts AS q
            WHERE q.time >= greatest(k.time - 3600, 1104537600)
                AND q.time < least(k.until + 3600, extract(epoch FROM now())::bigint + 86400)
                AND CASE WHEN q.meter_time BETWEEN q.time - 3600 AND q.time + 3600 THEN q.meter_time ELSE q.time END
                    BETWEEN k.time AND k.until - 1
                AND q.demand_month_peak > 0 AND q.meter_id = a.meter_id
                AND coalesce(q.demand_month_peak_time, 0) NOT BETWEEN k.time - 2678400 AND k.time
            ORDER BY q.time DESC LIMIT 1
        )
    END
    WHERE k.unit = 'month' AND coalesce(r.time, o.time) IS NOT NULL
) AS m;
