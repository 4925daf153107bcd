-- What units do so that people can use online services (hỗ trợ nộp hồ sơ trực tuyến, tuyên truyền): when, what
-- and how much. A count that is null was not taken.
CREATE TABLE support_activities (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  title_folded TEXT NOT NULL,
  starts_on DATE NOT NULL,
  ends_on DATE,
  place TEXT,
  document_number TEXT,
  document_on DATE,
  assigned_persons BIGINT,
  people_supported BIGINT,
  dossiers_supported BIGINT,
  accounts_registered BIGINT,
  participants BIGINT,
  news_items BIGINT,
  leaflets BIGINT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (ends_on IS NULL OR starts_on <= ends_on)
);
CREATE UNIQUE INDEX support_activities_key
  ON support_activities (org_unit_id, kind, starts_on, title_folded) WHERE deleted_at IS NULL;
CREATE INDEX support_activities_by_day ON support_activities (starts_on, id);
CREATE INDEX support_activities_by_province ON support_activities (province_id, starts_on, id);
CREATE INDEX support_activities_by_unit ON support_activities (org_unit_id, starts_on, id);
