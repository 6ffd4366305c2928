-- What was used in each of `p1_periods`: the difference of the meter's registers between its two boundaries.
--
-- Where that cannot be taken (another meter, at the end or meanwhile: `x`; a register that dropped; rows without
-- registers) the period's steps are added up instead, the two that reach across its boundaries by their share. What no
-- boundary knows is NULL.
CREATE OR REPLACE VIEW p1_usage AS
WITH RECURSIVE
-- There are few meters: the index on their numbers is leapt through.
ids (id) AS (
    SELECT min(meter_id) FROM p1_readouts
    UNION ALL
    SELECT (SELECT min(q.meter_id) FROM p1_readouts AS q WHERE q.meter_id > i.id) FROM ids AS i WHERE i.id IS NOT NULL
),
meters (id, gas) AS (
    SELECT i.id, (SELECT min(coalesce(q.gas_meter_id, 0)) FROM p1_readouts AS q WHERE q.meter_id = i.id)
    FROM ids AS i WHERE i.id IS NOT NULL
    UNION ALL
    SELECT
        m.id,
        (
            SELECT min(coalesce(q.gas_meter_id, 0)) FROM p1_readouts AS q
            WHERE q.meter_id = m.id AND coalesce(q.gas_meter_id, 0) > m.gas
        )
    FROM meters AS m WHERE m.gas IS NOT NULL
),
stays (id, gas, first, last) AS (
    SELECT
        m.id,
        m.gas,
        (SELECT min(q.time) FROM p1_readouts AS q WHERE q.meter_id = m.id AND coalesce(q.gas_meter_id, 0) = m.gas),
        (SELECT max(q.time) FROM p1_readouts AS q WHERE q.meter_id = m.id AND coalesce(q.gas_meter_id, 0) = m.gas)
    FROM meters AS m
)
SELECT
    k.unit,
    k.time,
    to_timestamp(k.time)::timestamp AS date_time,
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
        THEN (b.use_reading + k.end_share * (bn.use_reading - b.use_reading) - (a.use_reading + k.start_share * (an.use_reading - a.use_reading)))::float8
        WHEN coalesce(
            a.use_reading, an.use_reading, b.use_reading, bn.use_reading,
            a.net_use, an.net_use, b.net_use, bn.net_use
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'use_kWh', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END AS use_kWh,
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
        THEN (b.use_reading_1 + k.end_share * (bn.use_reading_1 - b.use_reading_1) - (a.use_reading_1 + k.start_share * (an.use_reading_1 - a.use_reading_1)))::float8
        WHEN coalesce(
            a.use_reading_1, an.use_reading_1, b.use_reading_1, bn.use_reading_1
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'use_kWh_1', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END AS use_kWh_1,
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
        THEN (b.use_reading_2 + k.end_share * (bn.use_reading_2 - b.use_reading_2) - (a.use_reading_2 + k.start_share * (an.use_reading_2 - a.use_reading_2)))::float8
        WHEN coalesce(
            a.use_reading_2, an.use_reading_2, b.use_reading_2, bn.use_reading_2
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'use_kWh_2', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END AS use_kWh_2,
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
        THEN (b.injection_reading + k.end_share * (bn.injection_reading - b.injection_reading) - (a.injection_reading + k.start_share * (an.injection_reading - a.injection_reading)))::float8
        WHEN coalesce(
            a.injection_reading, an.injection_reading, b.injection_reading, bn.injection_reading,
            a.net_injection, an.net_injection, b.net_injection, bn.net_injection
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'injection_kWh', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END AS injection_kWh,
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
        THEN (b.injection_reading_1 + k.end_share * (bn.injection_reading_1 - b.injection_reading_1) - (a.injection_reading_1 + k.start_share * (an.injection_reading_1 - a.injection_reading_1)))::float8
        WHEN coalesce(
            a.injection_reading_1, an.injection_reading_1, b.injection_reading_1, bn.injection_reading_1
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'injection_kWh_1', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END AS injection_kWh_1,
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
        THEN (b.injection_reading_2 + k.end_share * (bn.injection_reading_2 - b.injection_reading_2) - (a.injection_reading_2 + k.start_share * (an.injection_reading_2 - a.injection_reading_2)))::float8
        WHEN coalesce(
            a.injection_reading_2, an.injection_reading_2, b.injection_reading_2, bn.injection_reading_2
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'injection_kWh_2', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END AS injection_kWh_2,
    CASE
        WHEN coalesce(a.gas_meter_id = bn.gas_meter_id, a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND coalesce(
                nullif(a.gas_meter_reading, 0), nullif(an.gas_meter_reading, 0), nullif(b.gas_meter_reading, 0), nullif(bn.gas_meter_reading, 0),
                (
                    SELECT q.gas_meter_reading FROM p1_readouts AS q
                    WHERE q.time <= extract(epoch FROM now())::bigint + 86400 ORDER BY q.time DESC LIMIT 1
                ),
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
        THEN (CASE WHEN bn.gas_time BETWEEN bn.time - 7200 AND k.until THEN bn.gas_meter_reading ELSE b.gas_meter_reading + k.end_share * (bn.gas_meter_reading - b.gas_meter_reading) END - (CASE WHEN an.gas_time BETWEEN an.time - 7200 AND k.time THEN an.gas_meter_reading ELSE a.gas_meter_reading + k.start_share * (an.gas_meter_reading - a.gas_meter_reading) END))::float8
        WHEN coalesce(
            a.gas_meter_reading, an.gas_meter_reading, b.gas_meter_reading, bn.gas_meter_reading
        ) IS NOT NULL
        THEN
            p1_gas_between(k.time, k.until)
    END AS gas_m3,
    CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND coalesce(
                nullif(a.water_meter_reading, 0), nullif(an.water_meter_reading, 0), nullif(b.water_meter_reading, 0), nullif(bn.water_meter_reading, 0),
                (
                    SELECT q.water_meter_reading FROM p1_readouts AS q
                    WHERE q.time <= extract(epoch FROM now())::bigint + 86400 ORDER BY q.time DESC LIMIT 1
                ),
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
        THEN (b.water_meter_reading + k.end_share * (bn.water_meter_reading - b.water_meter_reading) - (a.water_meter_reading + k.start_share * (an.water_meter_reading - a.water_meter_reading)))::float8
        WHEN coalesce(
            a.water_meter_reading, an.water_meter_reading, b.water_meter_reading, bn.water_meter_reading
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'water_m3', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END AS water_m3,
    CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND coalesce(
                nullif(a.heat_meter_reading, 0), nullif(an.heat_meter_reading, 0), nullif(b.heat_meter_reading, 0), nullif(bn.heat_meter_reading, 0),
                (
                    SELECT q.heat_meter_reading FROM p1_readouts AS q
                    WHERE q.time <= extract(epoch FROM now())::bigint + 86400 ORDER BY q.time DESC LIMIT 1
                ),
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
        THEN (b.heat_meter_reading + k.end_share * (bn.heat_meter_reading - b.heat_meter_reading) - (a.heat_meter_reading + k.start_share * (an.heat_meter_reading - a.heat_meter_reading)))::float8
        WHEN coalesce(
            a.heat_meter_reading, an.heat_meter_reading, b.heat_meter_reading, bn.heat_meter_reading
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'heat_GJ', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END AS heat_GJ,
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
        THEN (b.use_reading_3 + k.end_share * (bn.use_reading_3 - b.use_reading_3) - (a.use_reading_3 + k.start_share * (an.use_reading_3 - a.use_reading_3)))::float8
        WHEN coalesce(
            a.use_reading_3, an.use_reading_3, b.use_reading_3, bn.use_reading_3
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'use_kWh_3', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END AS use_kWh_3,
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
        THEN (b.use_reading_4 + k.end_share * (bn.use_reading_4 - b.use_reading_4) - (a.use_reading_4 + k.start_share * (an.use_reading_4 - a.use_reading_4)))::float8
        WHEN coalesce(
            a.use_reading_4, an.use_reading_4, b.use_reading_4, bn.use_reading_4
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'use_kWh_4', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END AS use_kWh_4,
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
        THEN (b.injection_reading_3 + k.end_share * (bn.injection_reading_3 - b.injection_reading_3) - (a.injection_reading_3 + k.start_share * (an.injection_reading_3 - a.injection_reading_3)))::float8
        WHEN coalesce(
            a.injection_reading_3, an.injection_reading_3, b.injection_reading_3, bn.injection_reading_3
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'injection_kWh_3', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END AS injection_kWh_3,
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
        THEN (b.injection_reading_4 + k.end_share * (bn.injection_reading_4 - b.injection_reading_4) - (a.injection_reading_4 + k.start_share * (an.injection_reading_4 - a.injection_reading_4)))::float8
        WHEN coalesce(
            a.injection_reading_4, an.injection_reading_4, b.injection_reading_4, bn.injection_reading_4
        ) IS NOT NULL
        THEN
            p1_steps_between(
                'injection_kWh_4', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END AS injection_kWh_4
FROM p1_periods AS k
JOIN p1_readouts AS a ON a.time = k.start_row
JOIN p1_readouts AS an ON an.time = k.start_next
JOIN p1_readouts AS b ON b.time = k.end_row
JOIN p1_readouts AS bn ON bn.time = k.end_next
-- By each meter's stay, and not by a join with its rows, whose estimate has PostgreSQL compile the query (JIT), which
-- takes a hundred times as long as to run it.
LEFT JOIN LATERAL (
    SELECT s.time
    FROM (
        SELECT (
            SELECT min(r.time) FROM p1_readouts AS r
            WHERE r.meter_id = m.id AND coalesce(r.gas_meter_id, 0) = m.gas AND r.time > a.time
        ) AS time
        FROM stays AS m
        WHERE m.first < bn.time AND m.last > a.time
            AND a.meter_id = bn.meter_id AND coalesce(a.gas_meter_id = bn.gas_meter_id, TRUE)
            AND (m.id <> a.meter_id OR m.gas > 0 AND m.gas <> coalesce(a.gas_meter_id, bn.gas_meter_id))
        OFFSET 0
    ) AS s
    WHERE s.time < bn.time
    LIMIT 1
) AS x ON TRUE;
