-- What each month cost: what was used between two changes of price, times that price. Before the first it is NULL.
CREATE OR REPLACE VIEW cost_per_month AS
SELECT
    time,
    to_timestamp(time)::timestamp AS date_time,
    use_cost,
    injection_cost,
    gas_cost,
    water_cost,
    heat_cost,
    standing_cost,
    CASE WHEN coalesce(use_cost, injection_cost, gas_cost, water_cost, heat_cost, standing_cost) IS NOT NULL
        THEN coalesce(use_cost, 0) + coalesce(injection_cost, 0) + coalesce(gas_cost, 0) + coalesce(water_cost, 0)
            + coalesce(heat_cost, 0) + coalesce(standing_cost, 0)
    END AS total_cost
FROM (
    SELECT
        u.period AS time,
        sum(
            q.use_kWh_1 * coalesce(
                u.use_kWh,
                CASE WHEN coalesce(u.use_kWh_1, u.use_kWh_2, u.use_kWh_3, u.use_kWh_4) IS NOT NULL
                    THEN coalesce(u.use_kWh_1, 0) + coalesce(u.use_kWh_2, 0) + coalesce(u.use_kWh_3, 0) + coalesce(u.use_kWh_4, 0)
                END
            )
            + coalesce((q.use_kWh_2 - q.use_kWh_1) * u.use_kWh_2, 0)
            + coalesce((q.use_kWh_3 - q.use_kWh_1) * u.use_kWh_3, 0)
            + coalesce((q.use_kWh_4 - q.use_kWh_1) * u.use_kWh_4, 0)
        ) AS use_cost,
        0 - sum(
            q.injection_kWh_1 * coalesce(
                u.injection_kWh,
                CASE WHEN coalesce(u.injection_kWh_1, u.injection_kWh_2, u.injection_kWh_3, u.injection_kWh_4) IS NOT NULL
                    THEN coalesce(u.injection_kWh_1, 0) + coalesce(u.injection_kWh_2, 0) + coalesce(u.injection_kWh_3, 0) + coalesce(u.injection_kWh_4, 0)
                END
            )
            + coalesce((q.injection_kWh_2 - q.injection_kWh_1) * u.injection_kWh_2, 0)
            + coalesce((q.injection_kWh_3 - q.injection_kWh_1) * u.injection_kWh_3, 0)
            + coalesce((q.injection_kWh_4 - q.injection_kWh_1) * u.injection_kWh_4, 0)
        ) AS injection_cost,
        sum(q.gas_m3 * u.gas_m3) AS gas_cost,
        sum(q.water_m3 * u.water_m3) AS water_cost,
        sum(q.heat_GJ * u.heat_GJ) AS heat_cost,
        -- For each day of the calendar that begins at that price. The day within which the first price of all begins counts
        -- as begun with it.
        sum(q.standing_day * nullif(greatest(0, 1 + least(to_timestamp(u.until - 1)::date, s.last_day) - greatest(
            CASE
                WHEN u.time = s.first_price THEN to_timestamp(u.time)::date
                ELSE to_timestamp(u.time - 1)::date + 1
            END,
            s.first_day
        )), 0))::float8 AS standing_cost
    FROM p1_price_usage AS u
    LEFT JOIN p1_prices AS q ON q.time = u.price
    CROSS JOIN (
        SELECT
            to_timestamp((SELECT min(time) FROM p1_readouts WHERE time >= 1104537600))::date AS first_day,
            to_timestamp(
                (SELECT max(time) FROM p1_readouts WHERE time <= extract(epoch FROM now())::bigint + 86400)
            )::date AS last_day,
            (SELECT min(time) FROM p1_prices) AS first_price
    ) AS s
    WHERE u.unit = 'month'
    GROUP BY u.period
) AS c;
