//! Pure: how often a network may sign people up. Bounded memory: the oldest is forgotten when too many ask.

use std::collections::HashMap;

use crate::model::network::Network;

/// Sign-ups taken from one network in [`WINDOW_MILLIS`].
pub(crate) const MOST: u32 = 20;
/// The span they are counted in.
const WINDOW_MILLIS: i64 = 3_600_000;
/// Networks remembered at a time; about 50 bytes each.
const NETWORKS: usize = 4096;

/// Who asked how often since when.
#[derive(Default)]
pub(crate) struct Gate {
    seen: HashMap<Network, (i64, u32)>,
}

impl Gate {
    /// Counts a sign-up from `network` at `now` (milliseconds); false beyond the limit.
    pub(crate) fn admit(&mut self, network: Network, now: i64) -> bool {
        let open = |since: i64| (0..WINDOW_MILLIS).contains(&now.saturating_sub(since));
        if !self.seen.contains_key(&network) && self.seen.len() >= NETWORKS {
            self.seen.retain(|_, (since, _)| open(*since));
            if self.seen.len() >= NETWORKS
                && let Some(oldest) = self.seen.iter().min_by_key(|(_, (since, _))| *since).map(|(k, _)| *k)
            {
                self.seen.remove(&oldest);
            }
        }
        let (since, count) = self.seen.entry(network).or_insert((now, 0));
        if !open(*since) {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= MOST
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv6Addr};

    use super::*;

    #[test]
    fn a_network_is_let_in_so_often_an_hour_and_others_are_not_kept_out_by_it() {
        let mut gate = Gate::default();
        let network = |last: u8| Network::of_client(IpAddr::from([203, 0, last, 1]));
        let passed = (0..1000).filter(|_| gate.admit(network(1), 5)).count();
        assert_eq!(passed, MOST as usize);
        assert!(gate.admit(network(2), 5));
        assert!(!gate.admit(network(1), 5 + WINDOW_MILLIS - 1));
        assert!(gate.admit(network(1), 5 + WINDOW_MILLIS));
        assert!(gate.admit(network(1), 0), "a clock set back opens a new window");
    }

    #[test]
    fn memory_is_bounded_however_many_ask() {
        let mut gate = Gate::default();
        for n in 0..20_000_u128 {
            gate.admit(Network::of_client(IpAddr::V6(Ipv6Addr::from_bits(n << 64))), 7);
            assert!(gate.seen.len() <= NETWORKS);
        }
    }
}
