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
        WHEN p.time IS NULL THEN NULL
        WHEN r.use_reading IS NULL OR p.use_reading IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0 ELSE r.net_use * (r.time - p.time) / 3600e0 END
        WHEN r.use_reading <= 0 THEN 0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.use_reading > 0
            AND (
                p.use_reading = r.use_reading
                OR p.use_reading < r.use_reading
                AND r.use_reading - p.use_reading <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce((
                SELECT CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.use_reading END FROM p1_readouts AS n
                WHERE n.time > r.time AND n.time <= unixepoch() + 86400
                ORDER BY n.time LIMIT 1
            ) NOT BETWEEN p.use_reading AND r.use_reading - 0.0005, TRUE)
                AND (
                    r.use_reading - p.use_reading <= 60 * (r.time - p.time) / 3600e0
                    OR NOT EXISTS (
                        SELECT 1 FROM p1_readouts AS n
                        WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 3600
                            AND coalesce(n.meter_id = r.meter_id, TRUE)
                            AND n.use_reading >= p.use_reading AND n.use_reading < r.use_reading
                    )
                )
            )
        THEN round(r.use_reading - p.use_reading, 3)
        WHEN EXISTS (
            SELECT 1 FROM p1_readouts AS n
            WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 86400
                AND coalesce(n.meter_id = r.meter_id, TRUE)
                AND n.use_reading > 0 AND n.use_reading < r.use_reading
                AND n.use_reading >= CASE WHEN p.use_reading <= r.use_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading ELSE 0 END
        )
        THEN 0
        ELSE coalesce(
            round(r.use_reading - (
                SELECT b.use_reading FROM p1_readouts AS b
                WHERE b.time < r.time AND b.time >= max(r.time - 2678400, 1104537600)
                    AND coalesce(b.meter_id = r.meter_id, TRUE)
                    AND b.use_reading <= r.use_reading
                    AND b.use_reading > CASE WHEN p.use_reading <= r.use_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading ELSE 0 END
                    AND r.use_reading - b.use_reading <= 60 * ((r.time - b.time) / 3600e0 + 1)
                ORDER BY b.time DESC LIMIT 1
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0
                WHEN p.use_reading = 0 AND r.use_reading <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.use_reading
                WHEN p.use_reading IS NOT NULL THEN 0
            END
        )
    END AS use_kWh,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.use_reading_1 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0 ELSE NULL END
        WHEN r.use_reading_1 <= 0 THEN 0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.use_reading_1 > 0
            AND (
                p.use_reading_1 = r.use_reading_1
                OR p.use_reading_1 < r.use_reading_1
                AND r.use_reading_1 - p.use_reading_1 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce((
                SELECT CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.use_reading_1 END FROM p1_readouts AS n
                WHERE n.time > r.time AND n.time <= unixepoch() + 86400
                ORDER BY n.time LIMIT 1
            ) NOT BETWEEN p.use_reading_1 AND r.use_reading_1 - 0.0005, TRUE)
                AND (
                    r.use_reading_1 - p.use_reading_1 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT EXISTS (
                        SELECT 1 FROM p1_readouts AS n
                        WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 3600
                            AND coalesce(n.meter_id = r.meter_id, TRUE)
                            AND n.use_reading_1 >= p.use_reading_1 AND n.use_reading_1 < r.use_reading_1
                    )
                )
            )
        THEN round(r.use_reading_1 - p.use_reading_1, 3)
        WHEN EXISTS (
            SELECT 1 FROM p1_readouts AS n
            WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 86400
                AND coalesce(n.meter_id = r.meter_id, TRUE)
                AND n.use_reading_1 > 0 AND n.use_reading_1 < r.use_reading_1
                AND n.use_reading_1 >= CASE WHEN p.use_reading_1 <= r.use_reading_1 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_1 ELSE 0 END
        )
        THEN 0
        ELSE coalesce(
            round(r.use_reading_1 - (
                SELECT b.use_reading_1 FROM p1_readouts AS b
                WHERE b.time < r.time AND b.time >= max(r.time - 2678400, 1104537600)
                    AND coalesce(b.meter_id = r.meter_id, TRUE)
                    AND b.use_reading_1 <= r.use_reading_1
                    AND b.use_reading_1 > CASE WHEN p.use_reading_1 <= r.use_reading_1 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_1 ELSE 0 END
                    AND r.use_reading_1 - b.use_reading_1 <= 60 * ((r.time - b.time) / 3600e0 + 1)
                ORDER BY b.time DESC LIMIT 1
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0
                WHEN p.use_reading_1 = 0 AND r.use_reading_1 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.use_reading_1
                WHEN p.use_reading_1 IS NOT NULL THEN 0
            END
        )
    END AS use_kWh_1,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.use_reading_2 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0 ELSE NULL END
        WHEN r.use_reading_2 <= 0 THEN 0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.use_reading_2 > 0
            AND (
                p.use_reading_2 = r.use_reading_2
                OR p.use_reading_2 < r.use_reading_2
                AND r.use_reading_2 - p.use_reading_2 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce((
                SELECT CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.use_reading_2 END FROM p1_readouts AS n
                WHERE n.time > r.time AND n.time <= unixepoch() + 86400
                ORDER BY n.time LIMIT 1
            ) NOT BETWEEN p.use_reading_2 AND r.use_reading_2 - 0.0005, TRUE)
                AND (
                    r.use_reading_2 - p.use_reading_2 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT EXISTS (
                        SELECT 1 FROM p1_readouts AS n
                        WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 3600
                            AND coalesce(n.meter_id = r.meter_id, TRUE)
                            AND n.use_reading_2 >= p.use_reading_2 AND n.use_reading_2 < r.use_reading_2
                    )
                )
            )
        THEN round(r.use_reading_2 - p.use_reading_2, 3)
        WHEN EXISTS (
            SELECT 1 FROM p1_readouts AS n
            WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 86400
                AND coalesce(n.meter_id = r.meter_id, TRUE)
                AND n.use_reading_2 > 0 AND n.use_reading_2 < r.use_reading_2
                AND n.use_reading_2 >= CASE WHEN p.use_reading_2 <= r.use_reading_2 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_2 ELSE 0 END
        )
        THEN 0
        ELSE coalesce(
            round(r.use_reading_2 - (
                SELECT b.use_reading_2 FROM p1_readouts AS b
                WHERE b.time < r.time AND b.time >= max(r.time - 2678400, 1104537600)
                    AND coalesce(b.meter_id = r.meter_id, TRUE)
                    AND b.use_reading_2 <= r.use_reading_2
                    AND b.use_reading_2 > CASE WHEN p.use_reading_2 <= r.use_reading_2 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_2 ELSE 0 END
                    AND r.use_reading_2 - b.use_reading_2 <= 60 * ((r.time - b.time) / 3600e0 + 1)
                ORDER BY b.time DESC LIMIT 1
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0
                WHEN p.use_reading_2 = 0 AND r.use_reading_2 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.use_reading_2
                WHEN p.use_reading_2 IS NOT NULL THEN 0
            END
        )
    END AS use_kWh_2,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.injection_reading IS NULL OR p.injection_reading IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0 ELSE r.net_injection * (r.time - p.time) / 3600e0 END
        WHEN r.injection_reading <= 0 THEN 0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.injection_reading > 0
            AND (
                p.injection_reading = r.injection_reading
                OR p.injection_reading < r.injection_reading
                AND r.injection_reading - p.injection_reading <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce((
                SELECT CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.injection_reading END FROM p1_readouts AS n
                WHERE n.time > r.time AND n.time <= unixepoch() + 86400
                ORDER BY n.time LIMIT 1
            ) NOT BETWEEN p.injection_reading AND r.injection_reading - 0.0005, TRUE)
                AND (
                    r.injection_reading - p.injection_reading <= 60 * (r.time - p.time) / 3600e0
                    OR NOT EXISTS (
                        SELECT 1 FROM p1_readouts AS n
                        WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 3600
                            AND coalesce(n.meter_id = r.meter_id, TRUE)
                            AND n.injection_reading >= p.injection_reading AND n.injection_reading < r.injection_reading
                    )
                )
            )
        THEN round(r.injection_reading - p.injection_reading, 3)
        WHEN EXISTS (
            SELECT 1 FROM p1_readouts AS n
            WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 86400
                AND coalesce(n.meter_id = r.meter_id, TRUE)
                AND n.injection_reading > 0 AND n.injection_reading < r.injection_reading
                AND n.injection_reading >= CASE WHEN p.injection_reading <= r.injection_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading ELSE 0 END
        )
        THEN 0
        ELSE coalesce(
            round(r.injection_reading - (
                SELECT b.injection_reading FROM p1_readouts AS b
                WHERE b.time < r.time AND b.time >= max(r.time - 2678400, 1104537600)
                    AND coalesce(b.meter_id = r.meter_id, TRUE)
                    AND b.injection_reading <= r.injection_reading
                    AND b.injection_reading > CASE WHEN p.injection_reading <= r.injection_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading ELSE 0 END
                    AND r.injection_reading - b.injection_reading <= 60 * ((r.time - b.time) / 3600e0 + 1)
                ORDER BY b.time DESC LIMIT 1
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0
                WHEN p.injection_reading = 0 AND r.injection_reading <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.injection_reading
                WHEN p.injection_reading IS NOT NULL THEN 0
            END
        )
    END AS injection_kWh,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.injection_reading_1 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0 ELSE NULL END
        WHEN r.injection_reading_1 <= 0 THEN 0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.injection_reading_1 > 0
            AND (
                p.injection_reading_1 = r.injection_reading_1
                OR p.injection_reading_1 < r.injection_reading_1
                AND r.injection_reading_1 - p.injection_reading_1 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce((
                SELECT CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.injection_reading_1 END FROM p1_readouts AS n
                WHERE n.time > r.time AND n.time <= unixepoch() + 86400
                ORDER BY n.time LIMIT 1
            ) NOT BETWEEN p.injection_reading_1 AND r.injection_reading_1 - 0.0005, TRUE)
                AND (
                    r.injection_reading_1 - p.injection_reading_1 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT EXISTS (
                        SELECT 1 FROM p1_readouts AS n
                        WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 3600
                            AND coalesce(n.meter_id = r.meter_id, TRUE)
                            AND n.injection_reading_1 >= p.injection_reading_1 AND n.injection_reading_1 < r.injection_reading_1
                    )
                )
            )
        THEN round(r.injection_reading_1 - p.injection_reading_1, 3)
        WHEN EXISTS (
            SELECT 1 FROM p1_readouts AS n
            WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 86400
                AND coalesce(n.meter_id = r.meter_id, TRUE)
                AND n.injection_reading_1 > 0 AND n.injection_reading_1 < r.injection_reading_1
                AND n.injection_reading_1 >= CASE WHEN p.injection_reading_1 <= r.injection_reading_1 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_1 ELSE 0 END
        )
        THEN 0
        ELSE coalesce(
            round(r.injection_reading_1 - (
                SELECT b.injection_reading_1 FROM p1_readouts AS b
                WHERE b.time < r.time AND b.time >= max(r.time - 2678400, 1104537600)
                    AND coalesce(b.meter_id = r.meter_id, TRUE)
                    AND b.injection_reading_1 <= r.injection_reading_1
                    AND b.injection_reading_1 > CASE WHEN p.injection_reading_1 <= r.injection_reading_1 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_1 ELSE 0 END
                    AND r.injection_reading_1 - b.injection_reading_1 <= 60 * ((r.time - b.time) / 3600e0 + 1)
                ORDER BY b.time DESC LIMIT 1
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0
                WHEN p.injection_reading_1 = 0 AND r.injection_reading_1 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.injection_reading_1
                WHEN p.injection_reading_1 IS NOT NULL THEN 0
            END
        )
    END AS injection_kWh_1,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.injection_reading_2 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0 ELSE NULL END
        WHEN r.injection_reading_2 <= 0 THEN 0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.injection_reading_2 > 0
            AND (
                p.injection_reading_2 = r.injection_reading_2
                OR p.injection_reading_2 < r.injection_reading_2
                AND r.injection_reading_2 - p.injection_reading_2 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce((
                SELECT CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.injection_reading_2 END FROM p1_readouts AS n
                WHERE n.time > r.time AND n.time <= unixepoch() + 86400
                ORDER BY n.time LIMIT 1
            ) NOT BETWEEN p.injection_reading_2 AND r.injection_reading_2 - 0.0005, TRUE)
                AND (
                    r.injection_reading_2 - p.injection_reading_2 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT EXISTS (
                        SELECT 1 FROM p1_readouts AS n
                        WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 3600
                            AND coalesce(n.meter_id = r.meter_id, TRUE)
                            AND n.injection_reading_2 >= p.injection_reading_2 AND n.injection_reading_2 < r.injection_reading_2
                    )
                )
            )
        THEN round(r.injection_reading_2 - p.injection_reading_2, 3)
        WHEN EXISTS (
            SELECT 1 FROM p1_readouts AS n
            WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 86400
                AND coalesce(n.meter_id = r.meter_id, TRUE)
                AND n.injection_reading_2 > 0 AND n.injection_reading_2 < r.injection_reading_2
                AND n.injection_reading_2 >= CASE WHEN p.injection_reading_2 <= r.injection_reading_2 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_2 ELSE 0 END
        )
        THEN 0
        ELSE coalesce(
            round(r.injection_reading_2 - (
                SELECT b.injection_reading_2 FROM p1_readouts AS b
                WHERE b.time < r.time AND b.time >= max(r.time - 2678400, 1104537600)
                    AND coalesce(b.meter_id = r.meter_id, TRUE)
                    AND b.injection_reading_2 <= r.injection_reading_2
                    AND b.injection_reading_2 > CASE WHEN p.injection_reading_2 <= r.injection_reading_2 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_2 ELSE 0 END
                    AND r.injection_reading_2 - b.injection_reading_2 <= 60 * ((r.time - b.time) / 3600e0 + 1)
                ORDER BY b.time DESC LIMIT 1
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0
                WHEN p.injection_reading_2 = 0 AND r.injection_reading_2 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.injection_reading_2
                WHEN p.injection_reading_2 IS NOT NULL THEN 0
            END
        )
    END AS injection_kWh_2,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.gas_meter_reading IS NULL THEN CASE WHEN coalesce(p.gas_meter_id <> r.gas_meter_id, p.meter_id <> r.meter_id) THEN 0 ELSE NULL END
        WHEN r.gas_meter_reading <= 0 THEN 0
        WHEN NOT coalesce(coalesce(p.gas_meter_id <> r.gas_meter_id, p.meter_id <> r.meter_id), FALSE)
            AND p.gas_meter_reading > 0
            AND (
                p.gas_meter_reading = r.gas_meter_reading
                OR p.gas_meter_reading < r.gas_meter_reading
                AND r.gas_meter_reading - p.gas_meter_reading <= 40 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce((
                SELECT CASE WHEN coalesce(n.gas_meter_id = r.gas_meter_id, n.meter_id = r.meter_id, TRUE) THEN n.gas_meter_reading END FROM p1_readouts AS n
                WHERE n.time > r.time AND n.time <= unixepoch() + 86400
                ORDER BY n.time LIMIT 1
            ) NOT BETWEEN p.gas_meter_reading AND r.gas_meter_reading - 0.0005, TRUE)
                AND (
                    r.gas_meter_reading - p.gas_meter_reading <= 40 * (r.time - p.time) / 3600e0
                    OR NOT EXISTS (
                        SELECT 1 FROM p1_readouts AS n
                        WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 3600
                            AND coalesce(n.gas_meter_id = r.gas_meter_id, n.meter_id = r.meter_id, TRUE)
                            AND n.gas_meter_reading >= p.gas_meter_reading AND n.gas_meter_reading < r.gas_meter_reading
                    )
                )
            )
        THEN round(r.gas_meter_reading - p.gas_meter_reading, 3)
        WHEN EXISTS (
            SELECT 1 FROM p1_readouts AS n
            WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 86400
                AND coalesce(n.gas_meter_id = r.gas_meter_id, n.meter_id = r.meter_id, TRUE)
                AND n.gas_meter_reading > 0 AND n.gas_meter_reading < r.gas_meter_reading
                AND n.gas_meter_reading >= CASE WHEN p.gas_meter_reading <= r.gas_meter_reading AND NOT coalesce(coalesce(p.gas_meter_id <> r.gas_meter_id, p.meter_id <> r.meter_id), FALSE) THEN p.gas_meter_reading ELSE 0 END
        )
        THEN 0
        ELSE coalesce(
            round(r.gas_meter_reading - (
                SELECT b.gas_meter_reading FROM p1_readouts AS b
                WHERE b.time < r.time AND b.time >= max(r.time - 2678400, 1104537600)
                    AND coalesce(b.gas_meter_id = r.gas_meter_id, b.meter_id = r.meter_id, TRUE)
                    AND b.gas_meter_reading <= r.gas_meter_reading
                    AND b.gas_meter_reading > CASE WHEN p.gas_meter_reading <= r.gas_meter_reading AND NOT coalesce(coalesce(p.gas_meter_id <> r.gas_meter_id, p.meter_id <> r.meter_id), FALSE) THEN p.gas_meter_reading ELSE 0 END
                    AND r.gas_meter_reading - b.gas_meter_reading <= 40 * ((r.time - b.time) / 3600e0 + 1)
                ORDER BY b.time DESC LIMIT 1
            ), 3),
            CASE
                WHEN coalesce(p.gas_meter_id <> r.gas_meter_id, p.meter_id <> r.meter_id) THEN 0
                WHEN p.gas_meter_reading = 0 AND r.gas_meter_reading <= 40 * ((r.time - p.time) / 3600e0 + 1) THEN r.gas_meter_reading
                WHEN p.gas_meter_reading IS NOT NULL THEN 0
            END
        )
    END AS gas_m3,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.water_meter_reading IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0 ELSE NULL END
        WHEN r.water_meter_reading <= 0 THEN 0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.water_meter_reading > 0
            AND (
                p.water_meter_reading = r.water_meter_reading
                OR p.water_meter_reading < r.water_meter_reading
                AND r.water_meter_reading - p.water_meter_reading <= 40 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce((
                SELECT CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.water_meter_reading END FROM p1_readouts AS n
                WHERE n.time > r.time AND n.time <= unixepoch() + 86400
                ORDER BY n.time LIMIT 1
            ) NOT BETWEEN p.water_meter_reading AND r.water_meter_reading - 0.0005, TRUE)
                AND (
                    r.water_meter_reading - p.water_meter_reading <= 40 * (r.time - p.time) / 3600e0
                    OR NOT EXISTS (
                        SELECT 1 FROM p1_readouts AS n
                        WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 3600
                            AND coalesce(n.meter_id = r.meter_id, TRUE)
                            AND n.water_meter_reading >= p.water_meter_reading AND n.water_meter_reading < r.water_meter_reading
                    )
                )
            )
        THEN round(r.water_meter_reading - p.water_meter_reading, 3)
        WHEN EXISTS (
            SELECT 1 FROM p1_readouts AS n
            WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 86400
                AND coalesce(n.meter_id = r.meter_id, TRUE)
                AND n.water_meter_reading > 0 AND n.water_meter_reading < r.water_meter_reading
                AND n.water_meter_reading >= CASE WHEN p.water_meter_reading <= r.water_meter_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.water_meter_reading ELSE 0 END
        )
        THEN 0
        ELSE coalesce(
            round(r.water_meter_reading - (
                SELECT b.water_meter_reading FROM p1_readouts AS b
                WHERE b.time < r.time AND b.time >= max(r.time - 2678400, 1104537600)
                    AND coalesce(b.meter_id = r.meter_id, TRUE)
                    AND b.water_meter_reading <= r.water_meter_reading
                    AND b.water_meter_reading > CASE WHEN p.water_meter_reading <= r.water_meter_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.water_meter_reading ELSE 0 END
                    AND r.water_meter_reading - b.water_meter_reading <= 40 * ((r.time - b.time) / 3600e0 + 1)
                ORDER BY b.time DESC LIMIT 1
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0
                WHEN p.water_meter_reading = 0 AND r.water_meter_reading <= 40 * ((r.time - p.time) / 3600e0 + 1) THEN r.water_meter_reading
                WHEN p.water_meter_reading IS NOT NULL THEN 0
            END
        )
    END AS water_m3,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.heat_meter_reading IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0 ELSE NULL END
        WHEN r.heat_meter_reading <= 0 THEN 0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.heat_meter_reading > 0
            AND (
                p.heat_meter_reading = r.heat_meter_reading
                OR p.heat_meter_reading < r.heat_meter_reading
                AND r.heat_meter_reading - p.heat_meter_reading <= 1 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce((
                SELECT CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.heat_meter_reading END FROM p1_readouts AS n
                WHERE n.time > r.time AND n.time <= unixepoch() + 86400
                ORDER BY n.time LIMIT 1
            ) NOT BETWEEN p.heat_meter_reading AND r.heat_meter_reading - 0.0005, TRUE)
                AND (
                    r.heat_meter_reading - p.heat_meter_reading <= 1 * (r.time - p.time) / 3600e0
                    OR NOT EXISTS (
                        SELECT 1 FROM p1_readouts AS n
                        WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 3600
                            AND coalesce(n.meter_id = r.meter_id, TRUE)
                            AND n.heat_meter_reading >= p.heat_meter_reading AND n.heat_meter_reading < r.heat_meter_reading
                    )
                )
            )
        THEN round(r.heat_meter_reading - p.heat_meter_reading, 3)
        WHEN EXISTS (
            SELECT 1 FROM p1_readouts AS n
            WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 86400
                AND coalesce(n.meter_id = r.meter_id, TRUE)
                AND n.heat_meter_reading > 0 AND n.heat_meter_reading < r.heat_meter_reading
                AND n.heat_meter_reading >= CASE WHEN p.heat_meter_reading <= r.heat_meter_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.heat_meter_reading ELSE 0 END
        )
        THEN 0
        ELSE coalesce(
            round(r.heat_meter_reading - (
                SELECT b.heat_meter_reading FROM p1_readouts AS b
                WHERE b.time < r.time AND b.time >= max(r.time - 2678400, 1104537600)
                    AND coalesce(b.meter_id = r.meter_id, TRUE)
                    AND b.heat_meter_reading <= r.heat_meter_reading
                    AND b.heat_meter_reading > CASE WHEN p.heat_meter_reading <= r.heat_meter_reading AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.heat_meter_reading ELSE 0 END
                    AND r.heat_meter_reading - b.heat_meter_reading <= 1 * ((r.time - b.time) / 3600e0 + 1)
                ORDER BY b.time DESC LIMIT 1
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0
                WHEN p.heat_meter_reading = 0 AND r.heat_meter_reading <= 1 * ((r.time - p.time) / 3600e0 + 1) THEN r.heat_meter_reading
                WHEN p.heat_meter_reading IS NOT NULL THEN 0
            END
        )
    END AS heat_GJ,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.use_reading_3 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0 ELSE NULL END
        WHEN r.use_reading_3 <= 0 THEN 0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.use_reading_3 > 0
            AND (
                p.use_reading_3 = r.use_reading_3
                OR p.use_reading_3 < r.use_reading_3
                AND r.use_reading_3 - p.use_reading_3 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce((
                SELECT CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.use_reading_3 END FROM p1_readouts AS n
                WHERE n.time > r.time AND n.time <= unixepoch() + 86400
                ORDER BY n.time LIMIT 1
            ) NOT BETWEEN p.use_reading_3 AND r.use_reading_3 - 0.0005, TRUE)
                AND (
                    r.use_reading_3 - p.use_reading_3 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT EXISTS (
                        SELECT 1 FROM p1_readouts AS n
                        WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 3600
                            AND coalesce(n.meter_id = r.meter_id, TRUE)
                            AND n.use_reading_3 >= p.use_reading_3 AND n.use_reading_3 < r.use_reading_3
                    )
                )
            )
        THEN round(r.use_reading_3 - p.use_reading_3, 3)
        WHEN EXISTS (
            SELECT 1 FROM p1_readouts AS n
            WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 86400
                AND coalesce(n.meter_id = r.meter_id, TRUE)
                AND n.use_reading_3 > 0 AND n.use_reading_3 < r.use_reading_3
                AND n.use_reading_3 >= CASE WHEN p.use_reading_3 <= r.use_reading_3 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_3 ELSE 0 END
        )
        THEN 0
        ELSE coalesce(
            round(r.use_reading_3 - (
                SELECT b.use_reading_3 FROM p1_readouts AS b
                WHERE b.time < r.time AND b.time >= max(r.time - 2678400, 1104537600)
                    AND coalesce(b.meter_id = r.meter_id, TRUE)
                    AND b.use_reading_3 <= r.use_reading_3
                    AND b.use_reading_3 > CASE WHEN p.use_reading_3 <= r.use_reading_3 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_3 ELSE 0 END
                    AND r.use_reading_3 - b.use_reading_3 <= 60 * ((r.time - b.time) / 3600e0 + 1)
                ORDER BY b.time DESC LIMIT 1
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0
                WHEN p.use_reading_3 = 0 AND r.use_reading_3 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.use_reading_3
                WHEN p.use_reading_3 IS NOT NULL THEN 0
            END
        )
    END AS use_kWh_3,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.use_reading_4 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0 ELSE NULL END
        WHEN r.use_reading_4 <= 0 THEN 0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.use_reading_4 > 0
            AND (
                p.use_reading_4 = r.use_reading_4
                OR p.use_reading_4 < r.use_reading_4
                AND r.use_reading_4 - p.use_reading_4 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce((
                SELECT CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.use_reading_4 END FROM p1_readouts AS n
                WHERE n.time > r.time AND n.time <= unixepoch() + 86400
                ORDER BY n.time LIMIT 1
            ) NOT BETWEEN p.use_reading_4 AND r.use_reading_4 - 0.0005, TRUE)
                AND (
                    r.use_reading_4 - p.use_reading_4 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT EXISTS (
                        SELECT 1 FROM p1_readouts AS n
                        WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 3600
                            AND coalesce(n.meter_id = r.meter_id, TRUE)
                            AND n.use_reading_4 >= p.use_reading_4 AND n.use_reading_4 < r.use_reading_4
                    )
                )
            )
        THEN round(r.use_reading_4 - p.use_reading_4, 3)
        WHEN EXISTS (
            SELECT 1 FROM p1_readouts AS n
            WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 86400
                AND coalesce(n.meter_id = r.meter_id, TRUE)
                AND n.use_reading_4 > 0 AND n.use_reading_4 < r.use_reading_4
                AND n.use_reading_4 >= CASE WHEN p.use_reading_4 <= r.use_reading_4 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_4 ELSE 0 END
        )
        THEN 0
        ELSE coalesce(
            round(r.use_reading_4 - (
                SELECT b.use_reading_4 FROM p1_readouts AS b
                WHERE b.time < r.time AND b.time >= max(r.time - 2678400, 1104537600)
                    AND coalesce(b.meter_id = r.meter_id, TRUE)
                    AND b.use_reading_4 <= r.use_reading_4
                    AND b.use_reading_4 > CASE WHEN p.use_reading_4 <= r.use_reading_4 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.use_reading_4 ELSE 0 END
                    AND r.use_reading_4 - b.use_reading_4 <= 60 * ((r.time - b.time) / 3600e0 + 1)
                ORDER BY b.time DESC LIMIT 1
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0
                WHEN p.use_reading_4 = 0 AND r.use_reading_4 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.use_reading_4
                WHEN p.use_reading_4 IS NOT NULL THEN 0
            END
        )
    END AS use_kWh_4,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.injection_reading_3 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0 ELSE NULL END
        WHEN r.injection_reading_3 <= 0 THEN 0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.injection_reading_3 > 0
            AND (
                p.injection_reading_3 = r.injection_reading_3
                OR p.injection_reading_3 < r.injection_reading_3
                AND r.injection_reading_3 - p.injection_reading_3 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce((
                SELECT CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.injection_reading_3 END FROM p1_readouts AS n
                WHERE n.time > r.time AND n.time <= unixepoch() + 86400
                ORDER BY n.time LIMIT 1
            ) NOT BETWEEN p.injection_reading_3 AND r.injection_reading_3 - 0.0005, TRUE)
                AND (
                    r.injection_reading_3 - p.injection_reading_3 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT EXISTS (
                        SELECT 1 FROM p1_readouts AS n
                        WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 3600
                            AND coalesce(n.meter_id = r.meter_id, TRUE)
                            AND n.injection_reading_3 >= p.injection_reading_3 AND n.injection_reading_3 < r.injection_reading_3
                    )
                )
            )
        THEN round(r.injection_reading_3 - p.injection_reading_3, 3)
        WHEN EXISTS (
            SELECT 1 FROM p1_readouts AS n
            WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 86400
                AND coalesce(n.meter_id = r.meter_id, TRUE)
                AND n.injection_reading_3 > 0 AND n.injection_reading_3 < r.injection_reading_3
                AND n.injection_reading_3 >= CASE WHEN p.injection_reading_3 <= r.injection_reading_3 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_3 ELSE 0 END
        )
        THEN 0
        ELSE coalesce(
            round(r.injection_reading_3 - (
                SELECT b.injection_reading_3 FROM p1_readouts AS b
                WHERE b.time < r.time AND b.time >= max(r.time - 2678400, 1104537600)
                    AND coalesce(b.meter_id = r.meter_id, TRUE)
                    AND b.injection_reading_3 <= r.injection_reading_3
                    AND b.injection_reading_3 > CASE WHEN p.injection_reading_3 <= r.injection_reading_3 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_3 ELSE 0 END
                    AND r.injection_reading_3 - b.injection_reading_3 <= 60 * ((r.time - b.time) / 3600e0 + 1)
                ORDER BY b.time DESC LIMIT 1
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0
                WHEN p.injection_reading_3 = 0 AND r.injection_reading_3 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.injection_reading_3
                WHEN p.injection_reading_3 IS NOT NULL THEN 0
            END
        )
    END AS injection_kWh_3,
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN r.injection_reading_4 IS NULL THEN CASE WHEN p.meter_id <> r.meter_id THEN 0 ELSE NULL END
        WHEN r.injection_reading_4 <= 0 THEN 0
        WHEN NOT coalesce(p.meter_id <> r.meter_id, FALSE)
            AND p.injection_reading_4 > 0
            AND (
                p.injection_reading_4 = r.injection_reading_4
                OR p.injection_reading_4 < r.injection_reading_4
                AND r.injection_reading_4 - p.injection_reading_4 <= 60 * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce((
                SELECT CASE WHEN coalesce(n.meter_id = r.meter_id, TRUE) THEN n.injection_reading_4 END FROM p1_readouts AS n
                WHERE n.time > r.time AND n.time <= unixepoch() + 86400
                ORDER BY n.time LIMIT 1
            ) NOT BETWEEN p.injection_reading_4 AND r.injection_reading_4 - 0.0005, TRUE)
                AND (
                    r.injection_reading_4 - p.injection_reading_4 <= 60 * (r.time - p.time) / 3600e0
                    OR NOT EXISTS (
                        SELECT 1 FROM p1_readouts AS n
                        WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 3600
                            AND coalesce(n.meter_id = r.meter_id, TRUE)
                            AND n.injection_reading_4 >= p.injection_reading_4 AND n.injection_reading_4 < r.injection_reading_4
                    )
                )
            )
        THEN round(r.injection_reading_4 - p.injection_reading_4, 3)
        WHEN EXISTS (
            SELECT 1 FROM p1_readouts AS n
            WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 86400
                AND coalesce(n.meter_id = r.meter_id, TRUE)
                AND n.injection_reading_4 > 0 AND n.injection_reading_4 < r.injection_reading_4
                AND n.injection_reading_4 >= CASE WHEN p.injection_reading_4 <= r.injection_reading_4 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_4 ELSE 0 END
        )
        THEN 0
        ELSE coalesce(
            round(r.injection_reading_4 - (
                SELECT b.injection_reading_4 FROM p1_readouts AS b
                WHERE b.time < r.time AND b.time >= max(r.time - 2678400, 1104537600)
                    AND coalesce(b.meter_id = r.meter_id, TRUE)
                    AND b.injection_reading_4 <= r.injection_reading_4
                    AND b.injection_reading_4 > CASE WHEN p.injection_reading_4 <= r.injection_reading_4 AND NOT coalesce(p.meter_id <> r.meter_id, FALSE) THEN p.injection_reading_4 ELSE 0 END
                    AND r.injection_reading_4 - b.injection_reading_4 <= 60 * ((r.time - b.time) / 3600e0 + 1)
                ORDER BY b.time DESC LIMIT 1
            ), 3),
            CASE
                WHEN p.meter_id <> r.meter_id THEN 0
                WHEN p.injection_reading_4 = 0 AND r.injection_reading_4 <= 60 * ((r.time - p.time) / 3600e0 + 1) THEN r.injection_reading_4
                WHEN p.injection_reading_4 IS NOT NULL THEN 0
            END
        )
    END AS injection_kWh_4,
    -- When the clocked registers were read, of this row and of the one before it.
    CASE WHEN r.gas_time BETWEEN r.time - 7200 AND r.time + 3600 THEN r.gas_time ELSE r.time END AS gas_m3_read,
    CASE WHEN p.gas_time BETWEEN p.time - 7200 AND p.time + 3600 THEN p.gas_time ELSE p.time END AS gas_m3_read_before
FROM p1_readouts AS r
LEFT JOIN p1_readouts AS p ON p.time = (
    SELECT max(q.time) FROM p1_readouts AS q WHERE q.time < r.time AND q.time >= 1104537600
)
-- A row from before 2005, or from more than a day ahead of now, was stored under a wrong clock: it counts as absent.
-- The `+` keeps SQLite from seeking by these when the range that is asked for is narrower.
WHERE +r.time >= 1104537600 AND +r.time <= unixepoch() + 86400;
