-- The day of the newest list that names an official. It moves on day after day for everybody, and so no index holds
-- it: PostgreSQL then leaves the indexes alone.
ALTER TABLE officials ADD COLUMN last_listed_on DATE NOT NULL DEFAULT '0001-01-01';
UPDATE officials SET last_listed_on = listed_on;
