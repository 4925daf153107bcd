-- Rules of the clock in the order of their days.
CREATE INDEX dossier_rules_by_day ON dossier_rules (valid_from, version);

-- Each version of a time limit holds until the next one of its class and step begins: its end is no longer
-- stored, so that no version changes when another succeeds it.
CREATE TABLE feedback_time_limits_with_ids (
  id TEXT PRIMARY KEY NOT NULL,
  class TEXT NOT NULL,
  step TEXT NOT NULL,
  valid_from DATE NOT NULL,
  working_days INTEGER NOT NULL,
  legal_basis TEXT NOT NULL
);
INSERT INTO feedback_time_limits_with_ids (id, class, step, valid_from, working_days, legal_basis)
  SELECT '019accdb-ec00-7000-8000-' || substr('000000000000', 1, 12 - length(CAST(place AS TEXT))) || place,
    class, step, valid_from, working_days, legal_basis
  FROM (SELECT ROW_NUMBER() OVER (ORDER BY valid_from, class, step) AS place, class, step, valid_from,
    working_days, legal_basis FROM feedback_time_limits) AS numbered;
DROP TABLE feedback_time_limits;
ALTER TABLE feedback_time_limits_with_ids RENAME TO feedback_time_limits;
CREATE UNIQUE INDEX feedback_time_limits_key ON feedback_time_limits (class, step, valid_from);
CREATE INDEX feedback_time_limits_by_day ON feedback_time_limits (valid_from, id);

-- Number, day and signer's position of the letter of apology (số, ngày ký, chức vụ người ký thư xin lỗi).
ALTER TABLE dossiers ADD COLUMN apology_letter TEXT;

-- In which provinces a unit was counted.
CREATE INDEX dossier_areas_by_unit ON dossier_areas (unit_id, province_id);
