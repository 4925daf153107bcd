-- A document is known by the key of its number, however it is written: without white space and leading zeros. What
-- was entered twice because it was written otherwise stays as it is.
ALTER TABLE plan_adjustments RENAME COLUMN document_number_folded TO number_key;
UPDATE plan_adjustments SET number_key = ltrim(replace(number_key, ' ', ''), '0')
  WHERE deleted_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM plan_adjustments AS other
    WHERE other.id <> plan_adjustments.id AND other.deleted_at IS NULL
      AND other.org_unit_id = plan_adjustments.org_unit_id
      AND other.fiscal_year = plan_adjustments.fiscal_year
      AND other.plan_code_folded = plan_adjustments.plan_code_folded
      AND other.decided_on = plan_adjustments.decided_on
      AND ltrim(replace(other.number_key, ' ', ''), '0') = ltrim(replace(plan_adjustments.number_key, ' ', ''), '0'));
ALTER TABLE budget_disclosures RENAME COLUMN document_number_folded TO number_key;
UPDATE budget_disclosures SET number_key = ltrim(replace(number_key, ' ', ''), '0')
  WHERE deleted_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM budget_disclosures AS other
    WHERE other.id <> budget_disclosures.id AND other.deleted_at IS NULL
      AND other.org_unit_id = budget_disclosures.org_unit_id
      AND other.kind = budget_disclosures.kind
      AND other.document_on = budget_disclosures.document_on
      AND ltrim(replace(other.number_key, ' ', ''), '0') = ltrim(replace(budget_disclosures.number_key, ' ', ''), '0'));
