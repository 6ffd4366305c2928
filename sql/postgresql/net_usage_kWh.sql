-- Energy drawn since the row before: its power times the time between the two. Filter on `time`: it is the key.
CREATE OR REPLACE VIEW net_usage_kWh AS
SELECT
    to_timestamp(time)::timestamp AS date_time,
    to_timestamp(time)::date AS day,
    extract(month FROM to_timestamp(time))::integer AS month,
    extract(year FROM to_timestamp(time))::integer AS year,
    net_use_kWh AS net_usage_kWh,
    time
FROM p1_steps;
