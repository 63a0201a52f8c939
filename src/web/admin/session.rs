//! Effect: who is logged in: random tokens handed out, their hashes kept in memory.
//!
//! A login belongs to the password it was made with: it ends when the password changes, and with the process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;

use super::tries::Tries;
use crate::clock::Instant;
use crate::model::network::Network;

/// A login ends after so long without a request,
const IDLE: Duration = Duration::hours(12);
/// and after so long in any case.
const LIFE: Duration = Duration::days(7);
/// Logins at a time; of more the one longest unused ends.
const MOST: usize = 32;

/// The print of the password a login was made with.
pub(super) type Print = [u8; 32];

/// The print of a password's hash.
pub(super) fn print(text: &str) -> Print {
    let mut print = [0; 32];
    print.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    print
}

/// The cookie's name; the prefix makes browsers hold it to https, this host and every path.
pub(super) fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-moabom" } else { "moabom" }
}

/// A random word nobody guesses; none where the system has no randomness to give.
pub(super) fn secret() -> Option<String> {
    let mut bytes = [0u8; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// The word that every form made for the holder of `secret` carries.
pub(super) fn form_token(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(print(&format!("form {secret}")))
}

/// Whether two words are the same, without saying where they differ.
pub(super) fn same(one: &str, other: &str) -> bool {
    verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

struct Login {
    of: Print,
    since: Instant,
    seen: Instant,
}

/// The logins and the tries of one process.
pub(super) struct Sessions {
    logins: Mutex<HashMap<Print, Login>>,
    tries: Mutex<Tries>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sessions {
    pub(super) fn new(now: Instant) -> Sessions {
        Sessions { logins: Mutex::default(), tries: Mutex::new(Tries::new(now)) }
    }

    /// Opens a login by the password of that print; the word goes into the cookie and is kept nowhere.
    pub(super) fn open(&self, of: Print, now: Instant) -> Option<String> {
        let word = secret()?;
        let mut logins = held(&self.logins);
        if logins.len() >= MOST {
            let oldest = logins.iter().min_by_key(|(_, login)| login.seen).map(|(key, _)| *key);
            oldest.and_then(|key| logins.remove(&key));
        }
        logins.insert(print(&word), Login { of, since: now, seen: now });
        Some(word)
    }

    /// Whether that word's login stands, under the password of that print. One that does not is forgotten.
    pub(super) fn stands(&self, word: &str, of: &Print, now: Instant) -> bool {
        let mut logins = held(&self.logins);
        let key = print(word);
        let Some(login) = logins.get_mut(&key) else { return false };
        if login.of == *of && now - login.seen < IDLE && now - login.since < LIFE {
            login.seen = now;
            return true;
        }
        logins.remove(&key);
        false
    }

    /// Ends a login.
    pub(super) fn close(&self, word: &str) {
        held(&self.logins).remove(&print(word));
    }

    /// Takes one try of `network`; otherwise says how long to wait for one.
    pub(super) fn take_try(&self, network: Network, now: Instant) -> Result<(), Duration> {
        held(&self.tries).take(network, now)
    }

    /// Gives the tries of `network` back: the password was right.
    pub(super) fn forgive_tries(&self, network: Network, now: Instant) {
        held(&self.tries).forgive(network, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;

    fn at(minutes: i64) -> Instant {
        from_millis(0) + Duration::minutes(minutes)
    }

    #[test]
    fn a_login_ends_when_the_password_changes_when_idle_and_at_the_end_of_its_life() {
        let sessions = Sessions::new(at(0));
        let (one, other) = (print("one"), print("other"));
        let word = sessions.open(one, at(0)).expect("randomness");
        assert!(sessions.stands(&word, &one, at(1)) && !sessions.stands("another", &one, at(1)));
        assert!(!sessions.stands(&word, &other, at(2)) && !sessions.stands(&word, &one, at(2)), "for good");
        let word = sessions.open(one, at(0)).expect("randomness");
        assert!(sessions.stands(&word, &one, at(11 * 60)) && sessions.stands(&word, &one, at(22 * 60)));
        assert!(!sessions.stands(&word, &one, at(35 * 60)));
        let word = sessions.open(one, at(0)).expect("randomness");
        assert!((1..7 * 24).all(|hour| sessions.stands(&word, &one, at(60 * hour))));
        assert!(!sessions.stands(&word, &one, at(7 * 24 * 60)));
    }

    #[test]
    fn logins_are_bounded_and_end_when_closed() {
        let sessions = Sessions::new(at(0));
        let of = print("one");
        let words: Vec<String> =
            (0..=MOST as i64).map(|n| sessions.open(of, at(n)).expect("randomness")).collect();
        assert!(!sessions.stands(&words[0], &of, at(60)) && sessions.stands(&words[1], &of, at(60)));
        sessions.close(&words[1]);
        assert!(!sessions.stands(&words[1], &of, at(60)));
    }
}
