-- What was exchanged in the shape of the national portal (sổ đối soát Cổng dịch vụ công quốc gia). What was
-- received or sent stands sealed as it was, for it holds personal data; it goes when these are erased.
CREATE TABLE portal_ledger (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  dossier_id TEXT,
  code TEXT NOT NULL,
  direction TEXT NOT NULL,
  service TEXT NOT NULL,
  recorded_at BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  error_code TEXT,
  message TEXT,
  answered_at BIGINT,
  body TEXT,
  held TEXT NOT NULL,
  differences TEXT NOT NULL,
  differs BOOLEAN NOT NULL,
  version BIGINT NOT NULL
);
CREATE INDEX portal_ledger_by_time ON portal_ledger (recorded_at, id);
CREATE INDEX portal_ledger_by_province ON portal_ledger (province_id, recorded_at, id);
CREATE INDEX portal_ledger_by_unit ON portal_ledger (org_unit_id, recorded_at, id);
CREATE INDEX portal_ledger_by_code ON portal_ledger (code, recorded_at, id);
