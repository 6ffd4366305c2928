-- The Belgian capacity tariff: each month's highest quarter-hour as the meter itself keeps it (1-0:1.6.0), and what is
-- billed: the mean of the last twelve months, a month counting at least 2.5 kW. Months without a peak are left out.
--
-- A month's peak is what the newest row of its last day says, `r`, of those that have one above 0, if there are any;
-- where the meter was replaced meanwhile, what the old one said last, `o`, if that is more. A row belongs to the month
-- of the meter's clock, if that is at most an hour away: behind its end the meter has begun anew. A meter that has not
-- yet done so says a peak of the month before. A home has none where no month begins or ends with a row that has one.
DROP VIEW IF EXISTS peak_per_month;
CREATE VIEW peak_per_month AS
SELECT
    m.time,
    datetime(m.time, 'unixepoch', 'localtime') AS date_time,
    m.peak AS peak_kW,
    m.peak_time,
    avg(max(m.peak, 2.5)) OVER (
        ORDER BY strftime('%Y', m.time, 'unixepoch', 'localtime') * 12
            + strftime('%m', m.time, 'unixepoch', 'localtime')
        RANGE BETWEEN 11 PRECEDING AND CURRENT ROW
    ) AS billed_kW
FROM (
    SELECT
        k.time,
        CASE
            WHEN o.demand_month_peak > coalesce(r.demand_month_peak, 0) THEN o.demand_month_peak
            ELSE r.demand_month_peak
        END AS peak,
        CASE
            WHEN o.demand_month_peak > coalesce(r.demand_month_peak, 0) THEN o.demand_month_peak_time
            ELSE r.demand_month_peak_time
        END AS peak_time
    FROM (
        SELECT
            k.time, k.until, k.end_row, a.meter_id, a.meter_id <> b.meter_id AS replaced,
            count(a.demand_month_peak) OVER () + count(b.demand_month_peak) OVER () > 0 AS known
        FROM p1_periods AS k
        CROSS JOIN p1_readouts AS a ON a.time = k.start_row
        CROSS JOIN p1_readouts AS b ON b.time = k.end_row
        WHERE k.unit = 'month'
    ) AS k
    LEFT JOIN p1_readouts AS r ON r.time = CASE
        WHEN k.known THEN coalesce(
            (
                SELECT q.time FROM p1_readouts AS q
                WHERE q.time >= max(k.time - 3600, k.end_row - 86400, 1104537600)
                    AND q.time < min(k.until + 3600, unixepoch() + 86400)
                    AND CASE WHEN q.meter_time BETWEEN q.time - 3600 AND q.time + 3600 THEN q.meter_time ELSE q.time END
                        BETWEEN k.time AND k.until - 1
                    AND q.demand_month_peak > 0
                    AND coalesce(q.demand_month_peak_time, 0) NOT BETWEEN k.time - 2678400 AND k.time
                ORDER BY q.time DESC LIMIT 1
            ),
            (
                SELECT q.time FROM p1_readouts AS q
                WHERE q.time >= max(k.time - 3600, k.end_row - 86400, 1104537600)
                    AND q.time < min(k.until + 3600, unixepoch() + 86400)
                    AND CASE WHEN q.meter_time BETWEEN q.time - 3600 AND q.time + 3600 THEN q.meter_time ELSE q.time END
                        BETWEEN k.time AND k.until - 1
                    AND q.demand_month_peak = 0
                ORDER BY q.time DESC LIMIT 1
            )
        )
    END
    LEFT JOIN p1_readouts AS o ON o.time = CASE
        WHEN k.known AND k.replaced THEN (
            SELECT q.time FROM p1_readouts AS q
            WHERE q.time >= max(k.time - 3600, 1104537600)
                AND q.time < min(k.until + 3600, unixepoch() + 86400)
                AND CASE WHEN q.meter_time BETWEEN q.time - 3600 AND q.time + 3600 THEN q.meter_time ELSE q.time END
                    BETWEEN k.time AND k.until - 1
                AND q.demand_month_peak > 0 AND q.meter_id = k.meter_id
                AND coalesce(q.demand_month_peak_time, 0) NOT BETWEEN k.time - 2678400 AND k.time
            ORDER BY q.time DESC LIMIT 1
        )
    END
    WHERE coalesce(r.time, o.time) IS NOT NULL
) AS m;
