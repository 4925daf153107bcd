-- Feedback and petitions of citizens and enterprises (phản ánh, kiến nghị). Whoever sent it is not kept.
CREATE TABLE citizen_feedback (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  receiving_unit_id TEXT REFERENCES org_units (id),
  code TEXT NOT NULL,
  channel TEXT NOT NULL,
  class TEXT NOT NULL,
  content TEXT NOT NULL,
  content_folded TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  refused_at BIGINT,
  refusal_reason TEXT,
  supplement_requested_at BIGINT,
  supplement_request TEXT,
  supplement_received_at BIGINT,
  answered_at BIGINT,
  answer_number TEXT,
  published_at BIGINT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX citizen_feedback_key ON citizen_feedback (province_id, code) WHERE deleted_at IS NULL;
CREATE INDEX citizen_feedback_by_time ON citizen_feedback (received_at, id);
CREATE INDEX citizen_feedback_by_province ON citizen_feedback (province_id, received_at, id);
CREATE INDEX citizen_feedback_by_unit ON citizen_feedback (org_unit_id, received_at, id);

-- How many working days each step may take, for what was received from a day on (thời hạn xử lý).
CREATE TABLE feedback_time_limits (
  class TEXT NOT NULL,
  step TEXT NOT NULL,
  valid_from DATE NOT NULL,
  valid_to DATE NOT NULL,
  working_days INTEGER NOT NULL,
  legal_basis TEXT NOT NULL,
  PRIMARY KEY (class, step, valid_from),
  CHECK (valid_from < valid_to)
);
INSERT INTO feedback_time_limits (class, step, valid_from, valid_to, working_days, legal_basis) VALUES
  ('rule', 'refusal', '2022-06-23', '9999-12-31', 2, 'Quyết định số 766/QĐ-TTg ngày 23/6/2022'),
  ('rule', 'supplement_request', '2022-06-23', '9999-12-31', 5, 'Quyết định số 766/QĐ-TTg ngày 23/6/2022'),
  ('rule', 'answer', '2022-06-23', '9999-12-31', 15, 'Quyết định số 766/QĐ-TTg ngày 23/6/2022'),
  ('rule', 'publication', '2022-06-23', '9999-12-31', 2, 'Quyết định số 766/QĐ-TTg ngày 23/6/2022'),
  ('conduct', 'refusal', '2022-06-23', '9999-12-31', 2, 'Quyết định số 766/QĐ-TTg ngày 23/6/2022'),
  ('conduct', 'supplement_request', '2022-06-23', '9999-12-31', 5, 'Quyết định số 766/QĐ-TTg ngày 23/6/2022'),
  ('conduct', 'answer', '2022-06-23', '9999-12-31', 15, 'Quyết định số 766/QĐ-TTg ngày 23/6/2022'),
  ('conduct', 'publication', '2022-06-23', '9999-12-31', 2, 'Quyết định số 766/QĐ-TTg ngày 23/6/2022');
