DROP INDEX dossier_areas_by_unit;
ALTER TABLE dossiers DROP COLUMN apology_letter;
CREATE TABLE feedback_time_limits_with_ends (
  class TEXT NOT NULL,
  step TEXT NOT NULL,
  valid_from DATE NOT NULL,
  valid_to DATE NOT NULL,
  working_days INTEGER NOT NULL,
  legal_basis TEXT NOT NULL,
  PRIMARY KEY (class, step, valid_from),
  CHECK (valid_from < valid_to)
);
INSERT INTO feedback_time_limits_with_ends (class, step, valid_from, valid_to, working_days, legal_basis)
  SELECT class, step, valid_from,
    COALESCE(LEAD(valid_from) OVER (PARTITION BY class, step ORDER BY valid_from), '9999-12-31'),
    working_days, legal_basis
  FROM feedback_time_limits;
DROP TABLE feedback_time_limits;
ALTER TABLE feedback_time_limits_with_ends RENAME TO feedback_time_limits;
DROP INDEX dossier_rules_by_day;
