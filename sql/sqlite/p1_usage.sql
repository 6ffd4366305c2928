-- What was used in each of `p1_periods`: the difference of the meter's registers between its two boundaries.
--
-- Where that cannot be taken (another meter, at the end or meanwhile: `x`; a register that dropped; rows without
-- registers) the period's steps are added up instead, the two that reach across its boundaries by their share. What no
-- boundary knows is NULL.
DROP VIEW IF EXISTS p1_usage;
CREATE VIEW p1_usage AS
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
)
SELECT
    k.unit,
    k.time,
    datetime(k.time, 'unixepoch', 'localtime') AS date_time,
    round(CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.use_reading > 0 OR bn.use_reading = 0)
            AND a.use_reading <= an.use_reading
            AND a.use_reading <= b.use_reading
            AND an.use_reading <= bn.use_reading
            AND b.use_reading <= bn.use_reading
            AND bn.use_reading - a.use_reading <= 60 * min((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.use_reading - a.use_reading <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.use_reading - b.use_reading <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.use_reading + k.end_share * (bn.use_reading - b.use_reading) - (a.use_reading + k.start_share * (an.use_reading - a.use_reading))
        WHEN coalesce(
            a.use_reading, an.use_reading, b.use_reading, bn.use_reading,
            a.net_use, an.net_use, b.net_use, bn.net_use
        ) IS NOT NULL
        THEN
            (
                SELECT sum(
                    s.use_kWh
                    * (1 - (s.time = k.start_next) * k.start_share - (s.time > k.end_row) * (1 - k.end_share))
                )
                FROM p1_steps AS s
                WHERE s.time > k.start_row AND s.time <= k.end_next
            )
    END, 9) AS use_kWh,
    round(CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.use_reading_1 > 0 OR bn.use_reading_1 = 0)
            AND a.use_reading_1 <= an.use_reading_1
            AND a.use_reading_1 <= b.use_reading_1
            AND an.use_reading_1 <= bn.use_reading_1
            AND b.use_reading_1 <= bn.use_reading_1
            AND bn.use_reading_1 - a.use_reading_1 <= 60 * min((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.use_reading_1 - a.use_reading_1 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.use_reading_1 - b.use_reading_1 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.use_reading_1 + k.end_share * (bn.use_reading_1 - b.use_reading_1) - (a.use_reading_1 + k.start_share * (an.use_reading_1 - a.use_reading_1))
        WHEN coalesce(
            a.use_reading_1, an.use_reading_1, b.use_reading_1, bn.use_reading_1
        ) IS NOT NULL
        THEN
            (
                SELECT sum(
                    s.use_kWh_1
                    * (1 - (s.time = k.start_next) * k.start_share - (s.time > k.end_row) * (1 - k.end_share))
                )
                FROM p1_steps AS s
                WHERE s.time > k.start_row AND s.time <= k.end_next
            )
    END, 9) AS use_kWh_1,
    round(CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.use_reading_2 > 0 OR bn.use_reading_2 = 0)
            AND a.use_reading_2 <= an.use_reading_2
            AND a.use_reading_2 <= b.use_reading_2
            AND an.use_reading_2 <= bn.use_reading_2
            AND b.use_reading_2 <= bn.use_reading_2
            AND bn.use_reading_2 - a.use_reading_2 <= 60 * min((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.use_reading_2 - a.use_reading_2 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.use_reading_2 - b.use_reading_2 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.use_reading_2 + k.end_share * (bn.use_reading_2 - b.use_reading_2) - (a.use_reading_2 + k.start_share * (an.use_reading_2 - a.use_reading_2))
        WHEN coalesce(
            a.use_reading_2, an.use_reading_2, b.use_reading_2, bn.use_reading_2
        ) IS NOT NULL
        THEN
            (
                SELECT sum(
                    s.use_kWh_2
                    * (1 - (s.time = k.start_next) * k.start_share - (s.time > k.end_row) * (1 - k.end_share))
                )
                FROM p1_steps AS s
                WHERE s.time > k.start_row AND s.time <= k.end_next
            )
    END, 9) AS use_kWh_2,
    round(CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.injection_reading > 0 OR bn.injection_reading = 0)
            AND a.injection_reading <= an.injection_reading
            AND a.injection_reading <= b.injection_reading
            AND an.injection_reading <= bn.injection_reading
            AND b.injection_reading <= bn.injection_reading
            AND bn.injection_reading - a.injection_reading <= 60 * min((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.injection_reading - a.injection_reading <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.injection_reading - b.injection_reading <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.injection_reading + k.end_share * (bn.injection_reading - b.injection_reading) - (a.injection_reading + k.start_share * (an.injection_reading - a.injection_reading))
        WHEN coalesce(
            a.injection_reading, an.injection_reading, b.injection_reading, bn.injection_reading,
            a.net_injection, an.net_injection, b.net_injection, bn.net_injection
        ) IS NOT NULL
        THEN
            (
                SELECT sum(
                    s.injection_kWh
                    * (1 - (s.time = k.start_next) * k.start_share - (s.time > k.end_row) * (1 - k.end_share))
                )
                FROM p1_steps AS s
                WHERE s.time > k.start_row AND s.time <= k.end_next
            )
    END, 9) AS injection_kWh,
    round(CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.injection_reading_1 > 0 OR bn.injection_reading_1 = 0)
            AND a.injection_reading_1 <= an.injection_reading_1
            AND a.injection_reading_1 <= b.injection_reading_1
            AND an.injection_reading_1 <= bn.injection_reading_1
            AND b.injection_reading_1 <= bn.injection_reading_1
            AND bn.injection_reading_1 - a.injection_reading_1 <= 60 * min((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.injection_reading_1 - a.injection_reading_1 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.injection_reading_1 - b.injection_reading_1 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.injection_reading_1 + k.end_share * (bn.injection_reading_1 - b.injection_reading_1) - (a.injection_reading_1 + k.start_share * (an.injection_reading_1 - a.injection_reading_1))
        WHEN coalesce(
            a.injection_reading_1, an.injection_reading_1, b.injection_reading_1, bn.injection_reading_1
        ) IS NOT NULL
        THEN
            (
                SELECT sum(
                    s.injection_kWh_1
                    * (1 - (s.time = k.start_next) * k.start_share - (s.time > k.end_row) * (1 - k.end_share))
                )
                FROM p1_steps AS s
                WHERE s.time > k.start_row AND s.time <= k.end_next
            )
    END, 9) AS injection_kWh_1,
    round(CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.injection_reading_2 > 0 OR bn.injection_reading_2 = 0)
            AND a.injection_reading_2 <= an.injection_reading_2
            AND a.injection_reading_2 <= b.injection_reading_2
            AND an.injection_reading_2 <= bn.injection_reading_2
            AND b.injection_reading_2 <= bn.injection_reading_2
            AND bn.injection_reading_2 - a.injection_reading_2 <= 60 * min((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.injection_reading_2 - a.injection_reading_2 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.injection_reading_2 - b.injection_reading_2 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.injection_reading_2 + k.end_share * (bn.injection_reading_2 - b.injection_reading_2) - (a.injection_reading_2 + k.start_share * (an.injection_reading_2 - a.injection_reading_2))
        WHEN coalesce(
            a.injection_reading_2, an.injection_reading_2, b.injection_reading_2, bn.injection_reading_2
        ) IS NOT NULL
        THEN
            (
                SELECT sum(
                    s.injection_kWh_2
                    * (1 - (s.time = k.start_next) * k.start_share - (s.time > k.end_row) * (1 - k.end_share))
                )
                FROM p1_steps AS s
                WHERE s.time > k.start_row AND s.time <= k.end_next
            )
    END, 9) AS injection_kWh_2,
    round(CASE
        WHEN coalesce(a.gas_meter_id = bn.gas_meter_id, a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND coalesce(
                nullif(a.gas_meter_reading, 0), nullif(an.gas_meter_reading, 0), nullif(b.gas_meter_reading, 0), nullif(bn.gas_meter_reading, 0),
                (
                    SELECT q.gas_meter_reading FROM p1_readouts AS q
                    WHERE q.time <= unixepoch() + 86400 ORDER BY q.time DESC LIMIT 1
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
            AND (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * (k.until - b.read_at) / (n.read_at - b.read_at)
        ELSE 0
    END
    FROM (
        SELECT gas_meter_reading AS reading, CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END AS read_at
        FROM p1_readouts
        WHERE time <= min(k.until, unixepoch()) + 3600 AND time >= max(k.until - CASE WHEN coalesce(nullif(a.gas_meter_reading, 0), nullif(an.gas_meter_reading, 0), nullif(b.gas_meter_reading, 0), nullif(bn.gas_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, 1104537600)
            AND gas_meter_reading > 0 AND CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END <= k.until AND coalesce(gas_meter_id = a.gas_meter_id, meter_id = a.meter_id, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT gas_meter_reading AS reading, CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END AS read_at
        FROM p1_readouts
        WHERE time > k.until - 3600 AND time <= min(k.until + 2678400, unixepoch() + 86400)
            AND gas_meter_reading > 0 AND CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END > k.until AND coalesce(gas_meter_id = a.gas_meter_id, meter_id = a.meter_id, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
) - (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * (k.time - b.read_at) / (n.read_at - b.read_at)
        ELSE 0
    END
    FROM (
        SELECT gas_meter_reading AS reading, CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END AS read_at
        FROM p1_readouts
        WHERE time <= min(k.time, unixepoch()) + 3600 AND time >= max(k.time - CASE WHEN coalesce(nullif(a.gas_meter_reading, 0), nullif(an.gas_meter_reading, 0), nullif(b.gas_meter_reading, 0), nullif(bn.gas_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, 1104537600)
            AND gas_meter_reading > 0 AND CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END <= k.time AND coalesce(gas_meter_id = a.gas_meter_id, meter_id = a.meter_id, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT gas_meter_reading AS reading, CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END AS read_at
        FROM p1_readouts
        WHERE time > k.time - 3600 AND time <= min(k.time + 2678400, unixepoch() + 86400)
            AND gas_meter_reading > 0 AND CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END > k.time AND coalesce(gas_meter_id = a.gas_meter_id, meter_id = a.meter_id, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
) BETWEEN 0 AND 40 * min((bn.time - a.time) / 3600e0 + 1, 100)
        THEN (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * (k.until - b.read_at) / (n.read_at - b.read_at)
        ELSE 0
    END
    FROM (
        SELECT gas_meter_reading AS reading, CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END AS read_at
        FROM p1_readouts
        WHERE time <= min(k.until, unixepoch()) + 3600 AND time >= max(k.until - CASE WHEN coalesce(nullif(a.gas_meter_reading, 0), nullif(an.gas_meter_reading, 0), nullif(b.gas_meter_reading, 0), nullif(bn.gas_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, 1104537600)
            AND gas_meter_reading > 0 AND CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END <= k.until AND coalesce(gas_meter_id = a.gas_meter_id, meter_id = a.meter_id, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT gas_meter_reading AS reading, CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END AS read_at
        FROM p1_readouts
        WHERE time > k.until - 3600 AND time <= min(k.until + 2678400, unixepoch() + 86400)
            AND gas_meter_reading > 0 AND CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END > k.until AND coalesce(gas_meter_id = a.gas_meter_id, meter_id = a.meter_id, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
) - (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * (k.time - b.read_at) / (n.read_at - b.read_at)
        ELSE 0
    END
    FROM (
        SELECT gas_meter_reading AS reading, CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END AS read_at
        FROM p1_readouts
        WHERE time <= min(k.time, unixepoch()) + 3600 AND time >= max(k.time - CASE WHEN coalesce(nullif(a.gas_meter_reading, 0), nullif(an.gas_meter_reading, 0), nullif(b.gas_meter_reading, 0), nullif(bn.gas_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, 1104537600)
            AND gas_meter_reading > 0 AND CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END <= k.time AND coalesce(gas_meter_id = a.gas_meter_id, meter_id = a.meter_id, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT gas_meter_reading AS reading, CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END AS read_at
        FROM p1_readouts
        WHERE time > k.time - 3600 AND time <= min(k.time + 2678400, unixepoch() + 86400)
            AND gas_meter_reading > 0 AND CASE WHEN gas_time BETWEEN time - 7200 AND time + 3600 THEN gas_time ELSE time END > k.time AND coalesce(gas_meter_id = a.gas_meter_id, meter_id = a.meter_id, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
)
        WHEN coalesce(a.gas_meter_id = bn.gas_meter_id, a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.gas_meter_reading > 0 OR bn.gas_meter_reading = 0)
            AND a.gas_meter_reading <= an.gas_meter_reading
            AND a.gas_meter_reading <= b.gas_meter_reading
            AND an.gas_meter_reading <= bn.gas_meter_reading
            AND b.gas_meter_reading <= bn.gas_meter_reading
            AND bn.gas_meter_reading - a.gas_meter_reading <= 40 * min((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.gas_meter_reading - a.gas_meter_reading <= 40 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.gas_meter_reading - b.gas_meter_reading <= 40 * ((bn.time - b.time) / 3600e0 + 1)
        THEN CASE WHEN bn.gas_time BETWEEN bn.time - 7200 AND k.until THEN bn.gas_meter_reading ELSE b.gas_meter_reading + k.end_share * (bn.gas_meter_reading - b.gas_meter_reading) END - (CASE WHEN an.gas_time BETWEEN an.time - 7200 AND k.time THEN an.gas_meter_reading ELSE a.gas_meter_reading + k.start_share * (an.gas_meter_reading - a.gas_meter_reading) END)
        WHEN coalesce(
            a.gas_meter_reading, an.gas_meter_reading, b.gas_meter_reading, bn.gas_meter_reading
        ) IS NOT NULL
        THEN
            (
                SELECT sum(s.gas_m3 * nullif(
                    CASE
                        WHEN s.gas_m3_read <= k.until THEN 1.0
                        WHEN s.gas_m3_read_before < k.until AND s.gas_m3_read - s.gas_m3_read_before > 120
                        THEN (k.until - s.gas_m3_read_before) * 1.0 / (s.gas_m3_read - s.gas_m3_read_before)
                        ELSE 0e0
                    END - CASE
                        WHEN s.gas_m3_read <= k.time THEN 1.0
                        WHEN s.gas_m3_read_before < k.time AND s.gas_m3_read - s.gas_m3_read_before > 120
                        THEN (k.time - s.gas_m3_read_before) * 1.0 / (s.gas_m3_read - s.gas_m3_read_before)
                        ELSE 0e0
                    END,
                    0
                ))
                FROM p1_steps AS s
                WHERE s.time > k.time - 3600 AND s.time <= coalesce(
                    (SELECT min(time) FROM p1_readouts WHERE time > k.until + 7200), k.until + 7200
                )
            )
    END, 9) AS gas_m3,
    round(CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND coalesce(
                nullif(a.water_meter_reading, 0), nullif(an.water_meter_reading, 0), nullif(b.water_meter_reading, 0), nullif(bn.water_meter_reading, 0),
                (
                    SELECT q.water_meter_reading FROM p1_readouts AS q
                    WHERE q.time <= unixepoch() + 86400 ORDER BY q.time DESC LIMIT 1
                ),
                0 -- not NULL: an AND looks on behind a NULL
            ) > 0
            AND (
                coalesce(a.water_meter_reading, 0) <= 0 OR
                coalesce(an.water_meter_reading, 0) <= 0 OR
                coalesce(b.water_meter_reading, 0) <= 0 OR
                coalesce(bn.water_meter_reading, 0) <= 0
            )
            AND (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * (k.until - b.read_at) / (n.read_at - b.read_at)
        ELSE 0
    END
    FROM (
        SELECT water_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time <= min(k.until, unixepoch()) + 3600 AND time >= max(k.until - CASE WHEN coalesce(nullif(a.water_meter_reading, 0), nullif(an.water_meter_reading, 0), nullif(b.water_meter_reading, 0), nullif(bn.water_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, 1104537600)
            AND water_meter_reading > 0 AND time <= k.until AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT water_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time > k.until - 3600 AND time <= min(k.until + 2678400, unixepoch() + 86400)
            AND water_meter_reading > 0 AND time > k.until AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
) - (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * (k.time - b.read_at) / (n.read_at - b.read_at)
        ELSE 0
    END
    FROM (
        SELECT water_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time <= min(k.time, unixepoch()) + 3600 AND time >= max(k.time - CASE WHEN coalesce(nullif(a.water_meter_reading, 0), nullif(an.water_meter_reading, 0), nullif(b.water_meter_reading, 0), nullif(bn.water_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, 1104537600)
            AND water_meter_reading > 0 AND time <= k.time AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT water_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time > k.time - 3600 AND time <= min(k.time + 2678400, unixepoch() + 86400)
            AND water_meter_reading > 0 AND time > k.time AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
) BETWEEN 0 AND 40 * min((bn.time - a.time) / 3600e0 + 1, 100)
        THEN (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * (k.until - b.read_at) / (n.read_at - b.read_at)
        ELSE 0
    END
    FROM (
        SELECT water_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time <= min(k.until, unixepoch()) + 3600 AND time >= max(k.until - CASE WHEN coalesce(nullif(a.water_meter_reading, 0), nullif(an.water_meter_reading, 0), nullif(b.water_meter_reading, 0), nullif(bn.water_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, 1104537600)
            AND water_meter_reading > 0 AND time <= k.until AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT water_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time > k.until - 3600 AND time <= min(k.until + 2678400, unixepoch() + 86400)
            AND water_meter_reading > 0 AND time > k.until AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
) - (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * (k.time - b.read_at) / (n.read_at - b.read_at)
        ELSE 0
    END
    FROM (
        SELECT water_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time <= min(k.time, unixepoch()) + 3600 AND time >= max(k.time - CASE WHEN coalesce(nullif(a.water_meter_reading, 0), nullif(an.water_meter_reading, 0), nullif(b.water_meter_reading, 0), nullif(bn.water_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, 1104537600)
            AND water_meter_reading > 0 AND time <= k.time AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT water_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time > k.time - 3600 AND time <= min(k.time + 2678400, unixepoch() + 86400)
            AND water_meter_reading > 0 AND time > k.time AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
)
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.water_meter_reading > 0 OR bn.water_meter_reading = 0)
            AND a.water_meter_reading <= an.water_meter_reading
            AND a.water_meter_reading <= b.water_meter_reading
            AND an.water_meter_reading <= bn.water_meter_reading
            AND b.water_meter_reading <= bn.water_meter_reading
            AND bn.water_meter_reading - a.water_meter_reading <= 40 * min((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.water_meter_reading - a.water_meter_reading <= 40 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.water_meter_reading - b.water_meter_reading <= 40 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.water_meter_reading + k.end_share * (bn.water_meter_reading - b.water_meter_reading) - (a.water_meter_reading + k.start_share * (an.water_meter_reading - a.water_meter_reading))
        WHEN coalesce(
            a.water_meter_reading, an.water_meter_reading, b.water_meter_reading, bn.water_meter_reading
        ) IS NOT NULL
        THEN
            (
                SELECT sum(
                    s.water_m3
                    * (1 - (s.time = k.start_next) * k.start_share - (s.time > k.end_row) * (1 - k.end_share))
                )
                FROM p1_steps AS s
                WHERE s.time > k.start_row AND s.time <= k.end_next
            )
    END, 9) AS water_m3,
    round(CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND coalesce(
                nullif(a.heat_meter_reading, 0), nullif(an.heat_meter_reading, 0), nullif(b.heat_meter_reading, 0), nullif(bn.heat_meter_reading, 0),
                (
                    SELECT q.heat_meter_reading FROM p1_readouts AS q
                    WHERE q.time <= unixepoch() + 86400 ORDER BY q.time DESC LIMIT 1
                ),
                0 -- not NULL: an AND looks on behind a NULL
            ) > 0
            AND (
                coalesce(a.heat_meter_reading, 0) <= 0 OR
                coalesce(an.heat_meter_reading, 0) <= 0 OR
                coalesce(b.heat_meter_reading, 0) <= 0 OR
                coalesce(bn.heat_meter_reading, 0) <= 0
            )
            AND (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * (k.until - b.read_at) / (n.read_at - b.read_at)
        ELSE 0
    END
    FROM (
        SELECT heat_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time <= min(k.until, unixepoch()) + 3600 AND time >= max(k.until - CASE WHEN coalesce(nullif(a.heat_meter_reading, 0), nullif(an.heat_meter_reading, 0), nullif(b.heat_meter_reading, 0), nullif(bn.heat_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, 1104537600)
            AND heat_meter_reading > 0 AND time <= k.until AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT heat_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time > k.until - 3600 AND time <= min(k.until + 2678400, unixepoch() + 86400)
            AND heat_meter_reading > 0 AND time > k.until AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
) - (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * (k.time - b.read_at) / (n.read_at - b.read_at)
        ELSE 0
    END
    FROM (
        SELECT heat_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time <= min(k.time, unixepoch()) + 3600 AND time >= max(k.time - CASE WHEN coalesce(nullif(a.heat_meter_reading, 0), nullif(an.heat_meter_reading, 0), nullif(b.heat_meter_reading, 0), nullif(bn.heat_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, 1104537600)
            AND heat_meter_reading > 0 AND time <= k.time AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT heat_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time > k.time - 3600 AND time <= min(k.time + 2678400, unixepoch() + 86400)
            AND heat_meter_reading > 0 AND time > k.time AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
) BETWEEN 0 AND 1 * min((bn.time - a.time) / 3600e0 + 1, 100)
        THEN (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * (k.until - b.read_at) / (n.read_at - b.read_at)
        ELSE 0
    END
    FROM (
        SELECT heat_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time <= min(k.until, unixepoch()) + 3600 AND time >= max(k.until - CASE WHEN coalesce(nullif(a.heat_meter_reading, 0), nullif(an.heat_meter_reading, 0), nullif(b.heat_meter_reading, 0), nullif(bn.heat_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, 1104537600)
            AND heat_meter_reading > 0 AND time <= k.until AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT heat_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time > k.until - 3600 AND time <= min(k.until + 2678400, unixepoch() + 86400)
            AND heat_meter_reading > 0 AND time > k.until AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
) - (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * (k.time - b.read_at) / (n.read_at - b.read_at)
        ELSE 0
    END
    FROM (
        SELECT heat_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time <= min(k.time, unixepoch()) + 3600 AND time >= max(k.time - CASE WHEN coalesce(nullif(a.heat_meter_reading, 0), nullif(an.heat_meter_reading, 0), nullif(b.heat_meter_reading, 0), nullif(bn.heat_meter_reading, 0)) > 0 THEN 2678400 ELSE 10800 END, 1104537600)
            AND heat_meter_reading > 0 AND time <= k.time AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT heat_meter_reading AS reading, time AS read_at
        FROM p1_readouts
        WHERE time > k.time - 3600 AND time <= min(k.time + 2678400, unixepoch() + 86400)
            AND heat_meter_reading > 0 AND time > k.time AND coalesce(meter_id = a.meter_id, TRUE)
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
)
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.heat_meter_reading > 0 OR bn.heat_meter_reading = 0)
            AND a.heat_meter_reading <= an.heat_meter_reading
            AND a.heat_meter_reading <= b.heat_meter_reading
            AND an.heat_meter_reading <= bn.heat_meter_reading
            AND b.heat_meter_reading <= bn.heat_meter_reading
            AND bn.heat_meter_reading - a.heat_meter_reading <= 1 * min((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.heat_meter_reading - a.heat_meter_reading <= 1 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.heat_meter_reading - b.heat_meter_reading <= 1 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.heat_meter_reading + k.end_share * (bn.heat_meter_reading - b.heat_meter_reading) - (a.heat_meter_reading + k.start_share * (an.heat_meter_reading - a.heat_meter_reading))
        WHEN coalesce(
            a.heat_meter_reading, an.heat_meter_reading, b.heat_meter_reading, bn.heat_meter_reading
        ) IS NOT NULL
        THEN
            (
                SELECT sum(
                    s.heat_GJ
                    * (1 - (s.time = k.start_next) * k.start_share - (s.time > k.end_row) * (1 - k.end_share))
                )
                FROM p1_steps AS s
                WHERE s.time > k.start_row AND s.time <= k.end_next
            )
    END, 9) AS heat_GJ,
    round(CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.use_reading_3 > 0 OR bn.use_reading_3 = 0)
            AND a.use_reading_3 <= an.use_reading_3
            AND a.use_reading_3 <= b.use_reading_3
            AND an.use_reading_3 <= bn.use_reading_3
            AND b.use_reading_3 <= bn.use_reading_3
            AND bn.use_reading_3 - a.use_reading_3 <= 60 * min((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.use_reading_3 - a.use_reading_3 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.use_reading_3 - b.use_reading_3 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.use_reading_3 + k.end_share * (bn.use_reading_3 - b.use_reading_3) - (a.use_reading_3 + k.start_share * (an.use_reading_3 - a.use_reading_3))
        WHEN coalesce(
            a.use_reading_3, an.use_reading_3, b.use_reading_3, bn.use_reading_3
        ) IS NOT NULL
        THEN
            (
                SELECT sum(
                    s.use_kWh_3
                    * (1 - (s.time = k.start_next) * k.start_share - (s.time > k.end_row) * (1 - k.end_share))
                )
                FROM p1_steps AS s
                WHERE s.time > k.start_row AND s.time <= k.end_next
            )
    END, 9) AS use_kWh_3,
    round(CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.use_reading_4 > 0 OR bn.use_reading_4 = 0)
            AND a.use_reading_4 <= an.use_reading_4
            AND a.use_reading_4 <= b.use_reading_4
            AND an.use_reading_4 <= bn.use_reading_4
            AND b.use_reading_4 <= bn.use_reading_4
            AND bn.use_reading_4 - a.use_reading_4 <= 60 * min((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.use_reading_4 - a.use_reading_4 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.use_reading_4 - b.use_reading_4 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.use_reading_4 + k.end_share * (bn.use_reading_4 - b.use_reading_4) - (a.use_reading_4 + k.start_share * (an.use_reading_4 - a.use_reading_4))
        WHEN coalesce(
            a.use_reading_4, an.use_reading_4, b.use_reading_4, bn.use_reading_4
        ) IS NOT NULL
        THEN
            (
                SELECT sum(
                    s.use_kWh_4
                    * (1 - (s.time = k.start_next) * k.start_share - (s.time > k.end_row) * (1 - k.end_share))
                )
                FROM p1_steps AS s
                WHERE s.time > k.start_row AND s.time <= k.end_next
            )
    END, 9) AS use_kWh_4,
    round(CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.injection_reading_3 > 0 OR bn.injection_reading_3 = 0)
            AND a.injection_reading_3 <= an.injection_reading_3
            AND a.injection_reading_3 <= b.injection_reading_3
            AND an.injection_reading_3 <= bn.injection_reading_3
            AND b.injection_reading_3 <= bn.injection_reading_3
            AND bn.injection_reading_3 - a.injection_reading_3 <= 60 * min((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.injection_reading_3 - a.injection_reading_3 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.injection_reading_3 - b.injection_reading_3 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.injection_reading_3 + k.end_share * (bn.injection_reading_3 - b.injection_reading_3) - (a.injection_reading_3 + k.start_share * (an.injection_reading_3 - a.injection_reading_3))
        WHEN coalesce(
            a.injection_reading_3, an.injection_reading_3, b.injection_reading_3, bn.injection_reading_3
        ) IS NOT NULL
        THEN
            (
                SELECT sum(
                    s.injection_kWh_3
                    * (1 - (s.time = k.start_next) * k.start_share - (s.time > k.end_row) * (1 - k.end_share))
                )
                FROM p1_steps AS s
                WHERE s.time > k.start_row AND s.time <= k.end_next
            )
    END, 9) AS injection_kWh_3,
    round(CASE
        WHEN coalesce(a.meter_id = bn.meter_id, TRUE) AND x.time IS NULL
            AND (a.injection_reading_4 > 0 OR bn.injection_reading_4 = 0)
            AND a.injection_reading_4 <= an.injection_reading_4
            AND a.injection_reading_4 <= b.injection_reading_4
            AND an.injection_reading_4 <= bn.injection_reading_4
            AND b.injection_reading_4 <= bn.injection_reading_4
            AND bn.injection_reading_4 - a.injection_reading_4 <= 60 * min((bn.time - a.time) / 3600e0 + 1, 100)
            AND an.injection_reading_4 - a.injection_reading_4 <= 60 * ((an.time - a.time) / 3600e0 + 1)
            AND bn.injection_reading_4 - b.injection_reading_4 <= 60 * ((bn.time - b.time) / 3600e0 + 1)
        THEN b.injection_reading_4 + k.end_share * (bn.injection_reading_4 - b.injection_reading_4) - (a.injection_reading_4 + k.start_share * (an.injection_reading_4 - a.injection_reading_4))
        WHEN coalesce(
            a.injection_reading_4, an.injection_reading_4, b.injection_reading_4, bn.injection_reading_4
        ) IS NOT NULL
        THEN
            (
                SELECT sum(
                    s.injection_kWh_4
                    * (1 - (s.time = k.start_next) * k.start_share - (s.time > k.end_row) * (1 - k.end_share))
                )
                FROM p1_steps AS s
                WHERE s.time > k.start_row AND s.time <= k.end_next
            )
    END, 9) AS injection_kWh_4
FROM p1_periods AS k
CROSS JOIN p1_readouts AS a ON a.time = k.start_row
CROSS JOIN p1_readouts AS an ON an.time = k.start_next
CROSS JOIN p1_readouts AS b ON b.time = k.end_row
CROSS JOIN p1_readouts AS bn ON bn.time = k.end_next
LEFT JOIN p1_readouts AS x ON x.time = (
    SELECT r.time
    FROM meters AS m
    CROSS JOIN p1_readouts AS r
        ON r.meter_id = m.id AND coalesce(r.gas_meter_id, 0) = m.gas AND r.time > a.time AND r.time < bn.time
    WHERE a.meter_id = bn.meter_id AND coalesce(a.gas_meter_id = bn.gas_meter_id, TRUE)
        AND (m.id <> a.meter_id OR m.gas > 0 AND m.gas <> coalesce(a.gas_meter_id, bn.gas_meter_id))
    LIMIT 1
);
