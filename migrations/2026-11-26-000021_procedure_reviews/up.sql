-- Reviews of procedures (rà soát, đơn giản hóa thủ tục hành chính), and what each proposes. A proposal names
-- a procedure by its code, as its paper does, or by its name alone.
CREATE TABLE procedure_reviews (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  title TEXT NOT NULL,
  title_folded TEXT NOT NULL,
  words_folded TEXT NOT NULL,
  document_number TEXT,
  document_on DATE,
  starts_on DATE NOT NULL,
  ends_on DATE,
  fields TEXT NOT NULL,
  reviewed_count BIGINT,
  outcome TEXT NOT NULL,
  approval_number TEXT,
  approved_on DATE,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (ends_on IS NULL OR starts_on <= ends_on)
);
CREATE UNIQUE INDEX procedure_reviews_key
  ON procedure_reviews (org_unit_id, starts_on, title_folded) WHERE deleted_at IS NULL;
CREATE INDEX procedure_reviews_by_day ON procedure_reviews (starts_on, id);
CREATE INDEX procedure_reviews_by_province ON procedure_reviews (province_id, starts_on, id);
CREATE INDEX procedure_reviews_by_unit ON procedure_reviews (org_unit_id, starts_on, id);

CREATE TABLE procedure_review_proposals (
  review_id TEXT NOT NULL REFERENCES procedure_reviews (id),
  position INTEGER NOT NULL,
  kind TEXT NOT NULL,
  procedure_code TEXT,
  procedure_name TEXT,
  cut_working_days BIGINT,
  saved_amount_vnd BIGINT,
  content TEXT,
  PRIMARY KEY (review_id, position)
);
CREATE INDEX procedure_review_proposals_by_procedure
  ON procedure_review_proposals (procedure_code, review_id) WHERE procedure_code IS NOT NULL;
