//! Stories of reporting.

mod form06a;
mod periods;

use crate::support::story::Story;

pub fn stories() -> Vec<Story> {
    [periods::stories(), form06a::stories()].concat()
}
