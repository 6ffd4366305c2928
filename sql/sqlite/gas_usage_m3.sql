-- Gas used since the row before. Filter on `time`: it is the key.
DROP VIEW IF EXISTS gas_usage_m3;
CREATE VIEW gas_usage_m3 AS
SELECT
    datetime(time, 'unixepoch', 'localtime') AS date_time,
    date(time, 'unixepoch', 'localtime') AS day,
    CAST(strftime('%m', time, 'unixepoch', 'localtime') AS INTEGER) AS month,
    CAST(strftime('%Y', time, 'unixepoch', 'localtime') AS INTEGER) AS year,
    gas_m3 AS gas_usage_m3,
    time
FROM p1_steps;
