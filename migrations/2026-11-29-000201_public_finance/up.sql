-- How much a unit may pay for what in a year (kế hoạch vốn đầu tư công), as it was given at first.
CREATE TABLE investment_plans (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  fiscal_year BIGINT NOT NULL,
  code TEXT NOT NULL,
  code_folded TEXT NOT NULL,
  title TEXT NOT NULL,
  title_folded TEXT NOT NULL,
  capital_source TEXT NOT NULL,
  amount_vnd BIGINT NOT NULL,
  valid_from DATE NOT NULL,
  document_number TEXT,
  document_on DATE,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX investment_plans_key
  ON investment_plans (org_unit_id, fiscal_year, code_folded) WHERE deleted_at IS NULL;
CREATE INDEX investment_plans_by_day ON investment_plans (valid_from, id);
CREATE INDEX investment_plans_by_province ON investment_plans (province_id, valid_from, id);
CREATE INDEX investment_plans_by_unit ON investment_plans (org_unit_id, valid_from, id);

-- What decisions add to plans and take from them (điều chỉnh kế hoạch vốn). Its key also holds the sums of a plan.
CREATE TABLE plan_adjustments (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  fiscal_year BIGINT NOT NULL,
  plan_code TEXT NOT NULL,
  plan_code_folded TEXT NOT NULL,
  decided_on DATE NOT NULL,
  document_number TEXT NOT NULL,
  document_number_folded TEXT NOT NULL,
  direction TEXT NOT NULL,
  amount_vnd BIGINT NOT NULL,
  reason TEXT,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX plan_adjustments_key
  ON plan_adjustments (org_unit_id, fiscal_year, plan_code_folded, decided_on, document_number_folded) WHERE deleted_at IS NULL;
CREATE INDEX plan_adjustments_by_day ON plan_adjustments (decided_on, id);
CREATE INDEX plan_adjustments_by_province ON plan_adjustments (province_id, decided_on, id);
CREATE INDEX plan_adjustments_by_unit ON plan_adjustments (org_unit_id, decided_on, id);

-- What was paid out of plans, on a day or in a span of days (giải ngân). Its key also holds the sums of a plan.
CREATE TABLE disbursements (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  fiscal_year BIGINT NOT NULL,
  plan_code TEXT NOT NULL,
  plan_code_folded TEXT NOT NULL,
  paid_from DATE NOT NULL,
  paid_to DATE NOT NULL,
  turn BIGINT NOT NULL,
  amount_vnd BIGINT NOT NULL,
  document_number TEXT,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (paid_from <= paid_to)
);
CREATE UNIQUE INDEX disbursements_key
  ON disbursements (org_unit_id, fiscal_year, plan_code_folded, paid_from, paid_to, turn) WHERE deleted_at IS NULL;
CREATE INDEX disbursements_by_day ON disbursements (paid_to, id);
CREATE INDEX disbursements_by_province ON disbursements (province_id, paid_to, id);
CREATE INDEX disbursements_by_unit ON disbursements (org_unit_id, paid_to, id);

-- What a unit must pay for one work by one conclusion (kiến nghị thanh tra, kiểm toán).
CREATE TABLE audit_recommendations (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  code TEXT NOT NULL,
  code_folded TEXT NOT NULL,
  conclusion_number TEXT NOT NULL,
  concluded_on DATE NOT NULL,
  concluded_by TEXT NOT NULL,
  title TEXT NOT NULL,
  title_folded TEXT NOT NULL,
  measure TEXT NOT NULL,
  amount_vnd BIGINT NOT NULL,
  due_on DATE,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX audit_recommendations_key
  ON audit_recommendations (org_unit_id, code_folded) WHERE deleted_at IS NULL;
CREATE INDEX audit_recommendations_by_day ON audit_recommendations (concluded_on, id);
CREATE INDEX audit_recommendations_by_province ON audit_recommendations (province_id, concluded_on, id);
CREATE INDEX audit_recommendations_by_unit ON audit_recommendations (org_unit_id, concluded_on, id);

-- What was paid towards recommendations (nộp tiền theo kiến nghị). Its key also holds the sums of a
-- recommendation.
CREATE TABLE remittances (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  recommendation_code TEXT NOT NULL,
  recommendation_code_folded TEXT NOT NULL,
  remitted_on DATE NOT NULL,
  turn BIGINT NOT NULL,
  amount_vnd BIGINT NOT NULL,
  receipt_number TEXT,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX remittances_key
  ON remittances (org_unit_id, recommendation_code_folded, remitted_on, turn) WHERE deleted_at IS NULL;
CREATE INDEX remittances_by_day ON remittances (remitted_on, id);
CREATE INDEX remittances_by_province ON remittances (province_id, remitted_on, id);
CREATE INDEX remittances_by_unit ON remittances (org_unit_id, remitted_on, id);

-- What units made public of their budget (công khai dự toán, quyết toán).
CREATE TABLE budget_disclosures (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  kind TEXT NOT NULL,
  fiscal_year BIGINT NOT NULL,
  quarter BIGINT,
  title TEXT NOT NULL,
  title_folded TEXT NOT NULL,
  document_number TEXT NOT NULL,
  document_number_folded TEXT NOT NULL,
  document_on DATE NOT NULL,
  published_on DATE,
  place TEXT,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX budget_disclosures_key
  ON budget_disclosures (org_unit_id, kind, document_on, document_number_folded) WHERE deleted_at IS NULL;
CREATE INDEX budget_disclosures_by_day ON budget_disclosures (document_on, id);
CREATE INDEX budget_disclosures_by_province ON budget_disclosures (province_id, document_on, id);
CREATE INDEX budget_disclosures_by_unit ON budget_disclosures (org_unit_id, document_on, id);

-- Which unit handed in the accounts of which year, and when (báo cáo quyết toán).
CREATE TABLE final_accounts (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  kind TEXT NOT NULL,
  fiscal_year BIGINT NOT NULL,
  state_on DATE NOT NULL,
  due_on DATE,
  submitted_on DATE,
  stated_on_time BOOLEAN,
  document_number TEXT,
  document_on DATE,
  appraised_on DATE,
  revenue_vnd BIGINT,
  spending_vnd BIGINT,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX final_accounts_key
  ON final_accounts (org_unit_id, kind, fiscal_year) WHERE deleted_at IS NULL;
CREATE INDEX final_accounts_by_day ON final_accounts (state_on, id);
CREATE INDEX final_accounts_by_province ON final_accounts (province_id, state_on, id);
CREATE INDEX final_accounts_by_unit ON final_accounts (org_unit_id, state_on, id);

-- By which rules units spend and use public assets (quy chế chi tiêu nội bộ, quy chế quản lý tài sản công).
CREATE TABLE spending_rules (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  kind TEXT NOT NULL,
  document_number TEXT,
  document_on DATE,
  valid_from DATE NOT NULL,
  valid_from_certainty TEXT NOT NULL,
  valid_to DATE,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX spending_rules_key
  ON spending_rules (org_unit_id, kind, valid_from) WHERE deleted_at IS NULL;
CREATE INDEX spending_rules_by_day ON spending_rules (valid_from, id);
CREATE INDEX spending_rules_by_province ON spending_rules (province_id, valid_from, id);
CREATE INDEX spending_rules_by_unit ON spending_rules (org_unit_id, valid_from, id);
