//! Exchange with other systems (trao đổi dữ liệu): what a province's portals and one-stop systems
//! need beside single records.

pub mod changes;
pub mod imports;
pub mod national_portal;

use kernel::api::mount::Mount;

/// The operations of exchange.
pub fn routes(mount: &mut impl Mount) {
    changes::routes(mount);
    national_portal::routes(mount);
}
