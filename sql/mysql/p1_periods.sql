-- The hours, days and months, in the session's time zone, from the first row to the last: from `time` up to `until`.
--
-- The registers at `time` are those of the newest row at or before it, `start_row`, which the row behind it,
-- `start_next`, may contradict. Where the former is more than two minutes old the boundary lies in a gap: then
-- `start_share` says how far between the two, 0 to 1. Likewise `end_row`, `end_next` and `end_share` for `until`.
--
-- JSON_TABLE makes rows of a JSON text's values: here it counts (a recursive query may go no deeper than 1000), and it
-- hands on what was looked up as a column, so that it is looked up once.
CREATE OR REPLACE VIEW p1_periods AS
SELECT
    k.unit,
    k.time,
    k.until,
    s.time AS start_row,
    sn.time AS start_next,
    IF(sn.time > s.time AND k.time - s.time > 120, (k.time - s.time) * 1e0 / (sn.time - s.time), 0e0) AS start_share,
    e.time AS end_row,
    en.time AS end_next,
    IF(en.time > e.time AND k.until - e.time > 120, (k.until - e.time) * 1e0 / (en.time - e.time), 0e0) AS end_share
FROM (
    SELECT 'hour' AS unit, start + 3600 * (n - 1) AS time, start + 3600 * n AS until
    FROM (
        SELECT start, (last - start) DIV 3600 AS most
        FROM (
            SELECT
                MIN(time) - MINUTE(FROM_UNIXTIME(MIN(time))) * 60 - SECOND(FROM_UNIXTIME(MIN(time))) AS start,
                MAX(time) AS last
            FROM p1_readouts WHERE time >= 1104537600 AND time <= UNIX_TIMESTAMP() + 86400
        ) AS span
    ) AS hours
    STRAIGHT_JOIN JSON_TABLE(CONCAT('[', REPEAT('0,', most), '0]'), '$[*]' COLUMNS (n FOR ORDINALITY)) AS counted
    UNION ALL
    SELECT 'day', UNIX_TIMESTAMP(start + INTERVAL n - 1 DAY), UNIX_TIMESTAMP(start + INTERVAL n DAY)
    FROM (
        SELECT
            DATE(FROM_UNIXTIME(MIN(time))) AS start,
            DATEDIFF(FROM_UNIXTIME(MAX(time)), FROM_UNIXTIME(MIN(time))) AS most
        FROM p1_readouts WHERE time >= 1104537600 AND time <= UNIX_TIMESTAMP() + 86400
    ) AS days
    STRAIGHT_JOIN JSON_TABLE(CONCAT('[', REPEAT('0,', most), '0]'), '$[*]' COLUMNS (n FOR ORDINALITY)) AS counted
    UNION ALL
    SELECT 'month', UNIX_TIMESTAMP(start + INTERVAL n - 1 MONTH), UNIX_TIMESTAMP(start + INTERVAL n MONTH)
    FROM (
        SELECT
            DATE(FROM_UNIXTIME(MIN(time))) - INTERVAL DAY(FROM_UNIXTIME(MIN(time))) - 1 DAY AS start,
            PERIOD_DIFF(
                DATE_FORMAT(FROM_UNIXTIME(MAX(time)), '%Y%m'), DATE_FORMAT(FROM_UNIXTIME(MIN(time)), '%Y%m')
            ) AS most
        FROM p1_readouts WHERE time >= 1104537600 AND time <= UNIX_TIMESTAMP() + 86400
    ) AS months
    STRAIGHT_JOIN JSON_TABLE(CONCAT('[', REPEAT('0,', most), '0]'), '$[*]' COLUMNS (n FOR ORDINALITY)) AS counted
) AS k
STRAIGHT_JOIN JSON_TABLE(
    CAST(COALESCE(p1_time_at(k.time), p1_time_after(k.time)) AS CHAR), '$' COLUMNS (time BIGINT PATH '$')
) AS s
STRAIGHT_JOIN JSON_TABLE(
    CAST(p1_time_at(k.until) AS CHAR), '$' COLUMNS (time BIGINT PATH '$')
) AS e
STRAIGHT_JOIN JSON_TABLE(
    CAST(COALESCE(p1_time_after(k.time), s.time) AS CHAR), '$' COLUMNS (time BIGINT PATH '$')
) AS sn
-- Behind the last row nothing is known yet.
STRAIGHT_JOIN JSON_TABLE(
    CAST(COALESCE(p1_time_after(k.until), e.time) AS CHAR), '$' COLUMNS (time BIGINT PATH '$')
) AS en;
