//! Pure: networks of client addresses: who is counted as one, and which proxies are believed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address and how many of its leading bits count. IPv4 in IPv6 is IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// The first `bits` of `ip`; more than it has are all of them.
    pub fn new(ip: IpAddr, bits: u8) -> Network {
        match ip.to_canonical() {
            IpAddr::V4(v4) => {
                let bits = bits.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                Network { base: IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask)), bits }
            }
            IpAddr::V6(v6) => {
                let bits = bits.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                Network { base: IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask)), bits }
            }
        }
    }

    /// `10.0.0.0/8`, `2001:db8::/32`, or one address. None for anything else.
    pub fn parse(text: &str) -> Option<Network> {
        let (ip, bits) = match text.split_once('/') {
            Some((ip, bits)) => (ip, Some(bits)),
            None => (text, None),
        };
        let ip: IpAddr = ip.trim().parse().ok()?;
        let most = if ip.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.trim().parse().ok().filter(|bits| *bits <= most)?,
            None => most,
        };
        Some(Network::new(ip, bits))
    }

    /// What is counted as one client: a /24 of IPv4, a /64 of IPv6.
    pub fn of_client(ip: IpAddr) -> Network {
        let bits = if ip.to_canonical().is_ipv4() { 24 } else { 64 };
        Network::new(ip, bits)
    }

    /// Whether `ip` is in it.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_ipv4() == self.base.is_ipv4() && Network::new(ip, self.bits) == *self
    }
}

/// The client's address: the peer's own, or, where the peer is a believed proxy, the last one in `forwarded`
/// (X-Forwarded-For, in the order of its lines) that is not a believed proxy as well. What a client wrote there itself
/// stands further left and is not looked at.
pub fn client<'a>(
    peer: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a str>,
    believed: &[Network],
) -> IpAddr {
    let believes = |ip: IpAddr| believed.iter().any(|network| network.contains(ip));
    let mut nearest = peer;
    for written in forwarded.flat_map(|line| line.split(',')).rev() {
        if !believes(nearest) {
            break;
        }
        match written.trim().trim_start_matches('[').trim_end_matches(']').parse() {
            Ok(ip) => nearest = ip,
            Err(_) => break,
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn neighbours_are_one_client() {
        assert_eq!(Network::of_client(ip("203.0.113.7")), Network::of_client(ip("203.0.113.250")));
        assert_ne!(Network::of_client(ip("203.0.113.7")), Network::of_client(ip("203.0.114.7")));
        assert_eq!(Network::of_client(ip("2001:db8::1")), Network::of_client(ip("2001:db8::ffff:1:2:3")));
        assert_ne!(Network::of_client(ip("2001:db8::1")), Network::of_client(ip("2001:db8:0:1::1")));
        assert_eq!(Network::of_client(ip("::ffff:203.0.113.7")), Network::of_client(ip("203.0.113.9")));
    }

    #[test]
    fn a_network_is_read_as_it_is_usually_written() {
        let ten = Network::parse("10.0.0.0/8").unwrap();
        assert!(ten.contains(ip("10.255.0.1")) && !ten.contains(ip("11.0.0.1")) && !ten.contains(ip("::1")));
        assert!(Network::parse("::1").unwrap().contains(ip("::1")));
        assert!(Network::parse("0.0.0.0/0").unwrap().contains(ip("8.8.8.8")));
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "localhost", "10.0.0.0/-1", "10.0.0.0/"] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_what_a_believed_proxy_says_counts() {
        let here = [Network::parse("127.0.0.1").unwrap(), Network::parse("10.0.0.0/8").unwrap()];
        let said = |peer: &str, lines: &[&str]| client(ip(peer), lines.iter().copied(), &here).to_string();
        assert_eq!(said("203.0.113.7", &["198.51.100.1"]), "203.0.113.7", "a stranger is not believed");
        assert_eq!(said("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(said("127.0.0.1", &["6.6.6.6, 198.51.100.1"]), "198.51.100.1", "made up by the client");
        assert_eq!(said("127.0.0.1", &["6.6.6.6", "198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(said("127.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(said("127.0.0.1", &["nonsense"]), "127.0.0.1");
        assert_eq!(said("127.0.0.1", &[]), "127.0.0.1");
    }
}
