-- How satisfied applicants are with the handling of a dossier (đánh giá sự hài lòng), once for each dossier.
-- Whoever rated is not kept.
CREATE TABLE satisfaction_ratings (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  dossier_code TEXT NOT NULL,
  dossier_id TEXT,
  rated_on DATE NOT NULL,
  level TEXT NOT NULL,
  channel TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX satisfaction_ratings_key ON satisfaction_ratings (dossier_code, province_id) WHERE deleted_at IS NULL;
CREATE INDEX satisfaction_ratings_by_day ON satisfaction_ratings (rated_on, id);
CREATE INDEX satisfaction_ratings_by_province ON satisfaction_ratings (province_id, rated_on, id);
CREATE INDEX satisfaction_ratings_by_unit ON satisfaction_ratings (org_unit_id, rated_on, id);
