//! Stories of steering.

mod directives;

use crate::support::story::Story;

pub fn all() -> Vec<Story> {
    directives::stories()
}
