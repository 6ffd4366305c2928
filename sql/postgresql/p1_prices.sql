-- What the supplier asks, and pays for what is injected, from `time` on until the next row: yours to fill, see
-- sql/README.md. Without prices 2 to 4 all tariffs go at price 1; a price that is NULL is not known.
CREATE TABLE IF NOT EXISTS p1_prices (
    time bigint NOT NULL,
    use_kWh_1 numeric(16, 8),
    use_kWh_2 numeric(16, 8),
    use_kWh_3 numeric(16, 8),
    use_kWh_4 numeric(16, 8),
    injection_kWh_1 numeric(16, 8),
    injection_kWh_2 numeric(16, 8),
    injection_kWh_3 numeric(16, 8),
    injection_kWh_4 numeric(16, 8),
    gas_m3 numeric(16, 8),
    water_m3 numeric(16, 8),
    heat_GJ numeric(16, 8),
    standing_day numeric(16, 8),
    PRIMARY KEY (time)
);
