-- What an hour costs even if nothing is used: its share of the first price of its day.
CREATE OR REPLACE FUNCTION p1_standing(t bigint) RETURNS float8 LANGUAGE sql STABLE
RETURN (
    SELECT p.standing_day * 3600 / extract(epoch FROM (d.day + interval '1 day')::timestamptz - d.day::timestamptz)
    FROM (SELECT date_trunc('day', to_timestamp(t)::timestamp) AS day) AS d
    JOIN p1_prices AS p ON p.time = coalesce(
        (SELECT max(q.time) FROM p1_prices AS q WHERE q.time <= extract(epoch FROM d.day::timestamptz)::bigint),
        (SELECT min(q.time) FROM p1_prices AS q)
    )
);

-- What each hour cost: what was used between two changes of price, times that price. Before the first it is NULL.
CREATE OR REPLACE VIEW cost_per_hour AS
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
        CASE WHEN max(u.price) IS NOT NULL THEN p1_standing(u.period) END AS standing_cost
    FROM p1_price_usage AS u
    LEFT JOIN p1_prices AS q ON q.time = u.price
    WHERE u.unit = 'hour'
    GROUP BY u.period
) AS c;
