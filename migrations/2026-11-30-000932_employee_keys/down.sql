UPDATE personnel_decisions SET employee_key = coalesce(employee_code, '');
DROP INDEX officials_key;
ALTER TABLE officials DROP COLUMN employee_key;
CREATE UNIQUE INDEX officials_key ON officials (province_id, employee_code) WHERE deleted_at IS NULL;
