-- [p1_steps]
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
{step}
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
{name}
        END * (1 - (time = start_next) * start_share - (time > end_row) * (1 - end_share))
    )
    FROM p1_steps WHERE time > start_row AND time <= end_next
);

-- [step]
    CASE
        WHEN {another_meter}
            OR r.{readout} < p.{readout}
        THEN 0e0
        ELSE coalesce(
            ROUND(r.{readout} - p.{readout}, 3),
            {energy}
        )
    END AS {column}

-- [name]
            WHEN '{column}' THEN {column}

-- [p1_usage]
-- What was used in each of `p1_periods`: the difference of the meter's registers between its two boundaries.
--
-- Where that cannot be taken (another meter, a register that dropped, rows without registers) the period's steps are
-- added up instead, the two that reach across its boundaries by their share. What no boundary knows is NULL.
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
STRAIGHT_JOIN p1_readouts AS bn ON bn.time = k.end_next;

-- [usage]
    CASE
        WHEN {same_meter}
            AND a.{readout} <= an.{readout}
            AND an.{readout} <= b.{readout}
            AND b.{readout} <= bn.{readout}
        THEN
            b.{readout} - a.{readout}
            + k.end_share * (bn.{readout} - b.{readout})
            - k.start_share * (an.{readout} - a.{readout})
        WHEN COALESCE(
            {known}
        ) IS NOT NULL
        THEN
            p1_steps_between(
                '{column}', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END + 0e0 AS {column}

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
