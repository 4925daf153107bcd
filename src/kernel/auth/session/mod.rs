//! Signing in and out, one's own account and password, and the public keys (xác thực).
//!
//! - [`tokens`]: signing in, and giving a token back; what it takes is checked in [`sign_in`](super::sign_in).
//! - [`me`]: one's own account; [`own_password`]: a new password for it.
//! - [`public_keys`]: the keys by which others check the tokens.

pub mod me;
pub mod own_password;
pub mod public_keys;
pub mod tokens;

use crate::api::mount::Mount;

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    tokens::routes(mount);
    own_password::routes(mount);
    me::routes(mount);
    public_keys::routes(mount);
}
