-- What was used in each of `p1_periods`: the difference of the meter's registers between its two boundaries.
--
-- Where that cannot be taken (another meter, at the end or meanwhile: `x`; a register that dropped; rows without
-- registers) the period's steps are added up instead, the two that reach across its boundaries by their share. What no
-- boundary knows is NULL.

-- A row of another meter between two times, by the index on the meters' numbers. `meters` are all that there are, as JSON:
-- within a function that has to be looked up, MariaDB may read the whole index, and does so for every period.
DROP FUNCTION IF EXISTS p1_swapped;
CREATE FUNCTION p1_swapped(since BIGINT, until BIGINT, meter BIGINT, gas_meter BIGINT, meters LONGTEXT) RETURNS BIGINT READS SQL DATA
RETURN (
    SELECT r.time
    FROM JSON_TABLE(meters, '$[*]' COLUMNS (meter_id BIGINT PATH '$[0]', gas_meter_id BIGINT PATH '$[1]')) AS m
    STRAIGHT_JOIN p1_readouts AS r
        ON r.meter_id = m.meter_id AND r.gas_meter_id <=> m.gas_meter_id AND r.time > since AND r.time < until
    WHERE m.meter_id <> meter OR m.gas_meter_id <> gas_meter
    LIMIT 1
);

CREATE OR REPLACE VIEW p1_usage AS
SELECT
    k.unit,
    k.time,
    FROM_UNIXTIME(k.time) AS date_time,
    CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.use_reading > 0 OR bn.use_reading = 0)
            AND a.use_reading <= an.use_reading
            AND a.use_reading <= b.use_reading
            AND an.use_reading <= bn.use_reading
            AND b.use_reading <= bn.use_reading
            AND bn.use_reading - a.use_reading <= 60 * least((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.use_reading - a.use_reading <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.use_reading - b.use_reading <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.use_reading + k.end_share * (bn.use_reading - b.use_reading) - (a.use_reading + k.start_share * (an.use_reading - a.use_reading))
        WHEN COALESCE(
            a.use_reading, an.use_reading, b.use_reading, bn.use_reading,
            a.net_use, an.net_use, b.net_use, bn.net_use
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'use_kWh', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END + 0e0 AS use_kWh,
    CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.use_reading_1 > 0 OR bn.use_reading_1 = 0)
            AND a.use_reading_1 <= an.use_reading_1
            AND a.use_reading_1 <= b.use_reading_1
            AND an.use_reading_1 <= bn.use_reading_1
            AND b.use_reading_1 <= bn.use_reading_1
            AND bn.use_reading_1 - a.use_reading_1 <= 60 * least((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.use_reading_1 - a.use_reading_1 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.use_reading_1 - b.use_reading_1 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.use_reading_1 + k.end_share * (bn.use_reading_1 - b.use_reading_1) - (a.use_reading_1 + k.start_share * (an.use_reading_1 - a.use_reading_1))
        WHEN COALESCE(
            a.use_reading_1, an.use_reading_1, b.use_reading_1, bn.use_reading_1
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'use_kWh_1', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END + 0e0 AS use_kWh_1,
    CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.use_reading_2 > 0 OR bn.use_reading_2 = 0)
            AND a.use_reading_2 <= an.use_reading_2
            AND a.use_reading_2 <= b.use_reading_2
            AND an.use_reading_2 <= bn.use_reading_2
            AND b.use_reading_2 <= bn.use_reading_2
            AND bn.use_reading_2 - a.use_reading_2 <= 60 * least((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.use_reading_2 - a.use_reading_2 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.use_reading_2 - b.use_reading_2 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.use_reading_2 + k.end_share * (bn.use_reading_2 - b.use_reading_2) - (a.use_reading_2 + k.start_share * (an.use_reading_2 - a.use_reading_2))
        WHEN COALESCE(
            a.use_reading_2, an.use_reading_2, b.use_reading_2, bn.use_reading_2
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'use_kWh_2', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END + 0e0 AS use_kWh_2,
    CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.injection_reading > 0 OR bn.injection_reading = 0)
            AND a.injection_reading <= an.injection_reading
            AND a.injection_reading <= b.injection_reading
            AND an.injection_reading <= bn.injection_reading
            AND b.injection_reading <= bn.injection_reading
            AND bn.injection_reading - a.injection_reading <= 60 * least((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.injection_reading - a.injection_reading <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.injection_reading - b.injection_reading <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.injection_reading + k.end_share * (bn.injection_reading - b.injection_reading) - (a.injection_reading + k.start_share * (an.injection_reading - a.injection_reading))
        WHEN COALESCE(
            a.injection_reading, an.injection_reading, b.injection_reading, bn.injection_reading,
            a.net_injection, an.net_injection, b.net_injection, bn.net_injection
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'injection_kWh', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END + 0e0 AS injection_kWh,
    CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.injection_reading_1 > 0 OR bn.injection_reading_1 = 0)
            AND a.injection_reading_1 <= an.injection_reading_1
            AND a.injection_reading_1 <= b.injection_reading_1
            AND an.injection_reading_1 <= bn.injection_reading_1
            AND b.injection_reading_1 <= bn.injection_reading_1
            AND bn.injection_reading_1 - a.injection_reading_1 <= 60 * least((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.injection_reading_1 - a.injection_reading_1 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.injection_reading_1 - b.injection_reading_1 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.injection_reading_1 + k.end_share * (bn.injection_reading_1 - b.injection_reading_1) - (a.injection_reading_1 + k.start_share * (an.injection_reading_1 - a.injection_reading_1))
        WHEN COALESCE(
            a.injection_reading_1, an.injection_reading_1, b.injection_reading_1, bn.injection_reading_1
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'injection_kWh_1', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END + 0e0 AS injection_kWh_1,
    CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.injection_reading_2 > 0 OR bn.injection_reading_2 = 0)
            AND a.injection_reading_2 <= an.injection_reading_2
            AND a.injection_reading_2 <= b.injection_reading_2
            AND an.injection_reading_2 <= bn.injection_reading_2
            AND b.injection_reading_2 <= bn.injection_reading_2
            AND bn.injection_reading_2 - a.injection_reading_2 <= 60 * least((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.injection_reading_2 - a.injection_reading_2 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.injection_reading_2 - b.injection_reading_2 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.injection_reading_2 + k.end_share * (bn.injection_reading_2 - b.injection_reading_2) - (a.injection_reading_2 + k.start_share * (an.injection_reading_2 - a.injection_reading_2))
        WHEN COALESCE(
            a.injection_reading_2, an.injection_reading_2, b.injection_reading_2, bn.injection_reading_2
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'injection_kWh_2', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END + 0e0 AS injection_kWh_2,
    CASE
        WHEN coalesce(a.gas_meter_id = bn.gas_meter_id, a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND coalesce(
                nullif(a.gas_meter_reading, 0), nullif(an.gas_meter_reading, 0), nullif(b.gas_meter_reading, 0), nullif(bn.gas_meter_reading, 0),
                newest.gas_meter_reading,
                0 -- not NULL: an AND looks on behind a NULL
            ) > 0
            AND (
                coalesce(a.gas_meter_reading, 0) <= 0 OR
                coalesce(an.gas_meter_reading, 0) <= 0 OR
                coalesce(b.gas_meter_reading, 0) <= 0 OR
                coalesce(bn.gas_meter_reading, 0) <= 0 OR
                coalesce(k.time - a.gas_time, 0) BETWEEN 601 AND 7200 OR
                coalesce(k.until - b.gas_time, 0) BETWEEN 601 AND 7200
            )
            AND p1_gas_at(k.until, CASE WHEN coalesce(nullif(a.gas_meter_reading, 0), nullif(an.gas_meter_reading, 0), nullif(b.gas_meter_reading, 0), nullif(bn.gas_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, a.meter_id, a.gas_meter_id) - p1_gas_at(k.time, CASE WHEN coalesce(nullif(a.gas_meter_reading, 0), nullif(an.gas_meter_reading, 0), nullif(b.gas_meter_reading, 0), nullif(bn.gas_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, a.meter_id, a.gas_meter_id) BETWEEN 0 AND 40 * least((bn.time - a.time) / 3600e0 + 1, 100)
        THEN p1_gas_at(k.until, CASE WHEN coalesce(nullif(a.gas_meter_reading, 0), nullif(an.gas_meter_reading, 0), nullif(b.gas_meter_reading, 0), nullif(bn.gas_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, a.meter_id, a.gas_meter_id) - p1_gas_at(k.time, CASE WHEN coalesce(nullif(a.gas_meter_reading, 0), nullif(an.gas_meter_reading, 0), nullif(b.gas_meter_reading, 0), nullif(bn.gas_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, a.meter_id, a.gas_meter_id)
        WHEN coalesce(a.gas_meter_id = bn.gas_meter_id, a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.gas_meter_reading > 0 OR bn.gas_meter_reading = 0)
            AND a.gas_meter_reading <= an.gas_meter_reading
            AND a.gas_meter_reading <= b.gas_meter_reading
            AND an.gas_meter_reading <= bn.gas_meter_reading
            AND b.gas_meter_reading <= bn.gas_meter_reading
            AND bn.gas_meter_reading - a.gas_meter_reading <= 40 * least((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.gas_meter_reading - a.gas_meter_reading <= 40 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.gas_meter_reading - b.gas_meter_reading <= 40 * ((bn.time - b.time) / 3600e0 + 1)
        THEN CASE WHEN bn.gas_time BETWEEN bn.time - 7200 AND k.until THEN bn.gas_meter_reading ELSE b.gas_meter_reading + k.end_share * (bn.gas_meter_reading - b.gas_meter_reading) END - (CASE WHEN an.gas_time BETWEEN an.time - 7200 AND k.time THEN an.gas_meter_reading ELSE a.gas_meter_reading + k.start_share * (an.gas_meter_reading - a.gas_meter_reading) END)
        WHEN COALESCE(
            a.gas_meter_reading, an.gas_meter_reading, b.gas_meter_reading, bn.gas_meter_reading
        ) IS NOT NULL
        THEN
            p1_gas_between(k.time, k.until)
    END + 0e0 AS gas_m3,
    CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND coalesce(
                nullif(a.water_meter_reading, 0), nullif(an.water_meter_reading, 0), nullif(b.water_meter_reading, 0), nullif(bn.water_meter_reading, 0),
                newest.water_meter_reading,
                0 -- not NULL: an AND looks on behind a NULL
            ) > 0
            AND (
                coalesce(a.water_meter_reading, 0) <= 0 OR
                coalesce(an.water_meter_reading, 0) <= 0 OR
                coalesce(b.water_meter_reading, 0) <= 0 OR
                coalesce(bn.water_meter_reading, 0) <= 0
            )
            AND p1_water_at(k.until, CASE WHEN coalesce(nullif(a.water_meter_reading, 0), nullif(an.water_meter_reading, 0), nullif(b.water_meter_reading, 0), nullif(bn.water_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, a.meter_id, a.gas_meter_id) - p1_water_at(k.time, CASE WHEN coalesce(nullif(a.water_meter_reading, 0), nullif(an.water_meter_reading, 0), nullif(b.water_meter_reading, 0), nullif(bn.water_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, a.meter_id, a.gas_meter_id) BETWEEN 0 AND 40 * least((bn.time - a.time) / 3600e0 + 1, 100)
        THEN p1_water_at(k.until, CASE WHEN coalesce(nullif(a.water_meter_reading, 0), nullif(an.water_meter_reading, 0), nullif(b.water_meter_reading, 0), nullif(bn.water_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, a.meter_id, a.gas_meter_id) - p1_water_at(k.time, CASE WHEN coalesce(nullif(a.water_meter_reading, 0), nullif(an.water_meter_reading, 0), nullif(b.water_meter_reading, 0), nullif(bn.water_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, a.meter_id, a.gas_meter_id)
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.water_meter_reading > 0 OR bn.water_meter_reading = 0)
            AND a.water_meter_reading <= an.water_meter_reading
            AND a.water_meter_reading <= b.water_meter_reading
            AND an.water_meter_reading <= bn.water_meter_reading
            AND b.water_meter_reading <= bn.water_meter_reading
            AND bn.water_meter_reading - a.water_meter_reading <= 40 * least((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.water_meter_reading - a.water_meter_reading <= 40 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.water_meter_reading - b.water_meter_reading <= 40 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.water_meter_reading + k.end_share * (bn.water_meter_reading - b.water_meter_reading) - (a.water_meter_reading + k.start_share * (an.water_meter_reading - a.water_meter_reading))
        WHEN COALESCE(
            a.water_meter_reading, an.water_meter_reading, b.water_meter_reading, bn.water_meter_reading
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'water_m3', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END + 0e0 AS water_m3,
    CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND coalesce(
                nullif(a.heat_meter_reading, 0), nullif(an.heat_meter_reading, 0), nullif(b.heat_meter_reading, 0), nullif(bn.heat_meter_reading, 0),
                newest.heat_meter_reading,
                0 -- not NULL: an AND looks on behind a NULL
            ) > 0
            AND (
                coalesce(a.heat_meter_reading, 0) <= 0 OR
                coalesce(an.heat_meter_reading, 0) <= 0 OR
                coalesce(b.heat_meter_reading, 0) <= 0 OR
                coalesce(bn.heat_meter_reading, 0) <= 0
            )
            AND p1_heat_at(k.until, CASE WHEN coalesce(nullif(a.heat_meter_reading, 0), nullif(an.heat_meter_reading, 0), nullif(b.heat_meter_reading, 0), nullif(bn.heat_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, a.meter_id, a.gas_meter_id) - p1_heat_at(k.time, CASE WHEN coalesce(nullif(a.heat_meter_reading, 0), nullif(an.heat_meter_reading, 0), nullif(b.heat_meter_reading, 0), nullif(bn.heat_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, a.meter_id, a.gas_meter_id) BETWEEN 0 AND 1 * least((bn.time - a.time) / 3600e0 + 1, 100)
        THEN p1_heat_at(k.until, CASE WHEN coalesce(nullif(a.heat_meter_reading, 0), nullif(an.heat_meter_reading, 0), nullif(b.heat_meter_reading, 0), nullif(bn.heat_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, a.meter_id, a.gas_meter_id) - p1_heat_at(k.time, CASE WHEN coalesce(nullif(a.heat_meter_reading, 0), nullif(an.heat_meter_reading, 0), nullif(b.heat_meter_reading, 0), nullif(bn.heat_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, a.meter_id, a.gas_meter_id)
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.heat_meter_reading > 0 OR bn.heat_meter_reading = 0)
            AND a.heat_meter_reading <= an.heat_meter_reading
            AND a.heat_meter_reading <= b.heat_meter_reading
            AND an.heat_meter_reading <= bn.heat_meter_reading
            AND b.heat_meter_reading <= bn.heat_meter_reading
            AND bn.heat_meter_reading - a.heat_meter_reading <= 1 * least((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.heat_meter_reading - a.heat_meter_reading <= 1 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.heat_meter_reading - b.heat_meter_reading <= 1 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.heat_meter_reading + k.end_share * (bn.heat_meter_reading - b.heat_meter_reading) - (a.heat_meter_reading + k.start_share * (an.heat_meter_reading - a.heat_meter_reading))
        WHEN COALESCE(
            a.heat_meter_reading, an.heat_meter_reading, b.heat_meter_reading, bn.heat_meter_reading
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'heat_GJ', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END + 0e0 AS heat_GJ,
    CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.use_reading_3 > 0 OR bn.use_reading_3 = 0)
            AND a.use_reading_3 <= an.use_reading_3
            AND a.use_reading_3 <= b.use_reading_3
            AND an.use_reading_3 <= bn.use_reading_3
            AND b.use_reading_3 <= bn.use_reading_3
            AND bn.use_reading_3 - a.use_reading_3 <= 60 * least((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.use_reading_3 - a.use_reading_3 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.use_reading_3 - b.use_reading_3 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.use_reading_3 + k.end_share * (bn.use_reading_3 - b.use_reading_3) - (a.use_reading_3 + k.start_share * (an.use_reading_3 - a.use_reading_3))
        WHEN COALESCE(
            a.use_reading_3, an.use_reading_3, b.use_reading_3, bn.use_reading_3
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'use_kWh_3', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END + 0e0 AS use_kWh_3,
    CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.use_reading_4 > 0 OR bn.use_reading_4 = 0)
            AND a.use_reading_4 <= an.use_reading_4
            AND a.use_reading_4 <= b.use_reading_4
            AND an.use_reading_4 <= bn.use_reading_4
            AND b.use_reading_4 <= bn.use_reading_4
            AND bn.use_reading_4 - a.use_reading_4 <= 60 * least((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.use_reading_4 - a.use_reading_4 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.use_reading_4 - b.use_reading_4 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.use_reading_4 + k.end_share * (bn.use_reading_4 - b.use_reading_4) - (a.use_reading_4 + k.start_share * (an.use_reading_4 - a.use_reading_4))
        WHEN COALESCE(
            a.use_reading_4, an.use_reading_4, b.use_reading_4, bn.use_reading_4
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'use_kWh_4', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END + 0e0 AS use_kWh_4,
    CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.injection_reading_3 > 0 OR bn.injection_reading_3 = 0)
            AND a.injection_reading_3 <= an.injection_reading_3
            AND a.injection_reading_3 <= b.injection_reading_3
            AND an.injection_reading_3 <= bn.injection_reading_3
            AND b.injection_reading_3 <= bn.injection_reading_3
            AND bn.injection_reading_3 - a.injection_reading_3 <= 60 * least((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.injection_reading_3 - a.injection_reading_3 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.injection_reading_3 - b.injection_reading_3 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.injection_reading_3 + k.end_share * (bn.injection_reading_3 - b.injection_reading_3) - (a.injection_reading_3 + k.start_share * (an.injection_reading_3 - a.injection_reading_3))
        WHEN COALESCE(
            a.injection_reading_3, an.injection_reading_3, b.injection_reading_3, bn.injection_reading_3
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'injection_kWh_3', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END + 0e0 AS injection_kWh_3,
    CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.injection_reading_4 > 0 OR bn.injection_reading_4 = 0)
            AND a.injection_reading_4 <= an.injection_reading_4
            AND a.injection_reading_4 <= b.injection_reading_4
            AND an.injection_reading_4 <= bn.injection_reading_4
            AND b.injection_reading_4 <= bn.injection_reading_4
            AND bn.injection_reading_4 - a.injection_reading_4 <= 60 * least((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.injection_reading_4 - a.injection_reading_4 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.injection_reading_4 - b.injection_reading_4 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.injection_reading_4 + k.end_share * (bn.injection_reading_4 - b.injection_reading_4) - (a.injection_reading_4 + k.start_share * (an.injection_reading_4 - a.injection_reading_4))
        WHEN COALESCE(
            a.injection_reading_4, an.injection_reading_4, b.injection_reading_4, bn.injection_reading_4
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'injection_kWh_4', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END + 0e0 AS injection_kWh_4
FROM p1_periods AS k
STRAIGHT_JOIN p1_readouts AS a ON a.time = k.start_row
STRAIGHT_JOIN p1_readouts AS an ON an.time = k.start_next
STRAIGHT_JOIN p1_readouts AS b ON b.time = k.end_row
STRAIGHT_JOIN p1_readouts AS bn ON bn.time = k.end_next
-- MySQL takes no subquery within JSON_TABLE, and for one among the columns it works out every column that there is.
STRAIGHT_JOIN (
    SELECT gas_meter_reading, water_meter_reading, heat_meter_reading
    FROM p1_readouts WHERE time <= UNIX_TIMESTAMP() + 86400 ORDER BY time DESC LIMIT 1
) AS newest
STRAIGHT_JOIN (
    SELECT CASE
        WHEN COUNT(DISTINCT meter_id) > 1 OR COUNT(DISTINCT gas_meter_id) > 1
        THEN JSON_ARRAYAGG(JSON_ARRAY(meter_id, gas_meter_id))
    END AS several
    FROM (SELECT DISTINCT meter_id, gas_meter_id FROM p1_readouts WHERE meter_id IS NOT NULL) AS m
) AS meters
LEFT JOIN JSON_TABLE(
    CAST(CASE
        WHEN meters.several IS NOT NULL AND a.meter_id = bn.meter_id AND coalesce(a.gas_meter_id = bn.gas_meter_id, TRUE)
        THEN p1_swapped(a.time, bn.time, a.meter_id, coalesce(a.gas_meter_id, bn.gas_meter_id), meters.several)
    END AS CHAR),
    '$' COLUMNS (time BIGINT PATH '$')
) AS x ON TRUE;
