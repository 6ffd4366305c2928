-- Which views these are: the program compares it with its own.
DROP VIEW IF EXISTS p1_version;
CREATE VIEW p1_version AS
SELECT 'a39210bd81b75da2' AS views;
