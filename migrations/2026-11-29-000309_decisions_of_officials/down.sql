DROP INDEX personnel_decisions_key;
CREATE UNIQUE INDEX personnel_decisions_key
  ON personnel_decisions (org_unit_id, covers_from, covers_to, kind, category, sector, stage, number_key, position_folded) WHERE deleted_at IS NULL;
ALTER TABLE personnel_decisions DROP COLUMN employee_key;
ALTER TABLE personnel_decisions DROP COLUMN employee_code;
