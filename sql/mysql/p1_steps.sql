-- MariaDB and MySQL plan "the newest row before this one", asked of every row, as a scan of the whole key. Inside a
-- function the question is one seek. JSON_TABLE hands the answer on as a column, so that it is asked once.
--
-- EXPLAIN of `p.time < r.time ORDER BY p.time DESC LIMIT 1` as a subquery of each row, and of the view below:
--   DEPENDENT SUBQUERY  p         index   PRIMARY  ref NULL           walks back from the newest row, for every row
--   SIMPLE              previous  ALL     Table function: json_table
--   SIMPLE              p         eq_ref  PRIMARY  ref previous.time  one row by its key

-- A row from before 2005, or from more than a day ahead of now, was stored under a wrong clock: it counts as absent.

-- The time of the newest row at or before `t`.
DROP FUNCTION IF EXISTS p1_time_at;
CREATE FUNCTION p1_time_at(t BIGINT) RETURNS BIGINT READS SQL DATA
RETURN (SELECT MAX(time) FROM p1_readouts WHERE time >= 1104537600 AND time <= LEAST(t, UNIX_TIMESTAMP() + 86400));

-- The time of the first row after `t`.
DROP FUNCTION IF EXISTS p1_time_after;
CREATE FUNCTION p1_time_after(t BIGINT) RETURNS BIGINT READS SQL DATA
RETURN (
    SELECT MIN(time) FROM p1_readouts WHERE time > GREATEST(t, 1104537599) AND time <= UNIX_TIMESTAMP() + 86400
);

-- Whether within `ahead` seconds a row of the same meter says less than `reading`, and yet not less than `low`.
DROP FUNCTION IF EXISTS p1_contradicted;
CREATE FUNCTION p1_contradicted(name VARCHAR(16), t BIGINT, ahead BIGINT, reading DOUBLE, low DOUBLE, meter BIGINT, gas_meter BIGINT) RETURNS BOOLEAN READS SQL DATA
RETURN EXISTS (
    SELECT 1 FROM p1_readouts
    WHERE time > t AND time <= LEAST(t, UNIX_TIMESTAMP()) + ahead
        AND CASE
            WHEN NOT coalesce(CASE WHEN name = 'gas_m3' THEN gas_meter_id = gas_meter END, meter_id = meter, TRUE) THEN NULL
            WHEN name = 'use_kWh' THEN use_reading
            WHEN name = 'use_kWh_1' THEN use_reading_1
            WHEN name = 'use_kWh_2' THEN use_reading_2
            WHEN name = 'injection_kWh' THEN injection_reading
            WHEN name = 'injection_kWh_1' THEN injection_reading_1
            WHEN name = 'injection_kWh_2' THEN injection_reading_2
            WHEN name = 'gas_m3' THEN gas_meter_reading
            WHEN name = 'water_m3' THEN water_meter_reading
            WHEN name = 'heat_GJ' THEN heat_meter_reading
            WHEN name = 'use_kWh_3' THEN use_reading_3
            WHEN name = 'use_kWh_4' THEN use_reading_4
            WHEN name = 'injection_kWh_3' THEN injection_reading_3
            WHEN name = 'injection_kWh_4' THEN injection_reading_4
        END BETWEEN GREATEST(low, 0.0005) AND reading - 0.0005
);

-- What the newest row before `t`, at most 31 days ago, says that `reading` can have come from.
DROP FUNCTION IF EXISTS p1_base;
CREATE FUNCTION p1_base(name VARCHAR(16), t BIGINT, reading DOUBLE, low DOUBLE, most DOUBLE, meter BIGINT, gas_meter BIGINT) RETURNS DOUBLE READS SQL DATA
RETURN (
    SELECT register
    FROM (
        SELECT
            time,
            CASE
                WHEN NOT coalesce(CASE WHEN name = 'gas_m3' THEN gas_meter_id = gas_meter END, meter_id = meter, TRUE) THEN NULL
            WHEN name = 'use_kWh' THEN use_reading
            WHEN name = 'use_kWh_1' THEN use_reading_1
            WHEN name = 'use_kWh_2' THEN use_reading_2
            WHEN name = 'injection_kWh' THEN injection_reading
            WHEN name = 'injection_kWh_1' THEN injection_reading_1
            WHEN name = 'injection_kWh_2' THEN injection_reading_2
            WHEN name = 'gas_m3' THEN gas_meter_reading
            WHEN name = 'water_m3' THEN water_meter_reading
            WHEN name = 'heat_GJ' THEN heat_meter_reading
            WHEN name = 'use_kWh_3' THEN use_reading_3
            WHEN name = 'use_kWh_4' THEN use_reading_4
            WHEN name = 'injection_kWh_3' THEN injection_reading_3
            WHEN name = 'injection_kWh_4' THEN injection_reading_4
            END AS register
        FROM p1_readouts
        WHERE time < t AND time >= GREATEST(t - 2678400, 1104537600)
    ) AS q
    WHERE register BETWEEN GREATEST(low + 0.0005, reading - most * ((t - time) / 3600e0 + 1)) AND reading
    ORDER BY time DESC LIMIT 1
);

-- The gas meter's register at `t`, by its own clock where it has one and that can be: a reading may be up to two
-- hours older than its row, and its clock an hour fast. It may come in a row up to an hour late. Between two readings that lie
-- minutes apart it is a share of both; where the meter was away for longer, what it said `back` seconds before at most.
DROP FUNCTION IF EXISTS p1_gas_at;
CREATE FUNCTION p1_gas_at(t BIGINT, back BIGINT, meter BIGINT, gas_meter BIGINT) RETURNS DOUBLE READS SQL DATA
RETURN (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * 1e0 * (t - b.read_at) / (n.read_at - b.read_at)  -- of decimals MySQL rounds it
        ELSE 0
    END
    FROM (
        SELECT gas_meter_reading AS reading, CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END AS read_at
        FROM p1_readouts
        WHERE time <= LEAST(t, UNIX_TIMESTAMP()) + 3600 AND time >= GREATEST(t - back, 1104537600)
            AND gas_meter_reading > 0 AND CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END <= t AND coalesce(gas_meter_id = gas_meter, meter_id = meter, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT gas_meter_reading AS reading, CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END AS read_at
        FROM p1_readouts
        WHERE time > t - 3600 AND time <= LEAST(t + 2678400, UNIX_TIMESTAMP() + 86400)
            AND gas_meter_reading > 0 AND CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END > t AND coalesce(gas_meter_id = gas_meter, meter_id = meter, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
);

-- The water meter's register at `t`, by its own clock where it has one and that can be: a reading may be up to two
-- hours older than its row, and its clock an hour fast. It may come in a row up to an hour late. Between two readings that lie
-- minutes apart it is a share of both; where the meter was away for longer, what it said `back` seconds before at most.
DROP FUNCTION IF EXISTS p1_water_at;
CREATE FUNCTION p1_water_at(t BIGINT, back BIGINT, meter BIGINT, gas_meter BIGINT) RETURNS DOUBLE READS SQL DATA
RETURN (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * 1e0 * (t - b.read_at) / (n.read_at - b.read_at)  -- of decimals MySQL rounds it
        ELSE 0
    END
    FROM (
        SELECT water_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time <= LEAST(t, UNIX_TIMESTAMP()) + 3600 AND time >= GREATEST(t - back, 1104537600)
            AND water_meter_reading > 0 AND time <= t AND coalesce(meter_id = meter, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT water_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time > t - 3600 AND time <= LEAST(t + 2678400, UNIX_TIMESTAMP() + 86400)
            AND water_meter_reading > 0 AND time > t AND coalesce(meter_id = meter, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
);

-- The heat meter's register at `t`, by its own clock where it has one and that can be: a reading may be up to two
-- hours older than its row, and its clock an hour fast. It may come in a row up to an hour late. Between two readings that lie
-- minutes apart it is a share of both; where the meter was away for longer, what it said `back` seconds before at most.
DROP FUNCTION IF EXISTS p1_heat_at;
CREATE FUNCTION p1_heat_at(t BIGINT, back BIGINT, meter BIGINT, gas_meter BIGINT) RETURNS DOUBLE READS SQL DATA
RETURN (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * 1e0 * (t - b.read_at) / (n.read_at - b.read_at)  -- of decimals MySQL rounds it
        ELSE 0
    END
    FROM (
        SELECT heat_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time <= LEAST(t, UNIX_TIMESTAMP()) + 3600 AND time >= GREATEST(t - back, 1104537600)
            AND heat_meter_reading > 0 AND time <= t AND coalesce(meter_id = meter, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT heat_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time > t - 3600 AND time <= LEAST(t + 2678400, UNIX_TIMESTAMP() + 86400)
            AND heat_meter_reading > 0 AND time > t AND coalesce(meter_id = meter, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
);

-- Every row with what was used since the row before it, `p`; the row behind it is `n`. Each is found by one look-up.
--
-- A register that drops, or a step between two different meters, counts as no use. Rows without a register (those of a
-- table that was upgraded) count their power times the time since the row before. The first row has no step: NULL.
CREATE OR REPLACE VIEW p1_steps AS
SELECT
    r.time,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.use_reading IS NULL OR p.use_reading IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0e0 ELSE r.net_use * (r.time - p.time) / 3600e0 END
        WHEN r.use_reading <= 0 THEN 0e0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.use_reading > 0
            AND (
                p.use_reading = r.use_reading
                OR p.use_reading < r.use_reading
                AND r.use_reading - p.use_reading <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce(
                    CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.use_reading END NOT BETWEEN p.use_reading AND r.use_reading - 0.0005, TRUE
                )
                AND (
                    r.use_reading - p.use_reading <= 60 * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('use_kWh', r.time, 3600, r.use_reading, p.use_reading, r.meter_id, r.gas_meter_id)
                )
            )
        THEN ROUND(r.use_reading - p.use_reading, 3)
        WHEN p1_contradicted(
            'use_kWh', r.time, 86400, r.use_reading,
            CASE WHEN p.use_reading <= r.use_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0e0
        ELSE coalesce(
            ROUND(r.use_reading - p1_base(
                'use_kWh', r.time, r.use_reading,
                CASE WHEN p.use_reading <= r.use_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading ELSE 0 END,
                60, r.meter_id, r.gas_meter_id
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0e0
                WHEN p.use_reading = 0 AND r.use_reading <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.use_reading
                WHEN p.use_reading IS NOT NULL THEN 0e0
            END
        )
    END AS use_kWh,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.use_reading_1 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0e0 ELSE NULL END
        WHEN r.use_reading_1 <= 0 THEN 0e0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.use_reading_1 > 0
            AND (
                p.use_reading_1 = r.use_reading_1
                OR p.use_reading_1 < r.use_reading_1
                AND r.use_reading_1 - p.use_reading_1 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce(
                    CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.use_reading_1 END NOT BETWEEN p.use_reading_1 AND r.use_reading_1 - 0.0005, TRUE
                )
                AND (
                    r.use_reading_1 - p.use_reading_1 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('use_kWh_1', r.time, 3600, r.use_reading_1, p.use_reading_1, r.meter_id, r.gas_meter_id)
                )
            )
        THEN ROUND(r.use_reading_1 - p.use_reading_1, 3)
        WHEN p1_contradicted(
            'use_kWh_1', r.time, 86400, r.use_reading_1,
            CASE WHEN p.use_reading_1 <= r.use_reading_1 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_1 ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0e0
        ELSE coalesce(
            ROUND(r.use_reading_1 - p1_base(
                'use_kWh_1', r.time, r.use_reading_1,
                CASE WHEN p.use_reading_1 <= r.use_reading_1 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_1 ELSE 0 END,
                60, r.meter_id, r.gas_meter_id
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0e0
                WHEN p.use_reading_1 = 0 AND r.use_reading_1 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.use_reading_1
                WHEN p.use_reading_1 IS NOT NULL THEN 0e0
            END
        )
    END AS use_kWh_1,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.use_reading_2 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0e0 ELSE NULL END
        WHEN r.use_reading_2 <= 0 THEN 0e0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.use_reading_2 > 0
            AND (
                p.use_reading_2 = r.use_reading_2
                OR p.use_reading_2 < r.use_reading_2
                AND r.use_reading_2 - p.use_reading_2 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce(
                    CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.use_reading_2 END NOT BETWEEN p.use_reading_2 AND r.use_reading_2 - 0.0005, TRUE
                )
                AND (
                    r.use_reading_2 - p.use_reading_2 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('use_kWh_2', r.time, 3600, r.use_reading_2, p.use_reading_2, r.meter_id, r.gas_meter_id)
                )
            )
        THEN ROUND(r.use_reading_2 - p.use_reading_2, 3)
        WHEN p1_contradicted(
            'use_kWh_2', r.time, 86400, r.use_reading_2,
            CASE WHEN p.use_reading_2 <= r.use_reading_2 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_2 ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0e0
        ELSE coalesce(
            ROUND(r.use_reading_2 - p1_base(
                'use_kWh_2', r.time, r.use_reading_2,
                CASE WHEN p.use_reading_2 <= r.use_reading_2 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_2 ELSE 0 END,
                60, r.meter_id, r.gas_meter_id
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0e0
                WHEN p.use_reading_2 = 0 AND r.use_reading_2 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.use_reading_2
                WHEN p.use_reading_2 IS NOT NULL THEN 0e0
            END
        )
    END AS use_kWh_2,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.injection_reading IS NULL OR p.injection_reading IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0e0 ELSE r.net_injection * (r.time - p.time) / 3600e0 END
        WHEN r.injection_reading <= 0 THEN 0e0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.injection_reading > 0
            AND (
                p.injection_reading = r.injection_reading
                OR p.injection_reading < r.injection_reading
                AND r.injection_reading - p.injection_reading <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce(
                    CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.injection_reading END NOT BETWEEN p.injection_reading AND r.injection_reading - 0.0005, TRUE
                )
                AND (
                    r.injection_reading - p.injection_reading <= 60 * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('injection_kWh', r.time, 3600, r.injection_reading, p.injection_reading, r.meter_id, r.gas_meter_id)
                )
            )
        THEN ROUND(r.injection_reading - p.injection_reading, 3)
        WHEN p1_contradicted(
            'injection_kWh', r.time, 86400, r.injection_reading,
            CASE WHEN p.injection_reading <= r.injection_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0e0
        ELSE coalesce(
            ROUND(r.injection_reading - p1_base(
                'injection_kWh', r.time, r.injection_reading,
                CASE WHEN p.injection_reading <= r.injection_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading ELSE 0 END,
                60, r.meter_id, r.gas_meter_id
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0e0
                WHEN p.injection_reading = 0 AND r.injection_reading <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.injection_reading
                WHEN p.injection_reading IS NOT NULL THEN 0e0
            END
        )
    END AS injection_kWh,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.injection_reading_1 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0e0 ELSE NULL END
        WHEN r.injection_reading_1 <= 0 THEN 0e0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.injection_reading_1 > 0
            AND (
                p.injection_reading_1 = r.injection_reading_1
                OR p.injection_reading_1 < r.injection_reading_1
                AND r.injection_reading_1 - p.injection_reading_1 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce(
                    CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.injection_reading_1 END NOT BETWEEN p.injection_reading_1 AND r.injection_reading_1 - 0.0005, TRUE
                )
                AND (
                    r.injection_reading_1 - p.injection_reading_1 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('injection_kWh_1', r.time, 3600, r.injection_reading_1, p.injection_reading_1, r.meter_id, r.gas_meter_id)
                )
            )
        THEN ROUND(r.injection_reading_1 - p.injection_reading_1, 3)
        WHEN p1_contradicted(
            'injection_kWh_1', r.time, 86400, r.injection_reading_1,
            CASE WHEN p.injection_reading_1 <= r.injection_reading_1 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_1 ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0e0
        ELSE coalesce(
            ROUND(r.injection_reading_1 - p1_base(
                'injection_kWh_1', r.time, r.injection_reading_1,
                CASE WHEN p.injection_reading_1 <= r.injection_reading_1 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_1 ELSE 0 END,
                60, r.meter_id, r.gas_meter_id
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0e0
                WHEN p.injection_reading_1 = 0 AND r.injection_reading_1 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.injection_reading_1
                WHEN p.injection_reading_1 IS NOT NULL THEN 0e0
            END
        )
    END AS injection_kWh_1,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.injection_reading_2 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0e0 ELSE NULL END
        WHEN r.injection_reading_2 <= 0 THEN 0e0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.injection_reading_2 > 0
            AND (
                p.injection_reading_2 = r.injection_reading_2
                OR p.injection_reading_2 < r.injection_reading_2
                AND r.injection_reading_2 - p.injection_reading_2 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce(
                    CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.injection_reading_2 END NOT BETWEEN p.injection_reading_2 AND r.injection_reading_2 - 0.0005, TRUE
                )
                AND (
                    r.injection_reading_2 - p.injection_reading_2 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('injection_kWh_2', r.time, 3600, r.injection_reading_2, p.injection_reading_2, r.meter_id, r.gas_meter_id)
                )
            )
        THEN ROUND(r.injection_reading_2 - p.injection_reading_2, 3)
        WHEN p1_contradicted(
            'injection_kWh_2', r.time, 86400, r.injection_reading_2,
            CASE WHEN p.injection_reading_2 <= r.injection_reading_2 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_2 ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0e0
        ELSE coalesce(
            ROUND(r.injection_reading_2 - p1_base(
                'injection_kWh_2', r.time, r.injection_reading_2,
                CASE WHEN p.injection_reading_2 <= r.injection_reading_2 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_2 ELSE 0 END,
                60, r.meter_id, r.gas_meter_id
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0e0
                WHEN p.injection_reading_2 = 0 AND r.injection_reading_2 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.injection_reading_2
                WHEN p.injection_reading_2 IS NOT NULL THEN 0e0
            END
        )
    END AS injection_kWh_2,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.gas_meter_reading IS NULL THEN CASE WHEN coalesce(p.gas_meter_id <> r.gas_meter_id, p.meter_id <> r.meter_id) THEN 0e0 ELSE NULL END
        WHEN r.gas_meter_reading <= 0 THEN 0e0
        WHEN NOT coalesce(coalesce(p.gas_meter_id <> r.gas_meter_id, p.meter_id <> r.meter_id), FALSE)
            AND p.gas_meter_reading > 0
            AND (
                p.gas_meter_reading = r.gas_meter_reading
                OR p.gas_meter_reading < r.gas_meter_reading
                AND r.gas_meter_reading - p.gas_meter_reading <= 40 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce(
                    CASE WHEN coalesce(n.gas_meter_id = r.gas_meter_id, n.meter_id = r.meter_id, TRUE) THEN n.gas_meter_reading END NOT BETWEEN p.gas_meter_reading AND r.gas_meter_reading - 0.0005, TRUE
                )
                AND (
                    r.gas_meter_reading - p.gas_meter_reading <= 40 * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('gas_m3', r.time, 3600, r.gas_meter_reading, p.gas_meter_reading, r.meter_id, r.gas_meter_id)
                )
            )
        THEN ROUND(r.gas_meter_reading - p.gas_meter_reading, 3)
        WHEN p1_contradicted(
            'gas_m3', r.time, 86400, r.gas_meter_reading,
            CASE WHEN p.gas_meter_reading <= r.gas_meter_reading AND NOT coalesce(coalesce(p.gas_meter_id <> r.gas_meter_id, p.meter_id <> r.meter_id), FALSE) THEN p.gas_meter_reading ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0e0
        ELSE coalesce(
            ROUND(r.gas_meter_reading - p1_base(
                'gas_m3', r.time, r.gas_meter_reading,
                CASE WHEN p.gas_meter_reading <= r.gas_meter_reading AND NOT coalesce(coalesce(p.gas_meter_id <> r.gas_meter_id, p.meter_id <> r.meter_id), FALSE) THEN p.gas_meter_reading ELSE 0 END,
                40, r.meter_id, r.gas_meter_id
            ), 3),
            CASE
                WHEN coalesce(p.gas_meter_id <> r.gas_meter_id, p.meter_id <> r.meter_id) THEN 0e0
                WHEN p.gas_meter_reading = 0 AND r.gas_meter_reading <= 40 * ((r.time - p.time) / 3600e0 + 1) THEN r.gas_meter_reading
                WHEN p.gas_meter_reading IS NOT NULL THEN 0e0
            END
        )
    END AS gas_m3,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.water_meter_reading IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0e0 ELSE NULL END
        WHEN r.water_meter_reading <= 0 THEN 0e0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.water_meter_reading > 0
            AND (
                p.water_meter_reading = r.water_meter_reading
                OR p.water_meter_reading < r.water_meter_reading
                AND r.water_meter_reading - p.water_meter_reading <= 40 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce(
                    CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.water_meter_reading END NOT BETWEEN p.water_meter_reading AND r.water_meter_reading - 0.0005, TRUE
                )
                AND (
                    r.water_meter_reading - p.water_meter_reading <= 40 * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('water_m3', r.time, 3600, r.water_meter_reading, p.water_meter_reading, r.meter_id, r.gas_meter_id)
                )
            )
        THEN ROUND(r.water_meter_reading - p.water_meter_reading, 3)
        WHEN p1_contradicted(
            'water_m3', r.time, 86400, r.water_meter_reading,
            CASE WHEN p.water_meter_reading <= r.water_meter_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.water_meter_reading ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0e0
        ELSE coalesce(
            ROUND(r.water_meter_reading - p1_base(
                'water_m3', r.time, r.water_meter_reading,
                CASE WHEN p.water_meter_reading <= r.water_meter_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.water_meter_reading ELSE 0 END,
                40, r.meter_id, r.gas_meter_id
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0e0
                WHEN p.water_meter_reading = 0 AND r.water_meter_reading <= 40 * ((r.time - p.time) / 3600e0 + 1) THEN r.water_meter_reading
                WHEN p.water_meter_reading IS NOT NULL THEN 0e0
            END
        )
    END AS water_m3,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.heat_meter_reading IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0e0 ELSE NULL END
        WHEN r.heat_meter_reading <= 0 THEN 0e0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.heat_meter_reading > 0
            AND (
                p.heat_meter_reading = r.heat_meter_reading
                OR p.heat_meter_reading < r.heat_meter_reading
                AND r.heat_meter_reading - p.heat_meter_reading <= 1 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce(
                    CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.heat_meter_reading END NOT BETWEEN p.heat_meter_reading AND r.heat_meter_reading - 0.0005, TRUE
                )
                AND (
                    r.heat_meter_reading - p.heat_meter_reading <= 1 * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('heat_GJ', r.time, 3600, r.heat_meter_reading, p.heat_meter_reading, r.meter_id, r.gas_meter_id)
                )
            )
        THEN ROUND(r.heat_meter_reading - p.heat_meter_reading, 3)
        WHEN p1_contradicted(
            'heat_GJ', r.time, 86400, r.heat_meter_reading,
            CASE WHEN p.heat_meter_reading <= r.heat_meter_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.heat_meter_reading ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0e0
        ELSE coalesce(
            ROUND(r.heat_meter_reading - p1_base(
                'heat_GJ', r.time, r.heat_meter_reading,
                CASE WHEN p.heat_meter_reading <= r.heat_meter_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.heat_meter_reading ELSE 0 END,
                1, r.meter_id, r.gas_meter_id
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0e0
                WHEN p.heat_meter_reading = 0 AND r.heat_meter_reading <= 1 * ((r.time - p.time) / 3600e0 + 1) THEN r.heat_meter_reading
                WHEN p.heat_meter_reading IS NOT NULL THEN 0e0
            END
        )
    END AS heat_GJ,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.use_reading_3 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0e0 ELSE NULL END
        WHEN r.use_reading_3 <= 0 THEN 0e0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.use_reading_3 > 0
            AND (
                p.use_reading_3 = r.use_reading_3
                OR p.use_reading_3 < r.use_reading_3
                AND r.use_reading_3 - p.use_reading_3 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce(
                    CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.use_reading_3 END NOT BETWEEN p.use_reading_3 AND r.use_reading_3 - 0.0005, TRUE
                )
                AND (
                    r.use_reading_3 - p.use_reading_3 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('use_kWh_3', r.time, 3600, r.use_reading_3, p.use_reading_3, r.meter_id, r.gas_meter_id)
                )
            )
        THEN ROUND(r.use_reading_3 - p.use_reading_3, 3)
        WHEN p1_contradicted(
            'use_kWh_3', r.time, 86400, r.use_reading_3,
            CASE WHEN p.use_reading_3 <= r.use_reading_3 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_3 ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0e0
        ELSE coalesce(
            ROUND(r.use_reading_3 - p1_base(
                'use_kWh_3', r.time, r.use_reading_3,
                CASE WHEN p.use_reading_3 <= r.use_reading_3 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_3 ELSE 0 END,
                60, r.meter_id, r.gas_meter_id
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0e0
                WHEN p.use_reading_3 = 0 AND r.use_reading_3 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.use_reading_3
                WHEN p.use_reading_3 IS NOT NULL THEN 0e0
            END
        )
    END AS use_kWh_3,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.use_reading_4 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0e0 ELSE NULL END
        WHEN r.use_reading_4 <= 0 THEN 0e0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.use_reading_4 > 0
            AND (
                p.use_reading_4 = r.use_reading_4
                OR p.use_reading_4 < r.use_reading_4
                AND r.use_reading_4 - p.use_reading_4 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce(
                    CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.use_reading_4 END NOT BETWEEN p.use_reading_4 AND r.use_reading_4 - 0.0005, TRUE
                )
                AND (
                    r.use_reading_4 - p.use_reading_4 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('use_kWh_4', r.time, 3600, r.use_reading_4, p.use_reading_4, r.meter_id, r.gas_meter_id)
                )
            )
        THEN ROUND(r.use_reading_4 - p.use_reading_4, 3)
        WHEN p1_contradicted(
            'use_kWh_4', r.time, 86400, r.use_reading_4,
            CASE WHEN p.use_reading_4 <= r.use_reading_4 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_4 ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0e0
        ELSE coalesce(
            ROUND(r.use_reading_4 - p1_base(
                'use_kWh_4', r.time, r.use_reading_4,
                CASE WHEN p.use_reading_4 <= r.use_reading_4 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_4 ELSE 0 END,
                60, r.meter_id, r.gas_meter_id
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0e0
                WHEN p.use_reading_4 = 0 AND r.use_reading_4 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.use_reading_4
                WHEN p.use_reading_4 IS NOT NULL THEN 0e0
            END
        )
    END AS use_kWh_4,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.injection_reading_3 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0e0 ELSE NULL END
        WHEN r.injection_reading_3 <= 0 THEN 0e0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.injection_reading_3 > 0
            AND (
                p.injection_reading_3 = r.injection_reading_3
                OR p.injection_reading_3 < r.injection_reading_3
                AND r.injection_reading_3 - p.injection_reading_3 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce(
                    CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.injection_reading_3 END NOT BETWEEN p.injection_reading_3 AND r.injection_reading_3 - 0.0005, TRUE
                )
                AND (
                    r.injection_reading_3 - p.injection_reading_3 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('injection_kWh_3', r.time, 3600, r.injection_reading_3, p.injection_reading_3, r.meter_id, r.gas_meter_id)
                )
            )
        THEN ROUND(r.injection_reading_3 - p.injection_reading_3, 3)
        WHEN p1_contradicted(
            'injection_kWh_3', r.time, 86400, r.injection_reading_3,
            CASE WHEN p.injection_reading_3 <= r.injection_reading_3 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_3 ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0e0
        ELSE coalesce(
            ROUND(r.injection_reading_3 - p1_base(
                'injection_kWh_3', r.time, r.injection_reading_3,
                CASE WHEN p.injection_reading_3 <= r.injection_reading_3 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_3 ELSE 0 END,
                60, r.meter_id, r.gas_meter_id
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0e0
                WHEN p.injection_reading_3 = 0 AND r.injection_reading_3 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.injection_reading_3
                WHEN p.injection_reading_3 IS NOT NULL THEN 0e0
            END
        )
    END AS injection_kWh_3,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.injection_reading_4 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0e0 ELSE NULL END
        WHEN r.injection_reading_4 <= 0 THEN 0e0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.injection_reading_4 > 0
            AND (
                p.injection_reading_4 = r.injection_reading_4
                OR p.injection_reading_4 < r.injection_reading_4
                AND r.injection_reading_4 - p.injection_reading_4 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce(
                    CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.injection_reading_4 END NOT BETWEEN p.injection_reading_4 AND r.injection_reading_4 - 0.0005, TRUE
                )
                AND (
                    r.injection_reading_4 - p.injection_reading_4 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('injection_kWh_4', r.time, 3600, r.injection_reading_4, p.injection_reading_4, r.meter_id, r.gas_meter_id)
                )
            )
        THEN ROUND(r.injection_reading_4 - p.injection_reading_4, 3)
        WHEN p1_contradicted(
            'injection_kWh_4', r.time, 86400, r.injection_reading_4,
            CASE WHEN p.injection_reading_4 <= r.injection_reading_4 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_4 ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0e0
        ELSE coalesce(
            ROUND(r.injection_reading_4 - p1_base(
                'injection_kWh_4', r.time, r.injection_reading_4,
                CASE WHEN p.injection_reading_4 <= r.injection_reading_4 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_4 ELSE 0 END,
                60, r.meter_id, r.gas_meter_id
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0e0
                WHEN p.injection_reading_4 = 0 AND r.injection_reading_4 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.injection_reading_4
                WHEN p.injection_reading_4 IS NOT NULL THEN 0e0
            END
        )
    END AS injection_kWh_4,
    -- When the clocked registers were read, of this row and of the one before it.
    CASE WHEN r.gas_time BETWEEN r.time - 7200 AND r.time + 3600 THEN r.gas_time ELSE r.time END AS gas_m3_read,
    CASE WHEN p.gas_time BETWEEN p.time - 7200 AND p.time + 3600 THEN p.gas_time ELSE p.time END AS gas_m3_read_before
FROM p1_readouts AS r
LEFT JOIN JSON_TABLE(CAST(p1_time_at(r.time - 1) AS CHAR), '$' COLUMNS (time BIGINT PATH '$')) AS previous ON TRUE
LEFT JOIN p1_readouts AS p ON p.time = previous.time
LEFT JOIN JSON_TABLE(CAST(p1_time_after(r.time) AS CHAR), '$' COLUMNS (time BIGINT PATH '$')) AS following ON TRUE
LEFT JOIN p1_readouts AS n ON n.time = following.time
WHERE r.time >= 1104537600 AND r.time <= UNIX_TIMESTAMP() + 86400;

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

-- The gas meter's steps from `since` to `until` by its own clock, added up, of those across one of them the share.
DROP FUNCTION IF EXISTS p1_gas_between;
CREATE FUNCTION p1_gas_between(since BIGINT, until BIGINT) RETURNS DOUBLE READS SQL DATA
RETURN (
    SELECT SUM(gas_m3 * NULLIF(
        CASE
            WHEN gas_m3_read <= until THEN 1e0
            WHEN gas_m3_read_before < until AND gas_m3_read - gas_m3_read_before > 120
            THEN (until - gas_m3_read_before) * 1e0 / (gas_m3_read - gas_m3_read_before)
            ELSE 0e0
        END - CASE
            WHEN gas_m3_read <= since THEN 1e0
            WHEN gas_m3_read_before < since AND gas_m3_read - gas_m3_read_before > 120
            THEN (since - gas_m3_read_before) * 1e0 / (gas_m3_read - gas_m3_read_before)
            ELSE 0e0
        END,
        0
    ))
    FROM p1_steps
    WHERE time > since - 3600
        AND time <= COALESCE((SELECT MIN(time) FROM p1_readouts WHERE time > until + 7200), until + 7200)
);
