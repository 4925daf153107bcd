//! Stories of steering.

mod directives;
mod fixtures;

pub use fixtures::fixtures;

use crate::support::story::Story;

pub fn all() -> Vec<Story> {
    directives::stories()
}
