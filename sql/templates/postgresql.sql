-- [p1_steps]
-- Whether within `ahead` seconds a row of the same meter says less than `reading`, and yet not less than `low`.
CREATE OR REPLACE FUNCTION p1_contradicted(name text, t bigint, ahead bigint, reading float8, low float8, meter bigint, gas_meter bigint)
RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (
    SELECT 1 FROM p1_readouts
    WHERE time > t AND time <= least(t, extract(epoch FROM now())::bigint) + ahead
        AND CASE
            WHEN NOT coalesce(CASE WHEN name = 'gas_m3' THEN gas_meter_id = gas_meter END, meter_id = meter, TRUE) THEN NULL
{reading}
        END BETWEEN greatest(low, 0.0005) AND reading - 0.0005
);

-- What the newest row before `t`, at most 31 days ago, says that `reading` can have come from.
CREATE OR REPLACE FUNCTION p1_base(name text, t bigint, reading float8, low float8, most float8, meter bigint, gas_meter bigint)
RETURNS float8 LANGUAGE sql STABLE
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
        WHERE time < t AND time >= greatest(t - 2678400, 1104537600)
    ) AS q
    WHERE register BETWEEN greatest(low + 0.0005, reading - most * ((t - time) / 3600e0 + 1)) AND reading
    ORDER BY time DESC LIMIT 1
);

{function_at}

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
{step},
    -- When the clocked registers were read, of this row and of the one before it.
{clock}
FROM p1_readouts AS r
LEFT JOIN LATERAL (
    SELECT * FROM p1_readouts AS q WHERE q.time < r.time AND q.time >= 1104537600 ORDER BY q.time DESC LIMIT 1
) AS p ON TRUE
-- A row from before 2005, or from more than a day ahead of now, was stored under a wrong clock: it counts as absent.
-- The `+ 0` keeps PostgreSQL from planning for these instead of the range that is asked for.
WHERE r.time + 0 >= 1104537600 AND r.time + 0 <= extract(epoch FROM now())::bigint + 86400;

-- The steps of one column from `start_row` to `end_next`, added up. Of the first step, if it ends at `start_next`, the
-- share `start_share` is left out; of the last, if it begins at `end_row`, the share `end_share` is taken.
-- A function so that PostgreSQL plans it apart: within the view it would seem to cost a fortune, seldom as it is called.
-- Its body is parsed here and now, so that it needs no search_path of the reader's.
CREATE OR REPLACE FUNCTION p1_steps_between(
    name text,
    start_row bigint, start_next bigint, start_share float8, end_row bigint, end_next bigint, end_share float8
) RETURNS float8 LANGUAGE sql STABLE
RETURN (
    SELECT sum(
        CASE name
{name}
        END * (1 - (time = start_next)::int * start_share - (time > end_row)::int * (1 - end_share))
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
                    WHERE n.time > r.time AND n.time <= extract(epoch FROM now())::bigint + 86400
                    ORDER BY n.time LIMIT 1
                ) NOT BETWEEN p.{readout} AND r.{readout} - 0.0005, TRUE)
                AND (
                    r.{readout} - p.{readout} <= {most} * (r.time - p.time) / 3600e0
                    OR NOT p1_contradicted('{column}', r.time, 3600, r.{readout}, p.{readout}, r.meter_id, r.gas_meter_id)
                )
            )
        THEN round((r.{readout} - p.{readout})::numeric, 3)
        WHEN p1_contradicted(
            '{column}', r.time, 86400, r.{readout},
            CASE WHEN p.{readout} <= r.{readout} AND NOT coalesce({another_meter}, FALSE) THEN p.{readout} ELSE 0 END,
            r.meter_id, r.gas_meter_id
        )
        THEN 0
        ELSE coalesce(
            round((r.{readout} - p1_base(
                '{column}', r.time, r.{readout},
                CASE WHEN p.{readout} <= r.{readout} AND NOT coalesce({another_meter}, FALSE) THEN p.{readout} ELSE 0 END,
                {most}, r.meter_id, r.gas_meter_id
            ))::numeric, 3),
            CASE
                WHEN {another_meter} THEN 0
                WHEN p.{readout} = 0 AND r.{readout} <= {most} * ((r.time - p.time) / 3600e0 + 1) THEN r.{readout}
                WHEN p.{readout} IS NOT NULL THEN 0
            END
        )
    END::float8 AS {column}

-- [reading]
            WHEN name = '{column}' THEN {readout}

-- [name]
            WHEN '{column}' THEN {column}

-- [function_at]
-- The {meter} meter's register at `t`, by its own clock where it has one and that can be: a reading may be up to two
-- hours older than its row, and its clock an hour fast. It may come in a row up to an hour late. Between two readings that lie
-- minutes apart it is a share of both; where the meter was away for longer, what it said `back` seconds before at most.
CREATE OR REPLACE FUNCTION p1_{meter}_at(t bigint, back bigint, meter bigint, gas_meter bigint) RETURNS float8 LANGUAGE sql STABLE
RETURN (
    SELECT b.reading + CASE
        WHEN n.read_at - b.read_at BETWEEN 121 AND 3600 AND n.reading > b.reading
        THEN (n.reading - b.reading)::float8 * (t - b.read_at) / (n.read_at - b.read_at)
        ELSE 0
    END
    FROM (
        SELECT {readout} AS reading, {read_at} AS read_at
        FROM p1_readouts
        WHERE time <= least(t, extract(epoch FROM now())::bigint) + 3600 AND time >= greatest(t - back, 1104537600)
            AND {readout} > 0 AND {read_at} <= t AND {same_as_given}
        ORDER BY time DESC LIMIT 1
    ) AS b
    LEFT JOIN (
        SELECT {readout} AS reading, {read_at} AS read_at
        FROM p1_readouts
        WHERE time > t - 3600 AND time <= least(t + 2678400, extract(epoch FROM now())::bigint + 86400)
            AND {readout} > 0 AND {read_at} > t AND {same_as_given}
        ORDER BY time LIMIT 1
    ) AS n ON TRUE
);

-- [function_between]
-- The {meter} meter's steps from `since` to `until` by its own clock, added up, of those across one of them the share.
CREATE OR REPLACE FUNCTION p1_{meter}_between(since bigint, until bigint) RETURNS float8 LANGUAGE sql STABLE
RETURN (
    SELECT sum({column} * nullif(
        CASE
            WHEN {column}_read <= until THEN 1e0
            WHEN {column}_read_before < until AND {column}_read - {column}_read_before > 120
            THEN (until - {column}_read_before)::float8 / ({column}_read - {column}_read_before)
            ELSE 0e0
        END - CASE
            WHEN {column}_read <= since THEN 1e0
            WHEN {column}_read_before < since AND {column}_read - {column}_read_before > 120
            THEN (since - {column}_read_before)::float8 / ({column}_read - {column}_read_before)
            ELSE 0e0
        END,
        0
    ))
    FROM p1_steps
    WHERE time > since - 3600
        AND time <= coalesce((SELECT min(time) FROM p1_readouts WHERE time > until + 7200), until + 7200)
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
CREATE OR REPLACE VIEW p1_usage AS
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
),
stays (id, gas, first, last) AS (
    SELECT
        m.id,
        m.gas,
        (SELECT min(q.time) FROM p1_readouts AS q WHERE q.meter_id = m.id AND coalesce(q.gas_meter_id, 0) = m.gas),
        (SELECT max(q.time) FROM p1_readouts AS q WHERE q.meter_id = m.id AND coalesce(q.gas_meter_id, 0) = m.gas)
    FROM meters AS m
)
SELECT
    k.unit,
    k.time,
    to_timestamp(k.time)::timestamp AS date_time,
{usage}
FROM p1_periods AS k
JOIN p1_readouts AS a ON a.time = k.start_row
JOIN p1_readouts AS an ON an.time = k.start_next
JOIN p1_readouts AS b ON b.time = k.end_row
JOIN p1_readouts AS bn ON bn.time = k.end_next
-- By each meter's stay, and not by a join with its rows, whose estimate has PostgreSQL compile the query (JIT), which
-- takes a hundred times as long as to run it.
LEFT JOIN LATERAL (
    SELECT s.time
    FROM (
        SELECT (
            SELECT min(r.time) FROM p1_readouts AS r
            WHERE r.meter_id = m.id AND coalesce(r.gas_meter_id, 0) = m.gas AND r.time > a.time
        ) AS time
        FROM stays AS m
        WHERE m.first < bn.time AND m.last > a.time
            AND a.meter_id = bn.meter_id AND coalesce(a.gas_meter_id = bn.gas_meter_id, TRUE)
            AND (m.id <> a.meter_id OR m.gas > 0 AND m.gas <> coalesce(a.gas_meter_id, bn.gas_meter_id))
        OFFSET 0
    ) AS s
    WHERE s.time < bn.time
    LIMIT 1
) AS x ON TRUE;

-- [newest]
(
                    SELECT q.{readout} FROM p1_readouts AS q
                    WHERE q.time <= extract(epoch FROM now())::bigint + 86400 ORDER BY q.time DESC LIMIT 1
                )

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
        THEN ({end} - ({start}))::float8
        WHEN coalesce(
            {known}
        ) IS NOT NULL
        THEN
            {steps}
    END AS {column}

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
