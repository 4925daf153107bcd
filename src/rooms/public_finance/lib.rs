//! Public finance (cải cách tài chính công): what units are given to invest and what they paid of it, what
//! inspections and audits ask back, what of the budget was made public, when the accounts of a year came in, and by
//! which rules a unit spends. What is paid out of a plan or towards a recommendation is a record of its own, which
//! names the other by the code that its unit gave it.

#![recursion_limit = "512"]

pub mod audit_recommendations;
pub mod autonomy_returns;
pub mod budget_disclosures;
pub mod disbursements;
pub mod final_accounts;
pub mod fiscal_data_package;
pub mod investment_plans;
pub mod plan_adjustments;
pub mod remittances;
pub mod spending_rules;

use kernel::api::mount::Mount;

/// The operations of this room.
pub fn routes(mount: &mut impl Mount) {
    autonomy_returns::routes(mount);
    investment_plans::routes(mount);
    plan_adjustments::routes(mount);
    disbursements::routes(mount);
    audit_recommendations::routes(mount);
    remittances::routes(mount);
    budget_disclosures::routes(mount);
    final_accounts::routes(mount);
    spending_rules::routes(mount);
    fiscal_data_package::routes(mount);
}
