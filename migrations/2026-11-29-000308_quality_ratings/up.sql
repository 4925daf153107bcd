-- Ratings of quality (đánh giá, xếp loại chất lượng) of a year, counted.
CREATE TABLE quality_ratings (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  year BIGINT NOT NULL,
  category TEXT NOT NULL,
  sector TEXT NOT NULL,
  rated_on DATE NOT NULL,
  excellent BIGINT NOT NULL,
  good BIGINT NOT NULL,
  completed BIGINT NOT NULL,
  not_completed BIGINT NOT NULL,
  not_rated BIGINT,
  document_number TEXT,
  document_on DATE,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX quality_ratings_key
  ON quality_ratings (org_unit_id, year, category, sector) WHERE deleted_at IS NULL;
CREATE INDEX quality_ratings_by_day ON quality_ratings (rated_on, id);
CREATE INDEX quality_ratings_by_province ON quality_ratings (province_id, rated_on, id);
CREATE INDEX quality_ratings_by_unit ON quality_ratings (org_unit_id, rated_on, id);
