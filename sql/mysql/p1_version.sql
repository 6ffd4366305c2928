-- Which views these are: the program compares it with its own.
CREATE OR REPLACE VIEW p1_version AS
SELECT 'b3a4946b40b03bad' AS views;
