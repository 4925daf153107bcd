-- The official whom a single decision concerns, by the employee code; empty for a group that was counted together.
ALTER TABLE personnel_decisions ADD COLUMN employee_code TEXT;
ALTER TABLE personnel_decisions ADD COLUMN employee_key TEXT NOT NULL DEFAULT '';
DROP INDEX personnel_decisions_key;
CREATE UNIQUE INDEX personnel_decisions_key
  ON personnel_decisions (org_unit_id, covers_from, covers_to, kind, category, sector, stage, number_key, position_folded, employee_key) WHERE deleted_at IS NULL;
