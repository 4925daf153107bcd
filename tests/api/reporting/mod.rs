//! Stories of reporting.

mod fixtures;
mod form06a;
mod form07b;
mod holidays;
mod period_closures;
mod periods;
mod rules;

pub use fixtures::fixtures;

use crate::support::story::Story;

pub fn stories() -> Vec<Story> {
    [
        periods::stories(),
        holidays::stories(),
        form06a::all(),
        form07b::stories(),
        period_closures::all(),
        rules::stories(),
    ]
    .concat()
}
