-- Made by sql/generate.py from sql/templates/sqlite.sql.
-- By this a database tells which views it has; fed last.
DROP VIEW IF EXISTS p1_version;
CREATE VIEW p1_version AS SELECT 'e382f7ae285249cf' AS views;
