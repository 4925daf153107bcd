DROP TABLE spending_rules;
DROP TABLE final_accounts;
DROP TABLE budget_disclosures;
DROP TABLE remittances;
DROP TABLE audit_recommendations;
DROP TABLE disbursements;
DROP TABLE plan_adjustments;
DROP TABLE investment_plans;
