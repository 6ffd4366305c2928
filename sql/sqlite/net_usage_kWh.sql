-- Energy drawn since the row before: its power times the time between the two. Filter on `time`: it is the key.
DROP VIEW IF EXISTS net_usage_kWh;
CREATE VIEW net_usage_kWh AS
SELECT
    datetime(time, 'unixepoch', 'localtime') AS date_time,
    date(time, 'unixepoch', 'localtime') AS day,
    CAST(strftime('%m', time, 'unixepoch', 'localtime') AS INTEGER) AS month,
    CAST(strftime('%Y', time, 'unixepoch', 'localtime') AS INTEGER) AS year,
    net_use_kWh AS net_usage_kWh,
    time
FROM p1_steps;
