-- Every row with what was used since the row before it, which is found by one look-up of the key.
--
-- A register that drops, or a step between two different meters, counts as no use. Rows without a register (those of a
-- table that was upgraded) count their power times the time since the row before. The first row has no step: NULL.
CREATE OR REPLACE VIEW p1_steps AS
SELECT
    r.time,
    CASE
        WHEN p.meter_id <> r.meter_id THEN 0
        ELSE r.net_use * (r.time - p.time) / 3600.0
    END::float8 AS net_use_kWh,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading < p.use_reading
        THEN 0
        ELSE coalesce(
            round((r.use_reading - p.use_reading)::numeric, 3),
            r.net_use * (r.time - p.time) / 3600e0
        )
    END::float8 AS use_kWh,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading_1 < p.use_reading_1
        THEN 0
        ELSE coalesce(
            round((r.use_reading_1 - p.use_reading_1)::numeric, 3),
            NULL
        )
    END::float8 AS use_kWh_1,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading_2 < p.use_reading_2
        THEN 0
        ELSE coalesce(
            round((r.use_reading_2 - p.use_reading_2)::numeric, 3),
            NULL
        )
    END::float8 AS use_kWh_2,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading < p.injection_reading
        THEN 0
        ELSE coalesce(
            round((r.injection_reading - p.injection_reading)::numeric, 3),
            r.net_injection * (r.time - p.time) / 3600e0
        )
    END::float8 AS injection_kWh,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading_1 < p.injection_reading_1
        THEN 0
        ELSE coalesce(
            round((r.injection_reading_1 - p.injection_reading_1)::numeric, 3),
            NULL
        )
    END::float8 AS injection_kWh_1,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading_2 < p.injection_reading_2
        THEN 0
        ELSE coalesce(
            round((r.injection_reading_2 - p.injection_reading_2)::numeric, 3),
            NULL
        )
    END::float8 AS injection_kWh_2,
    CASE
        WHEN coalesce(p.gas_meter_id <> r.gas_meter_id, p.meter_id <> r.meter_id)
            OR r.gas_meter_reading < p.gas_meter_reading
        THEN 0
        ELSE coalesce(
            round((r.gas_meter_reading - p.gas_meter_reading)::numeric, 3),
            NULL
        )
    END::float8 AS gas_m3,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.water_meter_reading < p.water_meter_reading
        THEN 0
        ELSE coalesce(
            round((r.water_meter_reading - p.water_meter_reading)::numeric, 3),
            NULL
        )
    END::float8 AS water_m3,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.heat_meter_reading < p.heat_meter_reading
        THEN 0
        ELSE coalesce(
            round((r.heat_meter_reading - p.heat_meter_reading)::numeric, 3),
            NULL
        )
    END::float8 AS heat_GJ,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading_3 < p.use_reading_3
        THEN 0
        ELSE coalesce(
            round((r.use_reading_3 - p.use_reading_3)::numeric, 3),
            NULL
        )
    END::float8 AS use_kWh_3,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading_4 < p.use_reading_4
        THEN 0
        ELSE coalesce(
            round((r.use_reading_4 - p.use_reading_4)::numeric, 3),
            NULL
        )
    END::float8 AS use_kWh_4,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading_3 < p.injection_reading_3
        THEN 0
        ELSE coalesce(
            round((r.injection_reading_3 - p.injection_reading_3)::numeric, 3),
            NULL
        )
    END::float8 AS injection_kWh_3,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading_4 < p.injection_reading_4
        THEN 0
        ELSE coalesce(
            round((r.injection_reading_4 - p.injection_reading_4)::numeric, 3),
            NULL
        )
    END::float8 AS injection_kWh_4
FROM p1_readouts AS r
LEFT JOIN LATERAL (SELECT * FROM p1_readouts AS q WHERE q.time < r.time ORDER BY q.time DESC LIMIT 1) AS p ON TRUE;

-- The steps of one column from `start_row` to `end_next`, added up. Of the first step, if it ends at `start_next`, the
-- share `start_share` is left out; of the last, if it begins at `end_row`, the share `end_share` is taken.
-- A function so that PostgreSQL plans it apart: within the view it would seem to cost a fortune, seldom as it is called.
CREATE OR REPLACE FUNCTION p1_steps_between(
    name text,
    start_row bigint, start_next bigint, start_share float8, end_row bigint, end_next bigint, end_share float8
) RETURNS float8 LANGUAGE sql STABLE AS $$
    SELECT sum(
        CASE name
            WHEN 'use_kWh' THEN use_kWh
            WHEN 'use_kWh_1' THEN use_kWh_1
            WHEN 'use_kWh_2' THEN use_kWh_2
            WHEN 'injection_kWh' THEN injection_kWh
            WHEN 'injection_kWh_1' THEN injection_kWh_1
            WHEN 'injection_kWh_2' THEN injection_kWh_2
            WHEN 'gas_m3' THEN gas_m3
            WHEN 'water_m3' THEN water_m3
            WHEN 'heat_GJ' THEN heat_GJ
            WHEN 'use_kWh_3' THEN use_kWh_3
            WHEN 'use_kWh_4' THEN use_kWh_4
            WHEN 'injection_kWh_3' THEN injection_kWh_3
            WHEN 'injection_kWh_4' THEN injection_kWh_4
        END * (1 - (time = start_next)::int * start_share - (time > end_row)::int * (1 - end_share))
    )
    FROM p1_steps WHERE time > start_row AND time <= end_next
$$;
