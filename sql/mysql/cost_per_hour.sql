-- What an hour costs even if nothing is used: its share of the first price of its day.
DROP FUNCTION IF EXISTS p1_standing;
CREATE FUNCTION p1_standing(t BIGINT) RETURNS DOUBLE READS SQL DATA
RETURN (
    SELECT standing_day * 3600e0 / (
        UNIX_TIMESTAMP(DATE(FROM_UNIXTIME(t)) + INTERVAL 1 DAY) - UNIX_TIMESTAMP(DATE(FROM_UNIXTIME(t)))
    )
    FROM p1_prices
    WHERE time = COALESCE(
        (SELECT MAX(p.time) FROM p1_prices AS p WHERE p.time <= UNIX_TIMESTAMP(DATE(FROM_UNIXTIME(t)))),
        (SELECT MIN(p.time) FROM p1_prices AS p)
    )
);

-- What each hour cost: what was used between two changes of price, times that price. Before the first it is NULL.
CREATE OR REPLACE VIEW cost_per_hour AS
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
        CASE WHEN MAX(u.price) IS NOT NULL THEN p1_standing(u.period) END AS standing_cost
    FROM p1_price_usage AS u
    LEFT JOIN p1_prices AS q ON q.time = u.price
    WHERE u.unit = 'hour'
    GROUP BY u.period
) AS c;
