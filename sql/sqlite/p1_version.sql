-- Which views these are: the program compares it with its own.
DROP VIEW IF EXISTS p1_version;
CREATE VIEW p1_version AS
SELECT '31891830d6d104aa' AS views;
