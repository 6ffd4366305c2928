-- Which views these are: the program compares it with its own.
CREATE OR REPLACE VIEW p1_version AS
SELECT 'a30b9c785c6aa27f' AS views;
