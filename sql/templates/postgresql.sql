-- [p1_steps]
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
{step}
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
{name}
        END * (1 - (time = start_next)::int * start_share - (time > end_row)::int * (1 - end_share))
    )
    FROM p1_steps WHERE time > start_row AND time <= end_next
$$;

-- [step]
    CASE
        WHEN {another_meter}
            OR r.{readout} < p.{readout}
        THEN 0
        ELSE coalesce(
            round((r.{readout} - p.{readout})::numeric, 3),
            {energy}
        )
    END::float8 AS {column}

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
    to_timestamp(k.time)::timestamp AS date_time,
{usage}
FROM p1_periods AS k
JOIN p1_readouts AS a ON a.time = k.start_row
JOIN p1_readouts AS an ON an.time = k.start_next
JOIN p1_readouts AS b ON b.time = k.end_row
JOIN p1_readouts AS bn ON bn.time = k.end_next;

-- [usage]
    CASE
        WHEN {same_meter}
            AND a.{readout} <= an.{readout}
            AND an.{readout} <= b.{readout}
            AND b.{readout} <= bn.{readout}
        THEN
            (b.{readout} - a.{readout})::float8
            + k.end_share * (bn.{readout} - b.{readout})::float8
            - k.start_share * (an.{readout} - a.{readout})::float8
        WHEN coalesce(
            {known}
        ) IS NOT NULL
        THEN
            p1_steps_between(
                '{column}', k.start_row, k.start_next, k.start_share, k.end_row, k.end_next, k.end_share
            )
    END AS {column}

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
