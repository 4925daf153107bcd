DROP INDEX journal_by_unit;
CREATE INDEX journal_by_unit ON journal (org_unit_id, recorded_at, id);
CREATE INDEX holidays_by_day ON holidays (day, id);
CREATE INDEX procedures_by_code ON procedures (code, id);
