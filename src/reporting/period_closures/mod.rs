//! Closings of periods (khóa sổ kỳ báo cáo): from its closing on, a unit's returns and reports for the
//! period stay as they are, and the forms made of them are kept as they were answered then. Records
//! below may still be corrected; how today's forms differ from those kept is shown.
//!
//! A closing is of one unit and period, for the unit alone or for all that stood under it on the
//! period's last day. It binds the units whose lines are in the form of its unit and scope, and no
//! others: agencies with the unit under which they hang, and units that ended within the period with
//! the one into which they went whole. It binds every write of their returns: making, changing and
//! deleting them, and the steps of their life, for these change the form too. A unit that ended within
//! the period is closed as it stood on its own last day. Returns of a closed period are corrected after it was reopened, as a
//! whole or for some of the units below, with a reason; closing again makes the next closing, and what
//! the earlier one kept stays readable.
//!
//! Whoever reviews or administers and reaches the unit closes its period (`close` in the table of
//! roles): unlike accepting, which nobody does for what their own unit files, closing is the act by
//! which a unit ends its own books, so it is an action of its own. Its domain is `reporting`, since it
//! binds the returns of all rooms at once.

pub mod comparison;
mod handlers;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;
pub mod writes;

pub use handlers::routes;
pub use store::{closure_facts, not_the_forms_closure};
