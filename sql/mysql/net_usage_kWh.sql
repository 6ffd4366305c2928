-- Energy drawn since the row before: its power times the time between the two. Filter on `time`: it is the key.
--
-- Not of `p1_steps`, which looks the row behind up as well: MariaDB and MySQL would do so for each row in vain.
CREATE OR REPLACE VIEW net_usage_kWh AS
SELECT
    FROM_UNIXTIME(r.time) AS date_time,
    DATE(FROM_UNIXTIME(r.time)) AS day,
    MONTH(FROM_UNIXTIME(r.time)) AS month,
    YEAR(FROM_UNIXTIME(r.time)) AS year,
    CASE
        WHEN p.meter_id <> r.meter_id THEN 0e0
        ELSE r.net_use * (r.time - p.time) / 3600e0
    END AS net_usage_kWh,
    r.time
FROM p1_readouts AS r
LEFT JOIN JSON_TABLE(CAST(p1_time_at(r.time - 1) AS CHAR), '$' COLUMNS (time BIGINT PATH '$')) AS previous ON TRUE
LEFT JOIN p1_readouts AS p ON p.time = previous.time
WHERE r.time >= 1104537600 AND r.time <= UNIX_TIMESTAMP() + 86400;
