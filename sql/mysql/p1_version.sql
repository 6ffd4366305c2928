-- Which views these are: the program compares it with its own.
CREATE OR REPLACE VIEW p1_version AS
SELECT '6a1453e9135ac568' AS views;
