//! Refresh tokens and client secrets: long random texts that say nothing by themselves. Of a refresh
//! token a digest is stored, of a client secret a hash as of a [password](crate::auth::password).

use aws_lc_rs::digest;

use super::{TokenFault, random_text};

/// How a refresh token begins, so that secret scanners know it.
pub const REFRESH_PREFIX: &str = "cchc_rt_";

/// How a client secret begins, so that secret scanners know it.
pub const CLIENT_SECRET_PREFIX: &str = "cchc_cs_";

/// A new refresh token.
///
/// # Errors
///
/// The system has no randomness.
pub fn new_refresh_token() -> Result<String, TokenFault> {
    random_text::<32>(REFRESH_PREFIX)
}

/// A new client secret.
///
/// # Errors
///
/// The system has no randomness.
pub fn new_client_secret() -> Result<String, TokenFault> {
    random_text::<32>(CLIENT_SECRET_PREFIX)
}

/// What is stored of a refresh token: SHA-256 in hexadecimal. It needs no salt and no cost, since
/// nobody guesses 256 random bits.
#[must_use]
pub fn refresh_digest(token: &str) -> String {
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        for nibble in [byte >> 4, byte & 15] {
            hex.extend(char::from_digit(u32::from(nibble), 16));
        }
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opaque_tokens_are_long_random_and_told_by_their_prefix() {
        let token = new_refresh_token().unwrap();
        assert_eq!(token.len(), REFRESH_PREFIX.len() + 43);
        assert!(token.starts_with(REFRESH_PREFIX));
        assert_ne!(token, new_refresh_token().unwrap());
        assert_eq!(refresh_digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let secret = new_client_secret().unwrap();
        assert!(secret.starts_with(CLIENT_SECRET_PREFIX));
        assert_eq!(secret.len(), CLIENT_SECRET_PREFIX.len() + 43);
        assert_ne!(secret, new_client_secret().unwrap());
    }
}
