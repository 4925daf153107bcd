-- Officials (cán bộ, công chức, viên chức, người lao động). Who they are stands sealed; a number is found by its keyed
-- digest. The employee code names them within the province.
CREATE TABLE officials (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  employee_code TEXT NOT NULL,
  listed_on DATE NOT NULL,
  category TEXT NOT NULL,
  position_title TEXT,
  rank_title TEXT,
  qualification TEXT,
  political_theory TEXT,
  status TEXT NOT NULL,
  since DATE,
  until DATE,
  note TEXT,
  person TEXT,
  number_digest TEXT,
  erased_at BIGINT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (since IS NULL OR until IS NULL OR since <= until)
);
CREATE UNIQUE INDEX officials_key ON officials (province_id, employee_code) WHERE deleted_at IS NULL;
CREATE INDEX officials_by_day ON officials (listed_on, id);
CREATE INDEX officials_by_province ON officials (province_id, listed_on, id);
CREATE INDEX officials_by_unit ON officials (org_unit_id, listed_on, id);
CREATE INDEX officials_of_number ON officials (number_digest, listed_on, id) WHERE number_digest IS NOT NULL;
