-- Decisions by which procedures are announced (quyết định công bố), and what each does to them. An item
-- names a procedure by its code: one that is added may not be in the catalogue yet.
CREATE TABLE procedure_publications (
  id TEXT PRIMARY KEY NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  number TEXT NOT NULL,
  number_key TEXT NOT NULL,
  issued_on DATE NOT NULL,
  issued_year INTEGER NOT NULL,
  effective_on DATE NOT NULL,
  title TEXT NOT NULL,
  title_folded TEXT NOT NULL,
  legal_basis TEXT,
  legal_basis_effective_on DATE,
  published_on DATE,
  source TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX procedure_publications_key
  ON procedure_publications (number_key, issued_year, org_unit_id) WHERE deleted_at IS NULL;
CREATE INDEX procedure_publications_by_day ON procedure_publications (issued_on, id);
CREATE INDEX procedure_publications_by_effect ON procedure_publications (effective_on, id);
CREATE INDEX procedure_publications_by_unit ON procedure_publications (org_unit_id, issued_on, id);

CREATE TABLE procedure_publication_items (
  publication_id TEXT NOT NULL REFERENCES procedure_publications (id),
  position INTEGER NOT NULL,
  action TEXT NOT NULL,
  procedure_code TEXT NOT NULL,
  replaced_procedure_code TEXT,
  level TEXT,
  name TEXT,
  note TEXT,
  PRIMARY KEY (publication_id, position)
);
CREATE INDEX procedure_publication_items_by_procedure
  ON procedure_publication_items (procedure_code, publication_id);
CREATE INDEX procedure_publication_items_by_replaced
  ON procedure_publication_items (replaced_procedure_code, publication_id) WHERE replaced_procedure_code IS NOT NULL;

-- Which unit shows which procedure to the public, where and since when (niêm yết công khai).
CREATE TABLE procedure_postings (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  procedure_id TEXT NOT NULL REFERENCES procedures (id),
  form TEXT NOT NULL,
  place TEXT,
  posted_on DATE NOT NULL,
  removed_on DATE,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (removed_on IS NULL OR posted_on < removed_on)
);
CREATE UNIQUE INDEX procedure_postings_key
  ON procedure_postings (org_unit_id, procedure_id, form, posted_on) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX procedure_postings_standing
  ON procedure_postings (org_unit_id, procedure_id, form) WHERE deleted_at IS NULL AND removed_on IS NULL;
CREATE INDEX procedure_postings_by_day ON procedure_postings (posted_on, id);
CREATE INDEX procedure_postings_by_province ON procedure_postings (province_id, posted_on, id);
CREATE INDEX procedure_postings_by_unit ON procedure_postings (org_unit_id, posted_on, id);
CREATE INDEX procedure_postings_by_procedure ON procedure_postings (procedure_id, posted_on, id);

-- How agencies handle a procedure step by step (quy trình nội bộ, quy trình liên thông).
CREATE TABLE procedure_processes (
  id TEXT PRIMARY KEY NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  procedure_id TEXT NOT NULL REFERENCES procedures (id),
  kind TEXT NOT NULL,
  variant TEXT NOT NULL,
  name TEXT NOT NULL,
  electronic BOOLEAN NOT NULL,
  decision_number TEXT NOT NULL,
  decision_key TEXT NOT NULL,
  decided_on DATE NOT NULL,
  valid_from DATE NOT NULL,
  valid_to DATE,
  agencies TEXT NOT NULL,
  steps TEXT NOT NULL,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (valid_to IS NULL OR valid_from < valid_to)
);
CREATE UNIQUE INDEX procedure_processes_key
  ON procedure_processes (procedure_id, org_unit_id, kind, variant, valid_from) WHERE deleted_at IS NULL;
CREATE INDEX procedure_processes_by_day ON procedure_processes (decided_on, id);
CREATE INDEX procedure_processes_by_unit ON procedure_processes (org_unit_id, decided_on, id);
CREATE INDEX procedure_processes_by_decision ON procedure_processes (decision_key, decided_on, id);

-- The procedures that a process is about: its own first, behind it those that a linked one joins.
CREATE TABLE procedure_process_links (
  process_id TEXT NOT NULL REFERENCES procedure_processes (id),
  position INTEGER NOT NULL,
  procedure_id TEXT NOT NULL REFERENCES procedures (id),
  PRIMARY KEY (process_id, position)
);
CREATE INDEX procedure_process_links_by_procedure ON procedure_process_links (procedure_id, process_id);
