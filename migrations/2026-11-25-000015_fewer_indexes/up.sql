-- The unique keys give the lists by code and by day in their order: a second index of each costs every
-- write a page somewhere in the middle. Entries that belong to no unit are not looked up by unit.
DROP INDEX procedures_by_code;
DROP INDEX holidays_by_day;
DROP INDEX journal_by_unit;
CREATE INDEX journal_by_unit ON journal (org_unit_id, recorded_at, id) WHERE org_unit_id IS NOT NULL;
