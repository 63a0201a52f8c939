//! Pure: the terms of an SPF record (RFC 7208 section 5 and 6).

use std::net::IpAddr;

/// An address block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    pub(super) start: IpAddr,
    /// Leading bits that count.
    pub(super) length: u8,
}

impl Network {
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        match (self.start, address) {
            (IpAddr::V4(start), IpAddr::V4(address)) => {
                let shift = 32u32.saturating_sub(self.length.into());
                start.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(start), IpAddr::V6(address)) => {
                let shift = 128u32.saturating_sub(self.length.into());
                start.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}

/// One term. The `char` is the qualifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    All(char),
    Include(char, String),
    Network {
        qualifier: char,
        network: Network,
    },
    Address {
        qualifier: char,
        domain: Option<String>,
        four: u8,
        six: u8,
    },
    Exchanger {
        qualifier: char,
        domain: Option<String>,
        four: u8,
        six: u8,
    },
    Redirect(String),
    /// `ptr` and `exists`: a look-up that depends on each letter.
    Costly(char),
    /// A domain with `%{…}`, which depends on each letter.
    Macro(char),
    /// A modifier that decides nothing.
    Free,
}

impl Term {
    pub(super) fn costs_lookup(&self) -> bool {
        !matches!(self, Term::All(_) | Term::Network { .. } | Term::Free)
    }

    pub(super) fn qualifier(&self) -> Option<char> {
        match self {
            Term::All(qualifier)
            | Term::Include(qualifier, _)
            | Term::Network { qualifier, .. }
            | Term::Address { qualifier, .. }
            | Term::Exchanger { qualifier, .. }
            | Term::Costly(qualifier)
            | Term::Macro(qualifier) => Some(*qualifier),
            Term::Redirect(_) | Term::Free => None,
        }
    }

    /// The further record that this term reads.
    pub(super) fn leads_to(&self) -> Option<&str> {
        match self {
            Term::Include(_, domain) | Term::Redirect(domain) => Some(domain),
            _ => None,
        }
    }
}

/// The terms behind `v=spf1`; a word that is none is given back. A redirect beside `all` is not followed (section 6.1).
pub(super) fn parse(record: &str) -> Vec<Result<Term, String>> {
    let words = record.split(' ').skip(1).filter(|word| !word.is_empty());
    let mut terms: Vec<Result<Term, String>> =
        words.map(|word| term(word).ok_or_else(|| word.to_owned())).collect();
    if terms.iter().any(|term| matches!(term, Ok(Term::All(_)))) {
        terms.retain(|term| !matches!(term, Ok(Term::Redirect(_))));
    }
    terms
}

fn term(word: &str) -> Option<Term> {
    let lower = word.to_ascii_lowercase();
    let name_end =
        lower.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(lower.len());
    if name_end > 0 && lower.get(name_end..).is_some_and(|rest| rest.starts_with('=')) {
        let target = lower.get(name_end + 1..).unwrap_or_default();
        return match lower.get(..name_end) {
            Some("redirect") if target.contains('%') => Some(Term::Macro('?')),
            Some("redirect") => domain(target).map(Term::Redirect),
            _ => Some(Term::Free),
        };
    }
    let qualifier = lower.chars().next().filter(|c| "+-~?".contains(*c));
    let rest = if qualifier.is_some() { lower.get(1..)? } else { lower.as_str() };
    let qualifier = qualifier.unwrap_or('+');
    let end = rest.find([':', '/']).unwrap_or(rest.len());
    let (name, value) = (rest.get(..end)?, rest.get(end..)?);
    if value.contains('%') && matches!(name, "include" | "a" | "mx" | "exists" | "ptr") {
        return Some(Term::Macro(qualifier));
    }
    match name {
        "all" => value.is_empty().then_some(Term::All(qualifier)),
        "include" => domain(value.strip_prefix(':')?).map(|domain| Term::Include(qualifier, domain)),
        "ip4" | "ip6" => {
            let network = network(value.strip_prefix(':')?, name == "ip4")?;
            Some(Term::Network { qualifier, network })
        }
        "a" | "mx" => {
            let (domain, four, six) = target(value)?;
            Some(match name {
                "a" => Term::Address { qualifier, domain, four, six },
                _ => Term::Exchanger { qualifier, domain, four, six },
            })
        }
        "exists" => domain(value.strip_prefix(':')?).map(|_| Term::Costly(qualifier)),
        "ptr" => Some(Term::Costly(qualifier)),
        _ => None,
    }
}

fn domain(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let sound = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (text.contains('.') && text.len() <= 253 && text.chars().all(sound)).then(|| text.to_owned())
}

fn network(text: &str, four: bool) -> Option<Network> {
    let most = if four { 32 } else { 128 };
    let (start, length) = match text.split_once('/') {
        Some((start, length)) => (start, length.parse().ok().filter(|length| *length <= most)?),
        None => (text, most),
    };
    let start: IpAddr = start.parse().ok()?;
    (start.is_ipv4() == four).then_some(Network { start, length })
}

/// `:domain/24//64`, each part at will.
fn target(value: &str) -> Option<(Option<String>, u8, u8)> {
    let (head, six) = match value.split_once("//") {
        Some((head, six)) => (head, six.parse().ok().filter(|length| *length <= 128)?),
        None => (value, 128),
    };
    let (head, four) = match head.split_once('/') {
        Some((head, four)) => (head, four.parse().ok().filter(|length| *length <= 32)?),
        None => (head, 32),
    };
    match head.strip_prefix(':') {
        Some(text) => Some((Some(domain(text)?), four, six)),
        None if head.is_empty() => Some((None, four, six)),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_and_unreadable_words_given_back() {
        let read = |word: &str| term(word).is_some();
        for good in [
            "a",
            "mx",
            "-all",
            "~ALL",
            "a/24",
            "mx:x.com//64",
            "a:x.com/24//64",
            "ip4:192.0.2.0/24",
            "ptr",
            "ip6:2001:db8::/32",
            "include:_spf.x.com",
            "exists:%{i}.x.com",
            "redirect=x.com",
            "exp=e.x.com",
            "foo=bar",
        ] {
            assert!(read(good), "{good}");
        }
        for bad in [
            "al",
            "ip4:300.1.1.1",
            "ip4:192.0.2.1/33",
            "ip4:2001:db8::1",
            "include",
            "include:",
            "a:/x",
            "all:x",
            "include:가.com",
            "-",
            "a//999",
            "192.0.2.1",
        ] {
            assert!(!read(bad), "{bad}");
        }
        assert!(matches!(term("include:%{d}.x.com"), Some(Term::Macro('+'))));
    }

    proptest::proptest! {
        #[test]
        fn no_record_is_too_strange_to_read(record in "(v=spf1 )?[ -~가-힣+?:=/%{}]{0,80}") {
            let words = record.split(' ').skip(1).filter(|word| !word.is_empty()).count();
            proptest::prop_assert!(parse(&record).len() <= words);
        }
    }

    #[test]
    fn a_block_holds_its_addresses() {
        let holds = |block: &str, address: &str| {
            network(block, !block.contains(':'))
                .expect("a block")
                .contains(address.parse().expect("an address"))
        };
        assert!(holds("192.0.2.0/24", "192.0.2.200") && !holds("192.0.2.0/24", "192.0.3.1"));
        assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1") && !holds("2001:db8::1", "2001:db8::2"));
    }
}
