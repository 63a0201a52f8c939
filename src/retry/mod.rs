//! Pure: outcome + attempts + age → next step, and whose fault a reply is (design section 8).

mod classify;
mod words;

use std::time::Duration;

pub use classify::classify;

/// Whom a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The relay or the way to it.
    Relay,
    /// Us: login, reputation, policy, pace.
    Sender,
    /// The recipient's mail system.
    Destination,
    /// This recipient alone.
    Recipient,
    /// What the letter holds or how large it is.
    Letter,
}

/// What a refusal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The address does not exist: never again.
    HardBounce,
    /// Refused for good, perhaps not for ever: hard on the second within 14 days.
    SoftBounce,
    /// Later; the attempt counts.
    Defer,
    /// Later; nobody here is at fault, the attempt does not count.
    DeferUncharged,
    /// Later and slower, for everyone the scope names; the attempt does not count.
    SlowDown,
    /// Hold the edition and tell the operator.
    Pause,
    /// Hold everything and tell the operator.
    PauseAll,
    /// The reader's own block list: a withdrawal, not a bounce.
    Unsubscribe,
    /// This row cannot be sent at all, through nobody's fault.
    GiveUp,
}

/// A refusal, judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whom it is about.
    pub scope: Scope,
    /// What it asks for.
    pub step: Step,
}

/// What becomes of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Try again after this long; `charged` attempts count.
    Defer {
        /// From now.
        after: Duration,
        /// Whether the attempt counts.
        charged: bool,
    },
    /// It ends as bounced.
    Bounce {
        /// The address itself is dead.
        hard: bool,
    },
    /// It ends as suppressed, and the reader as withdrawn.
    Unsubscribe,
    /// It ends as expired.
    Expire,
}

/// How long after a charged attempt the next one follows; the last value repeats.
const DELAYS: [u64; 6] = [5, 15, 45, 120, 240, 480];
/// Measured from the first attempt.
pub const EXPIRY: Duration = Duration::from_secs(48 * 3600);
/// An unknown row is tried once more, and not before.
pub const UNKNOWN_WAIT: Duration = Duration::from_secs(600);
/// Two soft bounces within this time make a hard one.
pub const SOFT_WINDOW: Duration = Duration::from_secs(14 * 24 * 3600);

/// What follows `verdict` for a row with `attempts` charged ones before this, first tried `age` ago. `key` (the row's
/// number) spreads the retries of many rows; the same input always gives the same answer.
pub fn next(verdict: Verdict, attempts: i64, age: Duration, key: i64) -> NextStep {
    match verdict.step {
        Step::HardBounce => NextStep::Bounce { hard: true },
        Step::SoftBounce => NextStep::Bounce { hard: false },
        Step::Unsubscribe => NextStep::Unsubscribe,
        Step::GiveUp => NextStep::Expire,
        _ if age >= EXPIRY => NextStep::Expire,
        step => NextStep::Defer { after: delay(attempts, key), charged: step == Step::Defer },
    }
}

/// The wait after `attempts` earlier ones, up to a tenth longer than the table says.
pub fn delay(attempts: i64, key: i64) -> Duration {
    let index = usize::try_from(attempts).unwrap_or(0).min(DELAYS.len() - 1);
    let minutes = DELAYS.get(index).copied().unwrap_or(480);
    let base = minutes * 60_000;
    Duration::from_millis(base + scatter(key, attempts) % (base / 10))
}

/// A fixed, well-mixed number for a row and a try (splitmix64's finaliser).
pub fn scatter(key: i64, attempts: i64) -> u64 {
    let mut z = (key as u64).wrapping_add((attempts as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Mail systems that are one destination under several domains.
pub fn destination(domain: &str) -> &str {
    match domain {
        "daum.net" | "kakao.com" | "hanmail.net" => "hanmail.net",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LATER: Verdict = Verdict { scope: Scope::Recipient, step: Step::Defer };

    #[test]
    fn retries_follow_the_table_and_end_after_two_days() {
        let minutes: Vec<u64> = (0..8).map(|n| delay(n, 0).as_secs() / 60).collect();
        let table = [5, 15, 45, 120, 240, 480, 480, 480];
        assert!(minutes.iter().zip(table).all(|(got, base)| (base..base + base / 10 + 1).contains(got)));
        assert_eq!(next(LATER, 3, EXPIRY, 1), NextStep::Expire);
    }

    proptest! {
        #[test]
        fn retry_times_grow_and_end(key: i64) {
            let mut age = Duration::ZERO;
            let mut last = Duration::ZERO;
            for attempts in 0..40 {
                match next(LATER, attempts, age, key) {
                    NextStep::Defer { after, charged } => {
                        prop_assert!(charged);
                        prop_assert!(attempts >= 6 || after > last);
                        last = after;
                        age += after;
                    }
                    step => {
                        prop_assert_eq!(step, NextStep::Expire);
                        prop_assert!(age >= EXPIRY && age < EXPIRY + Duration::from_secs(9 * 3600));
                        return Ok(());
                    }
                }
            }
            prop_assert!(false, "never ends");
        }
    }
}
