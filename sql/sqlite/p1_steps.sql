-- Every row with what was used since the row before it, which is found by one look-up of the key.
--
-- A register that drops, or a step between two different meters, counts as no use. Rows without a register (those of a
-- table that was upgraded) count their power times the time since the row before. The first row has no step: NULL.
DROP VIEW IF EXISTS p1_steps;
CREATE VIEW p1_steps AS
SELECT
    r.time,
    CASE
        WHEN p.meter_id <> r.meter_id THEN 0
        ELSE r.net_use * (r.time - p.time) / 3600.0
    END AS net_use_kWh,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading < p.use_reading
        THEN 0
        ELSE coalesce(
            round(r.use_reading - p.use_reading, 3),
            r.net_use * (r.time - p.time) / 3600e0
        )
    END AS use_kWh,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading_1 < p.use_reading_1
        THEN 0
        ELSE coalesce(
            round(r.use_reading_1 - p.use_reading_1, 3),
            NULL
        )
    END AS use_kWh_1,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading_2 < p.use_reading_2
        THEN 0
        ELSE coalesce(
            round(r.use_reading_2 - p.use_reading_2, 3),
            NULL
        )
    END AS use_kWh_2,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading < p.injection_reading
        THEN 0
        ELSE coalesce(
            round(r.injection_reading - p.injection_reading, 3),
            r.net_injection * (r.time - p.time) / 3600e0
        )
    END AS injection_kWh,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading_1 < p.injection_reading_1
        THEN 0
        ELSE coalesce(
            round(r.injection_reading_1 - p.injection_reading_1, 3),
            NULL
        )
    END AS injection_kWh_1,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading_2 < p.injection_reading_2
        THEN 0
        ELSE coalesce(
            round(r.injection_reading_2 - p.injection_reading_2, 3),
            NULL
        )
    END AS injection_kWh_2,
    CASE
        WHEN coalesce(p.gas_meter_id <> r.gas_meter_id, p.meter_id <> r.meter_id)
            OR r.gas_meter_reading < p.gas_meter_reading
        THEN 0
        ELSE coalesce(
            round(r.gas_meter_reading - p.gas_meter_reading, 3),
            NULL
        )
    END AS gas_m3,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.water_meter_reading < p.water_meter_reading
        THEN 0
        ELSE coalesce(
            round(r.water_meter_reading - p.water_meter_reading, 3),
            NULL
        )
    END AS water_m3,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.heat_meter_reading < p.heat_meter_reading
        THEN 0
        ELSE coalesce(
            round(r.heat_meter_reading - p.heat_meter_reading, 3),
            NULL
        )
    END AS heat_GJ,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading_3 < p.use_reading_3
        THEN 0
        ELSE coalesce(
            round(r.use_reading_3 - p.use_reading_3, 3),
            NULL
        )
    END AS use_kWh_3,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading_4 < p.use_reading_4
        THEN 0
        ELSE coalesce(
            round(r.use_reading_4 - p.use_reading_4, 3),
            NULL
        )
    END AS use_kWh_4,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading_3 < p.injection_reading_3
        THEN 0
        ELSE coalesce(
            round(r.injection_reading_3 - p.injection_reading_3, 3),
            NULL
        )
    END AS injection_kWh_3,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading_4 < p.injection_reading_4
        THEN 0
        ELSE coalesce(
            round(r.injection_reading_4 - p.injection_reading_4, 3),
            NULL
        )
    END AS injection_kWh_4
FROM p1_readouts AS r
LEFT JOIN p1_readouts AS p ON p.time = (SELECT max(q.time) FROM p1_readouts AS q WHERE q.time < r.time);
