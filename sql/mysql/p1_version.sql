-- Which views these are: the program compares it with its own.
CREATE OR REPLACE VIEW p1_version AS
SELECT '0a6aa0f5d92b63c0' AS views;
