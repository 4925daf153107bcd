ALTER TABLE budget_disclosures RENAME COLUMN number_key TO document_number_folded;
ALTER TABLE plan_adjustments RENAME COLUMN number_key TO document_number_folded;
