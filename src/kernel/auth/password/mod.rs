//! Passwords: [which ones are allowed](rules), and how they are [hashed](hasher) without letting a
//! crowd of log-ins take the machine.

pub mod hasher;
pub mod rules;

use unicode_normalization::UnicodeNormalization;

use crate::auth::keys::Secret;

pub use self::hasher::{HashCost, HashFault, Hasher};
pub use self::rules::{PasswordFault, check_password};

/// The password of every account and the secret of the client of the demonstration; nobody else may have it.
pub const DEMO_PASSWORD: &str = "demo-cchc-2024";

// More than 128 characters ever take; what is longer is not normalised, only refused.
const MAX_INPUT_BYTES: usize = 4096;

// One password is one sequence of bytes, whichever way a keyboard composes Vietnamese letters.
fn normalise(password: &str) -> Option<Secret> {
    if password.len() > MAX_INPUT_BYTES {
        return None;
    }
    // Room for all of it, since a buffer that grows leaves copies behind.
    let mut normal = String::with_capacity(password.len().saturating_mul(3));
    normal.extend(password.nfc());
    Some(Secret::from(normal))
}
