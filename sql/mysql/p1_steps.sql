-- MariaDB and MySQL plan "the newest row before this one", asked of every row, as a scan of the whole key. Inside a
-- function the question is one seek. JSON_TABLE hands the answer on as a column, so that it is asked once.
--
-- EXPLAIN of `p.time < r.time ORDER BY p.time DESC LIMIT 1` as a subquery of each row, and of the view below:
--   DEPENDENT SUBQUERY  p         index   PRIMARY  ref NULL           walks back from the newest row, for every row
--   SIMPLE              previous  ALL     Table function: json_table
--   SIMPLE              p         eq_ref  PRIMARY  ref previous.time  one row by its key

-- The time of the newest row at or before `t`.
DROP FUNCTION IF EXISTS p1_time_at;
CREATE FUNCTION p1_time_at(t BIGINT) RETURNS BIGINT READS SQL DATA
RETURN (SELECT MAX(time) FROM p1_readouts WHERE time <= t);

-- The time of the first row after `t`.
DROP FUNCTION IF EXISTS p1_time_after;
CREATE FUNCTION p1_time_after(t BIGINT) RETURNS BIGINT READS SQL DATA
RETURN (SELECT MIN(time) FROM p1_readouts WHERE time > t);

-- Every row with what was used since the row before it, which is found by one look-up of the key.
--
-- A register that drops, or a step between two different meters, counts as no use. Rows without a register (those of a
-- table that was upgraded) count their power times the time since the row before. The first row has no step: NULL.
CREATE OR REPLACE VIEW p1_steps AS
SELECT
    r.time,
    CASE
        WHEN p.meter_id <> r.meter_id THEN 0e0
        ELSE r.net_use * (r.time - p.time) / 3600e0
    END AS net_use_kWh,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading < p.use_reading
        THEN 0e0
        ELSE coalesce(
            ROUND(r.use_reading - p.use_reading, 3),
            r.net_use * (r.time - p.time) / 3600e0
        )
    END AS use_kWh,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading_1 < p.use_reading_1
        THEN 0e0
        ELSE coalesce(
            ROUND(r.use_reading_1 - p.use_reading_1, 3),
            NULL
        )
    END AS use_kWh_1,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading_2 < p.use_reading_2
        THEN 0e0
        ELSE coalesce(
            ROUND(r.use_reading_2 - p.use_reading_2, 3),
            NULL
        )
    END AS use_kWh_2,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading < p.injection_reading
        THEN 0e0
        ELSE coalesce(
            ROUND(r.injection_reading - p.injection_reading, 3),
            r.net_injection * (r.time - p.time) / 3600e0
        )
    END AS injection_kWh,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading_1 < p.injection_reading_1
        THEN 0e0
        ELSE coalesce(
            ROUND(r.injection_reading_1 - p.injection_reading_1, 3),
            NULL
        )
    END AS injection_kWh_1,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading_2 < p.injection_reading_2
        THEN 0e0
        ELSE coalesce(
            ROUND(r.injection_reading_2 - p.injection_reading_2, 3),
            NULL
        )
    END AS injection_kWh_2,
    CASE
        WHEN coalesce(p.gas_meter_id <> r.gas_meter_id, p.meter_id <> r.meter_id)
            OR r.gas_meter_reading < p.gas_meter_reading
        THEN 0e0
        ELSE coalesce(
            ROUND(r.gas_meter_reading - p.gas_meter_reading, 3),
            NULL
        )
    END AS gas_m3,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.water_meter_reading < p.water_meter_reading
        THEN 0e0
        ELSE coalesce(
            ROUND(r.water_meter_reading - p.water_meter_reading, 3),
            NULL
        )
    END AS water_m3,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.heat_meter_reading < p.heat_meter_reading
        THEN 0e0
        ELSE coalesce(
            ROUND(r.heat_meter_reading - p.heat_meter_reading, 3),
            NULL
        )
    END AS heat_GJ,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading_3 < p.use_reading_3
        THEN 0e0
        ELSE coalesce(
            ROUND(r.use_reading_3 - p.use_reading_3, 3),
            NULL
        )
    END AS use_kWh_3,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.use_reading_4 < p.use_reading_4
        THEN 0e0
        ELSE coalesce(
            ROUND(r.use_reading_4 - p.use_reading_4, 3),
            NULL
        )
    END AS use_kWh_4,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading_3 < p.injection_reading_3
        THEN 0e0
        ELSE coalesce(
            ROUND(r.injection_reading_3 - p.injection_reading_3, 3),
            NULL
        )
    END AS injection_kWh_3,
    CASE
        WHEN p.meter_id <> r.meter_id
            OR r.injection_reading_4 < p.injection_reading_4
        THEN 0e0
        ELSE coalesce(
            ROUND(r.injection_reading_4 - p.injection_reading_4, 3),
            NULL
        )
    END AS injection_kWh_4
FROM p1_readouts AS r
LEFT JOIN JSON_TABLE(CAST(p1_time_at(r.time - 1) AS CHAR), '$' COLUMNS (time BIGINT PATH '$')) AS previous ON TRUE
LEFT JOIN p1_readouts AS p ON p.time = previous.time;

-- The steps of one column from `start_row` to `end_next`, added up. Of the first step, if it ends at `start_next`, the
-- share `start_share` is left out; of the last, if it begins at `end_row`, the share `end_share` is taken.
DROP FUNCTION IF EXISTS p1_steps_between;
CREATE FUNCTION p1_steps_between(
    name VARCHAR(16),
    start_row BIGINT, start_next BIGINT, start_share DOUBLE, end_row BIGINT, end_next BIGINT, end_share DOUBLE
) RETURNS DOUBLE READS SQL DATA
RETURN (
    SELECT SUM(
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
        END * (1 - (time = start_next) * start_share - (time > end_row) * (1 - end_share))
    )
    FROM p1_steps WHERE time > start_row AND time <= end_next
);
