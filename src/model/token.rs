//! Pure: signed links. version, purpose, ids, then HMAC-SHA-256 cut to 128 bits, with the key's id for rotation.

use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{EditionId, SubscriberId};

/// What a link may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Withdraw the subscription. Never expires.
    Unsubscribe,
    /// Decide about an edition before it leaves; the edition's own state ends it.
    Draft,
}

impl Purpose {
    fn byte(self) -> u8 {
        match self {
            Purpose::Unsubscribe => 1,
            Purpose::Draft => 9,
        }
    }
}

/// A key that signs tokens and derives Message-IDs, with its number for rotation.
#[derive(Clone)]
pub struct SecretKey {
    id: u8,
    key: hmac::Key,
}

/// Why a token is refused. Callers answer all of them alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not the length or alphabet of a token.
    #[error("not a token")]
    Shape,
    /// The signature does not fit.
    #[error("wrong signature")]
    Signature,
}

const VERSION: u8 = 1;
/// version, purpose, key id, subscriber (8 bytes), edition (8 bytes).
const BODY: usize = 19;
const MAC: usize = 16;

impl SecretKey {
    /// A key of 32 random bytes, number `id`.
    pub fn new(id: u8, bytes: &[u8; 32]) -> SecretKey {
        SecretKey { id, key: hmac::Key::new(hmac::HMAC_SHA256, bytes) }
    }

    /// This key's number.
    pub fn id(&self) -> u8 {
        self.id
    }

    /// HMAC-SHA-256 of `message`, cut to 128 bits.
    pub fn mac(&self, message: &[u8]) -> [u8; MAC] {
        let mut cut = [0; MAC];
        cut.copy_from_slice(&hmac::sign(&self.key, message).as_ref()[..MAC]);
        cut
    }

    /// The token of a purpose, subscriber and edition (0 for none): 47 letters of base64url, always.
    pub fn token(&self, purpose: Purpose, subscriber: SubscriberId, edition: EditionId) -> String {
        let mut bytes = [0u8; BODY + MAC];
        bytes[0] = VERSION;
        bytes[1] = purpose.byte();
        bytes[2] = self.id;
        bytes[3..11].copy_from_slice(&subscriber.0.to_be_bytes());
        bytes[11..19].copy_from_slice(&edition.0.to_be_bytes());
        let mac = self.mac(&bytes[..BODY]);
        bytes[BODY..].copy_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// Checks a token against the known keys, in constant time for each.
pub fn open(
    keys: &[SecretKey],
    purpose: Purpose,
    token: &str,
) -> Result<(SubscriberId, EditionId), TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| TokenError::Shape)?;
    let bytes: [u8; BODY + MAC] = bytes.try_into().map_err(|_| TokenError::Shape)?;
    if bytes[0] != VERSION || bytes[1] != purpose.byte() {
        return Err(TokenError::Shape);
    }
    let key = keys.iter().find(|key| key.id == bytes[2]).ok_or(TokenError::Signature)?;
    let mac = key.mac(&bytes[..BODY]);
    constant_time::verify_slices_are_equal(&mac, &bytes[BODY..]).map_err(|_| TokenError::Signature)?;
    let word = |from: usize| {
        let mut eight = [0; 8];
        eight.copy_from_slice(&bytes[from..from + 8]);
        i64::from_be_bytes(eight)
    };
    Ok((SubscriberId(word(3)), EditionId(word(11))))
}
