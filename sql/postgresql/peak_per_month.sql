-- The Belgian capacity tariff: each month's highest quarter-hour as the meter itself keeps it (1-0:1.6.0), and what is
-- billed: the mean of the last twelve months, a month counting at least 2.5 kW. Months without a peak are left out.
--
-- A month's peak is what the newest row of its last day says, `r`, of those that have one above 0, if there are any;
-- where the meter was replaced meanwhile, what the old one said last, `o`, if that is more. A row belongs to the month
-- of the meter's clock, if that is at most an hour away: behind its end the meter has begun anew. A meter that has not
-- yet done so says a peak of the month before. A home has none where no month begins or ends with a row that has one.

-- The time of the newest row of the month from `since` up to `until`, not before `oldest`, whose peak is `low` or
-- more, of that meter (NULL: of any).
CREATE OR REPLACE FUNCTION p1_last_within(since bigint, until bigint, oldest bigint, low float8, meter bigint)
RETURNS bigint LANGUAGE sql STABLE
RETURN (
    SELECT time FROM p1_readouts
    WHERE time >= greatest(since - 3600, oldest, 1104537600)
        AND time < least(until + 3600, extract(epoch FROM now())::bigint + 86400)
        AND CASE WHEN meter_time BETWEEN time - 3600 AND time + 3600 THEN meter_time ELSE time END
            BETWEEN since AND until - 1
        AND demand_month_peak >= low
        AND (demand_month_peak = 0 OR coalesce(demand_month_peak_time, 0) NOT BETWEEN since - 2678400 AND since)
        AND (meter IS NULL OR meter_id = meter)
    ORDER BY time DESC LIMIT 1
);

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
    FROM (
        SELECT
            k.time, k.until, k.end_row, a.meter_id, a.meter_id <> b.meter_id AS replaced,
            count(a.demand_month_peak) OVER () + count(b.demand_month_peak) OVER () > 0 AS known
        FROM p1_periods AS k
        JOIN p1_readouts AS a ON a.time = k.start_row
        JOIN p1_readouts AS b ON b.time = k.end_row
        WHERE k.unit = 'month'
    ) AS k
    LEFT JOIN p1_readouts AS r ON r.time = CASE
        WHEN k.known THEN coalesce(
            p1_last_within(k.time, k.until, k.end_row - 86400, 0.0005, NULL),
            p1_last_within(k.time, k.until, k.end_row - 86400, 0, NULL)
        )
    END
    LEFT JOIN p1_readouts AS o ON o.time = CASE
        WHEN k.known AND k.replaced THEN p1_last_within(k.time, k.until, 0, 0.0005, k.meter_id)
    END
    WHERE coalesce(r.time, o.time) IS NOT NULL
) AS m;
