-- Energy drawn since the row before: its power times the time between the two. Filter on `time`: it is the key.
CREATE OR REPLACE VIEW net_usage_kWh AS
SELECT
    FROM_UNIXTIME(time) AS date_time,
    DATE(FROM_UNIXTIME(time)) AS day,
    MONTH(FROM_UNIXTIME(time)) AS month,
    YEAR(FROM_UNIXTIME(time)) AS year,
    net_use_kWh AS net_usage_kWh,
    time
FROM p1_steps;
