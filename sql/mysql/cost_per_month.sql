-- What each month cost: what was used between two changes of price, times that price. Before the first it is NULL.
CREATE OR REPLACE VIEW cost_per_month AS
SELECT
    time,
    FROM_UNIXTIME(time) AS date_time,
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
        SUM(
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
        0 - SUM(
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
        SUM(q.gas_m3 * u.gas_m3) AS gas_cost,
        SUM(q.water_m3 * u.water_m3) AS water_cost,
        SUM(q.heat_GJ * u.heat_GJ) AS heat_cost,
        -- For each day of the calendar that begins at that price. The day within which the first price of all begins counts
        -- as begun with it.
        SUM(q.standing_day * NULLIF(GREATEST(0, 1 + DATEDIFF(
            LEAST(FROM_UNIXTIME(u.until - 1), s.last_row),
            GREATEST(
                CASE
                    WHEN u.time = s.first_price THEN FROM_UNIXTIME(u.time)
                    ELSE FROM_UNIXTIME(u.time - 1) + INTERVAL 1 DAY
                END,
                s.first_row
            )
        )), 0)) + 0e0 AS standing_cost
    FROM p1_price_usage AS u
    LEFT JOIN p1_prices AS q ON q.time = u.price
    STRAIGHT_JOIN (
        SELECT
            FROM_UNIXTIME(MIN(time)) AS first_row,
            FROM_UNIXTIME(MAX(time)) AS last_row,
            (SELECT MIN(time) FROM p1_prices) AS first_price
        FROM p1_readouts WHERE time >= 1104537600 AND time <= UNIX_TIMESTAMP() + 86400
    ) AS s
    WHERE u.unit = 'month'
    GROUP BY u.period
) AS c;
