//! Whether a period is closed (khóa sổ kỳ báo cáo) for a unit: what every write of a return asks. How periods
//! are closed and reopened, and what is kept then, stands with the forms.

mod guard;
mod row;
pub mod rules;

pub use guard::{OpenPeriods, hold_closed};
pub use row::{ClosureRow, ClosureScope, ClosureState, PeriodClosureId, Reopening};
