-- [p1_steps]
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
{reading}
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
{reading}
            END AS register
        FROM p1_readouts
        WHERE time < t AND time >= GREATEST(t - 2678400, 1104537600)
    ) AS q
    WHERE register BETWEEN GREATEST(low + 0.0005, reading - most * ((t - time) / 3600e0 + 1)) AND reading
    ORDER BY time DESC LIMIT 1
);

{function_at}

-- Every row with what was used since the row before it, `p`; the row behind it is `n`. Each is found by one look-up.
--
-- A register that drops, or a step between two different meters, counts as no use. Rows without a register (those of a
-- table that was upgraded) count their power times the time since the row before. The first row has no step: NULL.
CREATE OR REPLACE VIEW p1_steps AS
SELECT
    r.time,
{step},
    -- When the clocked registers were read, of this row and of the one before it.
{clock}
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
{name}
        END * (1 - (time = start_next) * start_share - (time > end_row) * (1 - end_share))
    )
    FROM p1_steps WHERE time > start_row AND time <= end_next
);

{function_between}

-- [clock]
    {row_read_at} AS {column}_read,
    {read_before} AS {column}_read_before

-- [step]
    CASE
        WHEN p.time IS NULL THEN NULL
        WHEN {unknown} THEN CASE WHEN {another_meter} THEN 0e0 ELSE {energy} END
        WHEN r.{readout} <= 0 THEN 0e0
        WHEN NOT coalesce({another_meter}, FALSE)
            AND p.{readout} > 0
            AND (
                p.{readout} = r.{readout}
                OR p.{readout} < r.{readout}
                AND r.{readout} - p.{readout} <= {most} * ((r.time - p.time) / 3600e0 + 1)
                AND coalesce(
                    CASE WHEN {same_as_next} THEN n.{readout} END NOT BETWEEN p.{readout} AND r.{readout} - 0.0005, TRUE
                )
                AND (
                    r.{readout} - p.{readout} <= {most} * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('{column}', r.time, 3600, r.{readout}, p.{readout}, r.meter_id, r.gas_meter_id)
                )
            )
        THEN ROUND(r.{readout} - p.{readout}, 3)
        WHEN p1_contradicted(
            '{column}', r.time, 86400, r.{readout},
            CASE WHEN p.{readout} <= r.{readout} AND NOT coalesce({another_meter}, FALSE) THEN p.{readout} ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0e0
        ELSE coalesce(
            ROUND(r.{readout} - p1_base(
                '{column}', r.time, r.{readout},
                CASE WHEN p.{readout} <= r.{readout} AND NOT coalesce({another_meter}, FALSE) THEN p.{readout} ELSE 0 END,
                {most}, r.meter_id, r.gas_meter_id
            ), 3),
            CASE
                WHEN {another_meter} THEN 0e0
                WHEN p.{readout} = 0 AND r.{readout} <= {most} * ((r.time - p.time) / 3600e0 + 1) THEN r.{readout}
                WHEN p.{readout} IS NOT NULL THEN 0e0
            END
        )
    END AS {column}

-- [reading]
            WHEN name = '{column}' THEN {readout}

-- [name]
            WHEN '{column}' THEN {column}

-- [function_at]
-- The {meter} meter's register at `t`, by its own clock where it has one and that can be: a reading may be up to two
-- hours older than its row, and its clock an hour fast. It may come in a row up to an hour late. Between two readings that lie
-- minutes apart it is a share of both; where the meter was away for longer, what it said `back` seconds before at most.
DROP FUNCTION IF EXISTS p1_{meter}_at;
CREATE FUNCTION p1_{meter}_at(t BIGINT, back BIGINT, meter BIGINT, gas_meter BIGINT) RETURNS DOUBLE READS SQL DATA
RETURN (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading) * 1e0 * (t - b.read_at) / (n.read_at - b.read_at)  -- of decimals MySQL rounds it
        ELSE 0
    END
    FROM (
        SELECT {readout} AS reading, {read_at} AS read_at
        FROM p1_readouts
        WHERE time <= LEAST(t, UNIX_TIMESTAMP()) + 3600 AND time >= GREATEST(t - back, 1104537600)
            AND {readout} > 0 AND {read_at} <= t AND {same_as_given}
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT {readout} AS reading, {read_at} AS read_at
        FROM p1_readouts
        WHERE time > t - 3600 AND time <= LEAST(t + 2678400, UNIX_TIMESTAMP() + 86400)
            AND {readout} > 0 AND {read_at} > t AND {same_as_given}
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
);

-- [function_between]
-- The {meter} meter's steps from `since` to `until` by its own clock, added up, of those across one of them the share.
DROP FUNCTION IF EXISTS p1_{meter}_between;
CREATE FUNCTION p1_{meter}_between(since BIGINT, until BIGINT) RETURNS DOUBLE READS SQL DATA
RETURN (
    SELECT SUM({column} * NULLIF(
        CASE
            WHEN {column}_read <= until THEN 1e0
            WHEN {column}_read_before < until AND {column}_read - {column}_read_before > 120
            THEN (until - {column}_read_before) * 1e0 / ({column}_read - {column}_read_before)
            ELSE 0e0
        END - CASE
            WHEN {column}_read <= since THEN 1e0
            WHEN {column}_read_before < since AND {column}_read - {column}_read_before > 120
            THEN (since - {column}_read_before) * 1e0 / ({column}_read - {column}_read_before)
            ELSE 0e0
        END,
        0
    ))
    FROM p1_steps
    WHERE time > since - 3600
        AND time <= COALESCE((SELECT MIN(time) FROM p1_readouts WHERE time > until + 7200), until + 7200)
);

-- [back]
CASE WHEN coalesce({any}) > 0 THEN 2678400 ELSE 10800 END

-- [register_at]
p1_{meter}_at({moment}, {back}, a.meter_id, a.gas_meter_id)

-- [p1_usage]
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
{usage}
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

-- [newest]
newest.{readout}

-- [likely]
{most} * least((bn.time - a.time) / 3600e0 + 1, 100)

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
    CASE{through_link}
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
        WHEN COALESCE(
            {known}
        ) IS NOT NULL
        THEN
            {steps}
    END + 0e0 AS {column}

-- [steps]
p1_steps_between(
                '{column}', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )

-- [steps_by_clock]
p1_{meter}_between(k.time, k.until)

-- [column]
    {column}

-- [usage_per]
-- What was used in each {unit}, by local time; `time` is when it began.
CREATE OR REPLACE VIEW usage_per_{unit} AS
SELECT
    time,
    date_time,
{column}
FROM p1_usage
WHERE unit = '{unit}';

-- [p1_version]
-- Which views these are: the program compares it with its own.
CREATE OR REPLACE VIEW p1_version AS
SELECT '{version}' AS views;
