-- What was used in each month, by local time; `time` is when it began.
CREATE OR REPLACE VIEW usage_per_month AS
SELECT
    time,
    date_time,
    use_kWh,
    use_kWh_1,
    use_kWh_2,
    injection_kWh,
    injection_kWh_1,
    injection_kWh_2,
    gas_m3,
    water_m3,
    heat_GJ,
    use_kWh_3,
    use_kWh_4,
    injection_kWh_3,
    injection_kWh_4
FROM p1_usage
WHERE unit = 'month';
