-- Gas used since the row before. Filter on `time`: it is the key.
CREATE OR REPLACE VIEW gas_usage_m3 AS
SELECT
    FROM_UNIXTIME(time) AS date_time,
    DATE(FROM_UNIXTIME(time)) AS day,
    MONTH(FROM_UNIXTIME(time)) AS month,
    YEAR(FROM_UNIXTIME(time)) AS year,
    gas_m3 AS gas_usage_m3,
    time
FROM p1_steps;
