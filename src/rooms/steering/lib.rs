//! Steering (chỉ đạo, điều hành): by what a unit is guided and guides others. Those above it issue laws,
//! resolutions, directives and plans; it carries them out by documents of its own.

#![recursion_limit = "512"]

pub mod directives;

use kernel::api::mount::Mount;

/// The operations of this room.
pub fn routes(mount: &mut impl Mount) {
    directives::routes(mount);
}
