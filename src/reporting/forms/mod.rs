//! Statutory forms (biểu mẫu báo cáo), computed from what units have handed in. A form is read under
//! a named definition; where two definitions give two numbers, both can be had.

pub mod aggregate;
pub mod form06a;
pub mod form07b;
pub mod kept;
mod printed;

use kernel::api::mount::Mount;

/// The operations on forms.
pub fn routes(mount: &mut impl Mount) {
    form06a::routes(mount);
    form07b::routes(mount);
}
