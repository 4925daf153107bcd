//! What a caller shows: [access tokens](access), signed and short-lived; refresh tokens and client
//! secrets, which are [opaque].

pub mod access;
mod checked;
pub mod opaque;

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use self::access::{
    Audience, Claims, Issued, MAX_TOKEN_BYTES, PrincipalKind, Subject, TokenFault, issue, verify,
};
pub use self::checked::CheckedTokens;
pub use self::opaque::{
    CLIENT_SECRET_PREFIX, REFRESH_PREFIX, new_client_secret, new_refresh_token, refresh_digest,
};

fn random_text<const N: usize>(prefix: &str) -> Result<String, TokenFault> {
    let mut bytes = [0_u8; N];
    rand::fill(&mut bytes).map_err(|_| TokenFault::Failed)?;
    let mut text = prefix.to_owned();
    URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
    Ok(text)
}
