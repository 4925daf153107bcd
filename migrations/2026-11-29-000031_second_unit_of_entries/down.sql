ALTER TABLE journal DROP COLUMN second_province_id;
ALTER TABLE journal DROP COLUMN second_unit_id;
