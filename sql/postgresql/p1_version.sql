-- Which views these are: the program compares it with its own.
CREATE OR REPLACE VIEW p1_version AS
SELECT 'dec51ff38e26d7d6' AS views;
