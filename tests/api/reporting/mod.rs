//! Stories of reporting.

mod form06a;
mod form07b;
mod holidays;
mod period_closures;
mod periods;
mod rules;

use crate::support::story::Story;

pub fn stories() -> Vec<Story> {
    [
        periods::stories(),
        holidays::stories(),
        form06a::stories(),
        form07b::stories(),
        period_closures::stories(),
        rules::stories(),
    ]
    .concat()
}
