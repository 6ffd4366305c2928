-- [p1_steps]
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
{step},
    -- When the clocked registers were read, of this row and of the one before it.
{clock}
FROM p1_readouts AS r
LEFT JOIN p1_readouts AS p ON p.time = (
    SELECT max(q.time) FROM p1_readouts AS q WHERE q.time < r.time AND q.time >= 1104537600
)
-- A row from before 2005, or from more than a day ahead of now, was stored under a wrong clock: it counts as absent.
-- The `+` keeps SQLite from seeking by these when the range that is asked for is narrower.
WHERE +r.time >= 1104537600 AND +r.time <= unixepoch() + 86400;

-- [clock]
    {row_read_at} AS {column}_read,
    {read_before} AS {column}_read_before

-- [step]
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN {unknown} THEN CASE WHEN {another_meter} THEN 0 ELSE {energy} END
        WHEN r.{readout} <= 0 THEN 0
        WHEN NOT coalesce({another_meter}, FALSE)
            AND p.{readout} > 0
            AND (
                p.{readout} = r.{readout}
                OR p.{readout} < r.{readout}
                AND r.{readout} - p.{readout} <= {most} * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce((
                SELECT CASE WHEN {same_as_next} THEN n.{readout} END FROM p1_readouts AS n
                WHERE n.time > r.time AND n.time <= unixepoch() + 86400
                ORDER BY n.time LIMIT 1
            ) NOT BETWEEN p.{readout} AND r.{readout} - 0.0005, TRUE)
                AND (
                    r.{readout} - p.{readout} <= {most} * (r.time - p.time) / 3600e0
                    OR NOT EXISTS (
                        SELECT 1 FROM p1_readouts AS n
                        WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 3600
                            AND {same_as_next}
                            AND n.{readout} >= p.{readout} AND n.{readout} < r.{readout}
                    )
                )
            )
        THEN round(r.{readout} - p.{readout}, 3)
        WHEN EXISTS (
            SELECT 1 FROM p1_readouts AS n
            WHERE n.time > r.time AND n.time <= min(r.time, unixepoch()) + 86400
                AND {same_as_next}
                AND n.{readout} > 0 AND n.{readout} < r.{readout}
                AND n.{readout} >= CASE WHEN p.{readout} <= r.{readout} AND NOT coalesce({another_meter}, FALSE) THEN p.{readout} ELSE 0 END
        )
        THEN 0
        ELSE coalesce(
            round(r.{readout} - (
                SELECT b.{readout} FROM p1_readouts AS b
                WHERE b.time < r.time AND b.time >= max(r.time - 2678400, 1104537600)
                    AND {same_as_base}
                    AND b.{readout} <= r.{readout}
                    AND b.{readout} > CASE WHEN p.{readout} <= r.{readout} AND NOT coalesce({another_meter}, FALSE) THEN p.{readout} ELSE 0 END
                    AND r.{readout} - b.{readout} <= {most} * ((r.time - b.time) / 3600e0 + 1)
                ORDER BY b.time DESC LIMIT 1
            ), 3),
            CASE
                WHEN {another_meter} THEN 0
                WHEN p.{readout} = 0 AND r.{readout} <= {most} * ((r.time - p.time) / 3600e0 + 1) THEN r.{readout}
                WHEN p.{readout} IS NOT NULL THEN 0
            END
        )
    END AS {column}

-- [back]
CASE WHEN coalesce({any}) > 0 THEN 2678400 ELSE 10800 END

-- [register_at]
(
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * ({moment} - b.read_at) / (n.read_at - b.read_at)
        ELSE 0
    END
    FROM (
        SELECT {readout} AS reading, {read_at} AS read_at
        FROM p1_readouts
        WHERE time <= min({moment}, unixepoch()) + 3600 AND time >= max({moment} - {back}, 1104537600)
            AND {readout} > 0 AND {read_at} <= {moment} AND {same_as_start}
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT {readout} AS reading, {read_at} AS read_at
        FROM p1_readouts
        WHERE time > {moment} - 3600 AND time <= min({moment} + 2678400, unixepoch() + 86400)
            AND {readout} > 0 AND {read_at} > {moment} AND {same_as_start}
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
)

-- [p1_usage]
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
{usage}
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

-- [newest]
(
                    SELECT q.{readout} FROM p1_readouts AS q
                    WHERE q.time <= unixepoch() + 86400 ORDER BY q.time DESC LIMIT 1
                )

-- [likely]
{most} * min((bn.time - a.time) / 3600e0 + 1, 100)

-- [through_link]

        WHEN {same_meter}
            AND coalesce(
                {any},
                {newest},
                0 -- not NULL: an AND looks on behind a NULL
            ) > 0
            AND (
                {stale}
            )
            AND {until} - {since} BETWEEN 0 AND {likely}
        THEN {until} - {since}

-- [usage]
    round(CASE{through_link}
        WHEN {same_meter}
            AND (a.{readout} > 0 OR bn.{readout} = 0)
            AND a.{readout} <= an.{readout}
            AND a.{readout} <= b.{readout}
            AND an.{readout} <= bn.{readout}
            AND b.{readout} <= bn.{readout}
            AND bn.{readout} - a.{readout} <= {likely}
            AND an.{readout} - a.{readout} <= {most} * ((an.time - a.time) / 3600e0 + 1)
            AND bn.{readout} - b.{readout} <= {most} * ((bn.time - b.time) / 3600e0 + 1)
        THEN {end} - ({start})
        WHEN coalesce(
            {known}
        ) IS NOT NULL
        THEN
            {steps}
    END, 9) AS {column}

-- [steps]
(
                SELECT sum(
                    s.{column}
                    * (1 - (s.time = k.start_next) * k.start_share - (s.time > k.end_row) * (1 - k.end_share))
                )
                FROM p1_steps AS s
                WHERE s.time > k.start_row AND s.time <= k.end_next
            )

-- [steps_by_clock]
(
                SELECT sum(s.{column} * nullif(
                    CASE
                        WHEN s.{column}_read <= k.until THEN 1.0
                        WHEN s.{column}_read_before < k.until AND s.{column}_read - s.{column}_read_before > 120
                        THEN (k.until - s.{column}_read_before) * 1.0 / (s.{column}_read - s.{column}_read_before)
                        ELSE 0e0
                    END - CASE
                        WHEN s.{column}_read <= k.time THEN 1.0
                        WHEN s.{column}_read_before < k.time AND s.{column}_read - s.{column}_read_before > 120
                        THEN (k.time - s.{column}_read_before) * 1.0 / (s.{column}_read - s.{column}_read_before)
                        ELSE 0e0
                    END,
                    0
                ))
                FROM p1_steps AS s
                WHERE s.time > k.time - 3600 AND s.time <= coalesce(
                    (SELECT min(time) FROM p1_readouts WHERE time > k.until + 7200), k.until + 7200
                )
            )

-- [column]
    {column}

-- [usage_per]
-- What was used in each {unit}, by local time; `time` is when it began.
DROP VIEW IF EXISTS usage_per_{unit};
CREATE VIEW usage_per_{unit} AS
SELECT
    time,
    date_time,
{column}
FROM p1_usage
WHERE unit = '{unit}';

-- [p1_version]
-- Which views these are: the program compares it with its own.
DROP VIEW IF EXISTS p1_version;
CREATE VIEW p1_version AS
SELECT '{version}' AS views;
