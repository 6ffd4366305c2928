-- Which views these are: the program compares it with its own.
CREATE OR REPLACE VIEW p1_version AS
SELECT 'f784f1fcf5f42f13' AS views;
