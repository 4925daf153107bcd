DROP INDEX dossier_areas_by_unit;
DROP TABLE dossier_deltas;
CREATE TABLE dossier_deltas (
  id TEXT PRIMARY KEY NOT NULL,
  content TEXT NOT NULL
);
DROP TABLE dossier_sums;
DELETE FROM dossier_areas;
CREATE TABLE dossier_sums (
  area TEXT NOT NULL,
  bucket TEXT NOT NULL,
  counted_by TEXT NOT NULL,
  tier TEXT NOT NULL,
  field_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  received BIGINT NOT NULL,
  resolved_early BIGINT NOT NULL,
  resolved_on_time BIGINT NOT NULL,
  resolved_overdue BIGINT NOT NULL,
  withdrawn BIGINT NOT NULL,
  refused BIGINT NOT NULL,
  moved BIGINT NOT NULL,
  overdue BIGINT NOT NULL,
  PRIMARY KEY (area, bucket, counted_by, tier, field_id, channel)
);
