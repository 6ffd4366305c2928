-- Which views these are: the program compares it with its own.
DROP VIEW IF EXISTS p1_version;
CREATE VIEW p1_version AS
SELECT '4f1be18cf8ad159b' AS views;
