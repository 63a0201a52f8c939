//! Pure: how often a password may be tried: so often from one network, and more often from all together, so that whoever
//! guesses elsewhere does not keep the owner out. Bounded memory: the network longest quiet is forgotten.

use std::collections::HashMap;

use chrono::Duration;

use crate::clock::Instant;
use crate::model::network::Network;

/// Networks remembered at a time; about 60 bytes each.
const NETWORKS: usize = 4096;

/// Wrong passwords in a row before each further try has to wait, and for how long.
#[derive(Clone, Copy)]
struct Rate {
    most: i64,
    pause: Duration,
}

const OF_ONE: Rate = Rate { most: 10, pause: Duration::seconds(30) };
const OF_ALL: Rate = Rate { most: 200, pause: Duration::seconds(2) };

/// Tries left, as of an instant.
struct Bucket {
    left: i64,
    at: Instant,
    /// The right password came from here: strangers elsewhere take none of its tries.
    known: bool,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Bucket {
        Bucket { left: rate.most, at: now, known: false }
    }

    /// Gives back what the time since brought; says how long to wait where there is none.
    fn regain(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        // A clock set back neither gives nor takes.
        self.at = self.at.min(now);
        let regained = (now - self.at).num_seconds() / rate.pause.num_seconds();
        if regained > 0 {
            self.left = self.left.saturating_add(regained).min(rate.most);
            self.at = now;
        }
        if self.left > 0 { Ok(()) } else { Err((rate.pause - (now - self.at)).max(Duration::seconds(1))) }
    }
}

/// The tries of one process.
pub(super) struct Tries {
    all: Bucket,
    networks: HashMap<Network, Bucket>,
}

impl Tries {
    pub(super) fn new(now: Instant) -> Tries {
        Tries { all: Bucket::full(OF_ALL, now), networks: HashMap::new() }
    }

    /// Takes one try of `network`; otherwise says how long to wait for one.
    pub(super) fn take(&mut self, network: Network, now: Instant) -> Result<(), Duration> {
        if !self.networks.contains_key(&network) && self.networks.len() >= NETWORKS {
            let quiet = self.networks.iter().min_by_key(|(_, one)| (one.known, one.at)).map(|(key, _)| *key);
            quiet.and_then(|key| self.networks.remove(&key));
        }
        let own = self.networks.entry(network).or_insert_with(|| Bucket::full(OF_ONE, now));
        own.regain(OF_ONE, now)?;
        if !own.known {
            self.all.regain(OF_ALL, now)?;
            self.all.left -= 1;
        }
        own.left -= 1;
        Ok(())
    }

    /// Gives the tries of `network` back: the password was right.
    pub(super) fn forgive(&mut self, network: Network, now: Instant) {
        self.networks.insert(network, Bucket { known: true, ..Bucket::full(OF_ONE, now) });
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv6Addr};

    use super::*;
    use crate::clock::from_millis;

    fn at(seconds: i64) -> Instant {
        from_millis(0) + Duration::seconds(seconds)
    }

    fn network(number: u128) -> Network {
        Network::of_client(IpAddr::V6(Ipv6Addr::from_bits(number << 64)))
    }

    #[test]
    fn tries_of_a_network_run_out_and_come_back_one_by_one() {
        let mut tries = Tries::new(at(0));
        assert!((0..OF_ONE.most).all(|_| tries.take(network(1), at(0)).is_ok()));
        assert_eq!(tries.take(network(1), at(0)), Err(OF_ONE.pause));
        assert!(tries.take(network(2), at(0)).is_ok(), "another network has its own");
        assert!(tries.take(network(1), at(60)).is_ok() && tries.take(network(1), at(60)).is_ok());
        assert!(tries.take(network(1), at(60)).is_err());
        tries.forgive(network(1), at(60));
        assert!(tries.take(network(1), at(60)).is_ok());
    }

    #[test]
    fn guesses_from_everywhere_are_slowed_down_but_not_whoever_knew_the_password() {
        let mut tries = Tries::new(at(0));
        tries.forgive(network(1), at(0));
        let taken = (2..2002).filter(|number| tries.take(network(*number), at(0)).is_ok()).count();
        assert_eq!(i64::try_from(taken), Ok(OF_ALL.most));
        assert_eq!(tries.take(network(3000), at(1)), Err(Duration::seconds(1)));
        assert!(tries.take(network(1), at(1)).is_ok());
        assert!(tries.take(network(3000), at(2)).is_ok());
    }

    #[test]
    fn a_clock_set_back_keeps_nobody_out_for_longer() {
        let mut tries = Tries::new(at(7200));
        assert!((0..OF_ONE.most).all(|_| tries.take(network(1), at(7200)).is_ok()));
        assert_eq!(tries.take(network(1), at(0)), Err(OF_ONE.pause));
        assert!(tries.take(network(1), at(30)).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_the_owner_is_not_forgotten_for_strangers() {
        let mut tries = Tries::new(at(0));
        tries.forgive(network(1), at(0));
        for number in 2..6000_u32 {
            let _ = tries.take(network(number.into()), at(number.into()));
            assert!(tries.networks.len() <= NETWORKS);
        }
        assert!(tries.networks[&network(1)].known);
    }
}
