-- Gas used since the row before. Filter on `time`: it is the key.
CREATE OR REPLACE VIEW gas_usage_m3 AS
SELECT
    to_timestamp(time)::timestamp AS date_time,
    to_timestamp(time)::date AS day,
    extract(month FROM to_timestamp(time))::integer AS month,
    extract(year FROM to_timestamp(time))::integer AS year,
    gas_m3 AS gas_usage_m3,
    time
FROM p1_steps;
