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
    /// Answer the double opt-in; its number is the instant it was made. The page that takes it lets it expire.
    Confirm,
    /// Look at and change what one receives. Never expires.
    Preferences,
    /// Move a subscription to a new address; its number is that of the change asked for.
    AddressChange,
    /// Decide about an edition before it leaves; the edition's own state ends it.
    Draft,
}

impl Purpose {
    fn byte(self) -> u8 {
        match self {
            Purpose::Unsubscribe => 1,
            Purpose::Confirm => 2,
            Purpose::Preferences => 3,
            Purpose::AddressChange => 4,
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

/// Rows are numbered from 1.
const NOBODY: SubscriberId = SubscriberId(0);

const VERSION: u8 = 1;
/// version, purpose, key id, subscriber (8 bytes), edition or another number (8 bytes).
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
        self.numbered_token(purpose, subscriber, edition.0)
    }

    /// The token of a purpose and subscriber with a number whose meaning is the purpose's.
    pub fn numbered_token(&self, purpose: Purpose, subscriber: SubscriberId, number: i64) -> String {
        let mut bytes = [0u8; BODY + MAC];
        bytes[0] = VERSION;
        bytes[1] = purpose.byte();
        bytes[2] = self.id;
        bytes[3..11].copy_from_slice(&subscriber.0.to_be_bytes());
        bytes[11..19].copy_from_slice(&number.to_be_bytes());
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
    open_numbered(keys, purpose, token).map(|(subscriber, number)| (subscriber, EditionId(number)))
}

/// As [`open`], of a token with a number.
pub fn open_numbered(
    keys: &[SecretKey],
    purpose: Purpose,
    token: &str,
) -> Result<(SubscriberId, i64), TokenError> {
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
    Ok((SubscriberId(word(3)), word(11)))
}

/// As [`open_numbered`]; a token that is not ours is nobody's. It is looked up as any other is, so that it is answered
/// like one of somebody who left, and as slowly.
pub fn open_or_nobody(keys: &[SecretKey], purpose: Purpose, token: &str) -> (SubscriberId, i64) {
    open_numbered(keys, purpose, token).unwrap_or((NOBODY, 0))
}

/// The instant a form was made, signed: milliseconds in hex, then the mac in hex. Nobody's, so it may be used again.
pub fn form_stamp(key: &SecretKey, millis: i64) -> String {
    let mac: String = key.mac(&form_message(millis)).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{:x}-{:02x}-{mac}", millis.max(0), key.id)
}

/// The instant of a [`form_stamp`] made with one of `keys`; none for anything else.
pub fn open_form_stamp(keys: &[SecretKey], stamp: &str) -> Option<i64> {
    let (millis, rest) = stamp.split_once('-')?;
    let millis = i64::from_str_radix(millis, 16).ok()?;
    let id = u8::from_str_radix(rest.split_once('-')?.0, 16).ok()?;
    let made = form_stamp(keys.iter().find(|key| key.id == id)?, millis);
    constant_time::verify_slices_are_equal(made.as_bytes(), stamp.as_bytes()).ok().map(|()| millis)
}

fn form_message(millis: i64) -> Vec<u8> {
    [b"form\0".as_slice(), &millis.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_serves_its_own_purpose_and_no_other() {
        let keys = [SecretKey::new(2, &[2; 32]), SecretKey::new(1, &[1; 32])];
        let purposes = [Purpose::Unsubscribe, Purpose::Confirm, Purpose::Preferences, Purpose::AddressChange];
        for made in purposes {
            let token = keys[1].numbered_token(made, SubscriberId(7), -5);
            assert_eq!(token.len(), 47);
            for asked in purposes {
                let opened = open_numbered(&keys, asked, &token).ok();
                assert_eq!(opened, (asked == made).then_some((SubscriberId(7), -5)));
                assert_eq!(open_or_nobody(&keys, asked, &token), opened.unwrap_or((NOBODY, 0)));
            }
        }
    }

    #[test]
    fn a_form_stamp_is_believed_as_it_was_made_only() {
        let keys = [SecretKey::new(2, &[2; 32]), SecretKey::new(1, &[1; 32])];
        let stamp = form_stamp(&keys[1], 1_795_000_000_000);
        assert_eq!(open_form_stamp(&keys, &stamp), Some(1_795_000_000_000));
        assert_eq!(open_form_stamp(&keys[..1], &stamp), None);
        for place in 0..stamp.len() {
            let mut other = stamp.clone().into_bytes();
            other[place] = if other[place] == b'0' { b'1' } else { b'0' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(open_form_stamp(&keys, &other), None, "{other}");
        }
        for wrong in ["", "-", "--", "zz-01-00", "7fffffffffffffffff-01-00", "가-나-다"] {
            assert_eq!(open_form_stamp(&keys, wrong), None);
        }
    }
}
