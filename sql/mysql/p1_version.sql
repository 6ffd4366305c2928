-- Which views these are: the program compares it with its own.
CREATE OR REPLACE VIEW p1_version AS
SELECT '28ce043d76009b5e' AS views;
