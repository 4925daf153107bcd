-- An employee code is one code in capitals and in small letters: an official is known by its key. Of officials whose
-- codes differ by nothing else the one of the newest list has it; the others stay under their id, which is no code.
-- SQLite knows no capitals beyond ASCII, nor does PostgreSQL under every locale.
ALTER TABLE officials ADD COLUMN employee_key TEXT NOT NULL DEFAULT '';
UPDATE officials SET employee_key = CASE
  WHEN id IN (
    SELECT id FROM (
      SELECT id, row_number() OVER (
        PARTITION BY province_id, replace(upper(employee_code), 'đ', 'Đ')
        ORDER BY last_listed_on DESC, id DESC) AS place
      FROM officials WHERE deleted_at IS NULL) AS listed
    WHERE place = 1)
  THEN replace(upper(employee_code), 'đ', 'Đ')
  ELSE id END;
DROP INDEX officials_key;
CREATE UNIQUE INDEX officials_key ON officials (province_id, employee_key) WHERE deleted_at IS NULL;
-- Decisions name an official by the same key. What was entered twice because the code was written otherwise stays as
-- it is.
UPDATE personnel_decisions SET employee_key = replace(upper(employee_key), 'đ', 'Đ')
  WHERE id IN (
    SELECT id FROM (
      SELECT id, row_number() OVER (
        PARTITION BY org_unit_id, covers_from, covers_to, kind, category, sector, stage, number_key, position_folded,
          replace(upper(employee_key), 'đ', 'Đ')
        ORDER BY CASE WHEN employee_key = replace(upper(employee_key), 'đ', 'Đ') THEN 0 ELSE 1 END, id) AS place
      FROM personnel_decisions WHERE deleted_at IS NULL AND employee_key <> '') AS named
    WHERE place = 1);
