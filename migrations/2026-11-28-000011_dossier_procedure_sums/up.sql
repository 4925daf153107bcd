-- The folded counts by procedure and by the working days that a resolution took (-1 where there is none, or
-- they are not known). Days are kept of single units alone, months and years of their provinces too: most
-- days of a unit have one dossier of a procedure.
CREATE TABLE dossier_procedure_sums (
  area TEXT NOT NULL,
  bucket TEXT NOT NULL,
  counted_by TEXT NOT NULL,
  procedure_id TEXT NOT NULL,
  field_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  working_days BIGINT NOT NULL,
  received BIGINT NOT NULL,
  resolved_early BIGINT NOT NULL,
  resolved_on_time BIGINT NOT NULL,
  resolved_overdue BIGINT NOT NULL,
  withdrawn BIGINT NOT NULL,
  refused BIGINT NOT NULL,
  moved BIGINT NOT NULL,
  overdue BIGINT NOT NULL,
  PRIMARY KEY (area, bucket, counted_by, procedure_id, field_id, channel, working_days)
);
