-- Which views these are: the program compares it with its own.
DROP VIEW IF EXISTS p1_version;
CREATE VIEW p1_version AS
SELECT '66ca2081e3cb49a8' AS views;
