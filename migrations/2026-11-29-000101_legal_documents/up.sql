-- Legal documents (văn bản quy phạm pháp luật) from proposal to expiry. A draft has no number: the key is that of
-- its number once it is issued, and its title before. Whether one is in force is never stored: it follows
-- from its days and from what acts upon it.
CREATE TABLE legal_documents (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  stage TEXT NOT NULL,
  kind TEXT NOT NULL,
  number TEXT,
  document_key TEXT NOT NULL,
  title TEXT NOT NULL,
  title_folded TEXT NOT NULL,
  appraised_on DATE,
  issued_on DATE NOT NULL,
  issued_year BIGINT NOT NULL,
  effective_on DATE,
  expired_on DATE,
  expiry_cause TEXT,
  territory_unit_id TEXT REFERENCES org_units (id),
  reviewing_unit_id TEXT REFERENCES org_units (id),
  note TEXT,
  source_note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (expired_on IS NULL OR issued_on < expired_on)
);
CREATE UNIQUE INDEX legal_documents_key
  ON legal_documents (org_unit_id, document_key, issued_on) WHERE deleted_at IS NULL;
CREATE INDEX legal_documents_by_title ON legal_documents (org_unit_id, title_folded);
CREATE INDEX legal_documents_by_day ON legal_documents (issued_on, id);
CREATE INDEX legal_documents_by_province ON legal_documents (province_id, issued_on, id);
CREATE INDEX legal_documents_by_unit ON legal_documents (org_unit_id, issued_on, id);

-- What one document does to another: it amends, replaces, repeals or suspends it, from a day on.
CREATE TABLE document_relations (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  document_number TEXT NOT NULL,
  document_key TEXT NOT NULL,
  document_on DATE NOT NULL,
  document_id TEXT REFERENCES legal_documents (id),
  affected_unit_code TEXT NOT NULL,
  affected_number TEXT NOT NULL,
  affected_key TEXT NOT NULL,
  affected_on DATE NOT NULL,
  affected_id TEXT REFERENCES legal_documents (id),
  kind TEXT NOT NULL,
  extent TEXT NOT NULL,
  from_on DATE NOT NULL,
  to_on DATE,
  provision TEXT,
  note TEXT,
  source_note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (document_id IS NOT NULL AND affected_id IS NOT NULL),
  CHECK (to_on IS NULL OR from_on < to_on),
  CHECK (document_id <> affected_id)
);
CREATE UNIQUE INDEX document_relations_key ON document_relations
  (org_unit_id, document_key, document_on, affected_unit_code, affected_key, affected_on, kind, from_on)
  WHERE deleted_at IS NULL;
CREATE INDEX document_relations_by_document ON document_relations (document_id);
CREATE INDEX document_relations_by_affected ON document_relations (affected_id, from_on);
CREATE INDEX document_relations_by_day ON document_relations (from_on, id);
CREATE INDEX document_relations_by_province ON document_relations (province_id, from_on, id);
CREATE INDEX document_relations_by_unit ON document_relations (org_unit_id, from_on, id);
