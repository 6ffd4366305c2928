-- Which views these are: the program compares it with its own.
CREATE OR REPLACE VIEW p1_version AS
SELECT '44a6d7abea4eba34' AS views;
