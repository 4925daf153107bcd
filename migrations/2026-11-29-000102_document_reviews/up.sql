-- Reviews of legal documents (tự kiểm tra, rà soát, hệ thống hóa, công bố hết hiệu lực). A count that is null was
-- not stated.
CREATE TABLE document_reviews (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  title_folded TEXT NOT NULL,
  starts_on DATE NOT NULL,
  ends_on DATE NOT NULL,
  document_number TEXT,
  document_on DATE,
  resolutions_in_force BIGINT,
  decisions_in_force BIGINT,
  resolutions_partly_expired BIGINT,
  decisions_partly_expired BIGINT,
  resolutions_expired BIGINT,
  decisions_expired BIGINT,
  unlawful_found BIGINT,
  unlawful_handled BIGINT,
  note TEXT,
  source_note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (starts_on <= ends_on)
);
CREATE UNIQUE INDEX document_reviews_key
  ON document_reviews (org_unit_id, kind, starts_on, title_folded) WHERE deleted_at IS NULL;
CREATE INDEX document_reviews_by_day ON document_reviews (starts_on, id);
CREATE INDEX document_reviews_by_province ON document_reviews (province_id, starts_on, id);
CREATE INDEX document_reviews_by_unit ON document_reviews (org_unit_id, starts_on, id);

-- How a unit follows the enforcement of the law (theo dõi tình hình thi hành pháp luật), topic by topic.
CREATE TABLE law_enforcement_monitoring (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  year BIGINT NOT NULL,
  topic TEXT NOT NULL,
  topic_folded TEXT NOT NULL,
  starts_on DATE NOT NULL,
  ends_on DATE,
  document_number TEXT,
  document_on DATE,
  units_inspected BIGINT,
  shortcomings_found BIGINT,
  proposals_made BIGINT,
  result TEXT,
  result_number TEXT,
  result_on DATE,
  note TEXT,
  source_note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (ends_on IS NULL OR starts_on <= ends_on)
);
CREATE UNIQUE INDEX law_enforcement_monitoring_key
  ON law_enforcement_monitoring (org_unit_id, year, topic_folded) WHERE deleted_at IS NULL;
CREATE INDEX law_enforcement_monitoring_by_day ON law_enforcement_monitoring (starts_on, id);
CREATE INDEX law_enforcement_monitoring_by_province ON law_enforcement_monitoring (province_id, starts_on, id);
CREATE INDEX law_enforcement_monitoring_by_unit ON law_enforcement_monitoring (org_unit_id, starts_on, id);
