//! Pure: how an address that must never be mailed is remembered without being kept.

use super::EmailAddress;
use super::token::SecretKey;

/// A normalised address, keyed and hashed.
pub type AddressHash = [u8; 16];

/// The key of suppression hashes. Link keys rotate, these hashes cannot be recomputed once the address is erased: so it
/// is always the oldest key, the one with the lowest number, and that key must never be thrown away.
#[derive(Clone)]
pub struct SuppressionKey(SecretKey);

impl SuppressionKey {
    /// The oldest of `keys`; none if there are none.
    pub fn of(keys: &[SecretKey]) -> Option<SuppressionKey> {
        keys.iter().min_by_key(|key| key.id()).cloned().map(SuppressionKey)
    }

    /// What stands for `address` in the list of suppressions.
    pub fn hash(&self, address: &EmailAddress) -> AddressHash {
        self.0.mac(&[b"suppression\0", address.key().as_bytes()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_outlives_rotation_and_ignores_case() {
        let old = SecretKey::new(1, &[1; 32]);
        let new = SecretKey::new(2, &[2; 32]);
        let address = EmailAddress::parse("Haebom@naver.com").expect("parses");
        let lower = EmailAddress::parse("haebom@NAVER.com").expect("parses");
        let before = SuppressionKey::of(std::slice::from_ref(&old)).expect("a key").hash(&address);
        let after = SuppressionKey::of(&[new, old]).expect("a key").hash(&lower);
        assert_eq!(before, after);
    }
}
