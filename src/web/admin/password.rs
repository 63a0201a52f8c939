//! Pure: the operator's password: its Argon2id hash as a PHC string, and whether a password is the one.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};

/// Bytes of salt.
pub const SALT: usize = 16;
/// Shortest password, in characters.
pub const SHORTEST: usize = 10;
/// Longest password, in bytes: longer ones only cost time.
pub const LONGEST: usize = 512;

/// Why a password cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Guessed too soon.
    #[error("비밀번호가 짧아요. {SHORTEST}자 이상으로 정하세요")]
    Short,
    /// Nobody types it.
    #[error("비밀번호가 너무 길어요. {LONGEST}바이트까지 쓸 수 있어요")]
    Long,
    /// It holds what no login form sends.
    #[error("비밀번호에 줄바꿈이나 제어 문자가 있어요. 한 줄로 정하세요")]
    Control,
    /// The hash could not be made.
    #[error("비밀번호의 해시를 만들지 못했어요")]
    Hash,
    /// The text is no such hash.
    #[error("비밀번호 파일에 든 것이 Argon2id 해시가 아니에요. `moabom admin password`로 다시 만드세요")]
    NotAHash,
}

/// 19 MiB, two passes, one lane: what OWASP asks for at least (Password Storage Cheat Sheet, Argon2id).
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

/// The hash of a sound password.
pub fn hash(password: &SecretString, salt: &[u8; SALT]) -> Result<SecretString, PasswordError> {
    let password = password.expose_secret();
    match password {
        short if short.chars().count() < SHORTEST => return Err(PasswordError::Short),
        long if long.len() > LONGEST => return Err(PasswordError::Long),
        odd if odd.chars().any(char::is_control) => return Err(PasswordError::Control),
        _ => {}
    }
    let hash: PasswordHash =
        argon2().hash_password_with_salt(password.as_bytes(), salt).map_err(|_| PasswordError::Hash)?;
    Ok(hash.to_string().into())
}

/// Whether `hash` is one of ours.
pub fn check(hash: &SecretString) -> Result<(), PasswordError> {
    read(hash).map(drop)
}

fn read(hash: &SecretString) -> Result<PasswordHash, PasswordError> {
    let hash = PasswordHash::new(hash.expose_secret()).map_err(|_| PasswordError::NotAHash)?;
    let whole = hash.algorithm.as_str() == "argon2id" && hash.salt.is_some() && hash.hash.is_some();
    whole.then_some(hash).ok_or(PasswordError::NotAHash)
}

/// Whether `password` is the one that `hash` was made of. Takes tens of milliseconds and 19 MiB, by design.
pub fn matches(password: &str, hash: &SecretString) -> Result<bool, PasswordError> {
    let hash = read(hash)?;
    Ok(password.len() <= LONGEST && argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_and_no_other_does() {
        let hash = hash(&"봄날의 긴 비밀번호".to_owned().into(), &[7; SALT]).expect("a hash");
        assert!(hash.expose_secret().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(check(&hash), Ok(()));
        assert_eq!(matches("봄날의 긴 비밀번호", &hash), Ok(true));
        for wrong in ["", "봄날의 긴 비밀번호 ", "봄날의 긴 비밀번", &"가".repeat(10_000)] {
            assert_eq!(matches(wrong, &hash), Ok(false));
        }
    }

    #[test]
    fn weak_passwords_and_foreign_hashes_are_refused() {
        let of = |text: &str| hash(&text.to_owned().into(), &[7; SALT]).map(drop);
        assert_eq!(of("짧아요"), Err(PasswordError::Short));
        assert_eq!(of(&"a".repeat(513)), Err(PasswordError::Long));
        assert_eq!(of("열 글자가 넘지만\n두 줄"), Err(PasswordError::Control));
        for text in ["", "비밀번호", "$argon2id$", "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA", "$2b$10$x"]
        {
            assert_eq!(check(&text.to_owned().into()), Err(PasswordError::NotAHash), "{text}");
        }
    }
}
