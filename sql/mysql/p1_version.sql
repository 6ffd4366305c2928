-- Made by sql/generate.py from sql/templates/mysql.sql.
-- By this a database tells which views it has; fed last.
CREATE OR REPLACE VIEW p1_version AS SELECT '3083acf4374fdc0d' AS views;
