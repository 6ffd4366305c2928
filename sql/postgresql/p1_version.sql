-- Made by sql/generate.py from sql/templates/postgresql.sql.
-- By this a database tells which views it has; fed last.
CREATE OR REPLACE VIEW p1_version AS SELECT 'faa592dad9dc5776' AS views;
