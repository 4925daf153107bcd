//! Civil service (cải cách công vụ): who serves, by which decisions, and how well.

pub mod asset_declaration_returns;
pub mod qualification_returns;
pub mod work_diary_returns;

use crate::api::mount::Mount;

/// The operations of this room.
pub fn routes(mount: &mut Mount) {
    qualification_returns::routes(mount);
    asset_declaration_returns::routes(mount);
    work_diary_returns::routes(mount);
}
