-- Guiding documents (văn bản chỉ đạo, điều hành). name_key is the number as numbers are compared, of a
-- document without one its subject; issued_key its day, empty where none is known, so that the key holds
-- then too; dated_on the day by which lists are in order.
CREATE TABLE directives (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  direction TEXT NOT NULL,
  kind TEXT NOT NULL,
  number TEXT,
  name_key TEXT NOT NULL,
  issuer TEXT NOT NULL,
  issuer_folded TEXT NOT NULL,
  issued_on DATE,
  issued_key TEXT NOT NULL,
  dated_on DATE NOT NULL,
  held_on DATE NOT NULL,
  subject TEXT NOT NULL,
  subject_folded TEXT NOT NULL,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (issued_on IS NULL OR issued_on <= held_on)
);
CREATE UNIQUE INDEX directives_key
  ON directives (org_unit_id, name_key, issuer_folded, issued_key) WHERE deleted_at IS NULL;
CREATE INDEX directives_by_number ON directives (name_key);
CREATE INDEX directives_by_day ON directives (dated_on, id);
CREATE INDEX directives_by_province ON directives (province_id, dated_on, id);
CREATE INDEX directives_by_unit ON directives (org_unit_id, dated_on, id);
