-- What the supplier asks, and pays for what is injected, from `time` on until the next row: yours to fill, see
-- sql/README.md. Without prices 2 to 4 all tariffs go at price 1; a price that is NULL is not known.
CREATE TABLE IF NOT EXISTS p1_prices (
    time INTEGER PRIMARY KEY NOT NULL,
    use_kWh_1 REAL,
    use_kWh_2 REAL,
    use_kWh_3 REAL,
    use_kWh_4 REAL,
    injection_kWh_1 REAL,
    injection_kWh_2 REAL,
    injection_kWh_3 REAL,
    injection_kWh_4 REAL,
    gas_m3 REAL,
    water_m3 REAL,
    heat_GJ REAL,
    standing_day REAL
);
