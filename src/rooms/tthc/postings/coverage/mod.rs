//! What units must show and show: the procedures of their level in force on a day, held against their
//! postings of that day. Of several units each procedure counts for each of them: 162 procedures that
//! ten communes must show are 1,620.
//!
//! - [`model`] is what is asked and told, `compute` how it is found.

mod compute;
pub mod model;

pub(super) use compute::{missing_list, posting_coverage};
