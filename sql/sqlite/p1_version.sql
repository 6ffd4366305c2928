-- Which views these are: the program compares it with its own.
DROP VIEW IF EXISTS p1_version;
CREATE VIEW p1_version AS
SELECT 'f26f101f95f8948d' AS views;
