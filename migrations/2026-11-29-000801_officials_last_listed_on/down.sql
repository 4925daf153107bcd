ALTER TABLE officials DROP COLUMN last_listed_on;
