//! Pure: the sender's SPF record (RFC 7208): one, readable, within ten look-ups, and covering the relay as far as that can
//! be told. What must be asked of DNS is named one question at a time, so that the asking stands elsewhere.

mod judge;
mod term;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Answer;
use crate::korean::width;
use term::Term;

pub use judge::{Relay, judge};

/// RFC 7208 section 4.6.4.
pub const MOST_LOOKUPS: usize = 10;
/// Records followed before the walk gives up; a chain this long is over the limit long before.
const MOST_RECORDS: usize = 40;

/// Columns of a word that is quoted from a record.
const LONGEST_WORD: usize = 60;

/// A question for DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// TXT records of a name.
    Text(String),
    /// Addresses of a name.
    Addresses(String),
    /// Mail exchangers of a name.
    Exchangers(String),
}

/// What DNS has said so far.
#[derive(Clone, Debug, Default)]
pub struct Zone {
    /// TXT records by name.
    pub texts: BTreeMap<String, Answer<String>>,
    /// Addresses by name.
    pub addresses: BTreeMap<String, Answer<IpAddr>>,
    /// Mail exchangers by name.
    pub exchangers: BTreeMap<String, Answer<String>>,
}

/// What stands in the records that a domain's SPF leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Survey {
    /// Terms that cost a look-up, over all records.
    lookups: usize,
    /// What is wrong, in Korean.
    faults: Vec<String>,
    /// What could not be asked, in Korean.
    unknown: Vec<String>,
    /// Every domain included or redirected to.
    includes: Vec<String>,
    /// `+all` somewhere at the top.
    open_to_all: bool,
    /// Terms that only the receiver can work out.
    macros: bool,
}

/// The SPF records among a name's texts.
fn records(texts: &[String]) -> Vec<&str> {
    let is_spf = |text: &&str| {
        let head = text.split(' ').next().unwrap_or_default();
        head.eq_ignore_ascii_case("v=spf1")
    };
    texts.iter().map(String::as_str).filter(is_spf).collect()
}

impl Zone {
    /// What is to be asked next to judge `domain`; none when all is known.
    pub fn next_question(&self, domain: &str) -> Option<Question> {
        let mut asked = BTreeSet::new();
        let mut left = vec![domain.to_owned()];
        while let Some(name) = left.pop() {
            if asked.len() >= MOST_RECORDS || !asked.insert(name.clone()) {
                continue;
            }
            let Some(answer) = self.texts.get(&name) else { return Some(Question::Text(name)) };
            for term in self.terms(answer) {
                if let Some(question) = self.open_question(&term, &name) {
                    return Some(question);
                }
                left.extend(term.leads_to().map(str::to_owned));
            }
        }
        None
    }

    fn terms(&self, answer: &Answer<String>) -> Vec<Term> {
        let Answer::Records(texts) = answer else { return Vec::new() };
        match records(texts).as_slice() {
            [record] => term::parse(record).into_iter().filter_map(Result::ok).collect(),
            _ => Vec::new(),
        }
    }

    fn open_question(&self, term: &Term, own: &str) -> Option<Question> {
        match term {
            Term::Address { domain, .. } => {
                let name = domain.as_deref().unwrap_or(own);
                (!self.addresses.contains_key(name)).then(|| Question::Addresses(name.to_owned()))
            }
            Term::Exchanger { domain, .. } => {
                let name = domain.as_deref().unwrap_or(own);
                let Some(answer) = self.exchangers.get(name) else {
                    return Some(Question::Exchangers(name.to_owned()));
                };
                let Answer::Records(hosts) = answer else { return None };
                let open = hosts.iter().take(MOST_LOOKUPS).find(|host| !self.addresses.contains_key(*host));
                open.map(|host| Question::Addresses(host.clone()))
            }
            _ => None,
        }
    }

    /// Everything that the record of `domain` leads to.
    fn survey(&self, domain: &str) -> Survey {
        let mut survey = Survey::default();
        let mut seen = BTreeSet::new();
        let mut left = vec![domain.to_owned()];
        while let Some(name) = left.pop() {
            if seen.len() >= MOST_RECORDS || !seen.insert(name.clone()) {
                continue;
            }
            let texts = match self.texts.get(&name) {
                Some(Answer::Records(texts)) => texts,
                Some(Answer::Unknown(cause)) => {
                    survey.unknown.push(format!("{name}: {cause}"));
                    continue;
                }
                None => {
                    survey.unknown.push(format!("{name}: 정해진 시간 안에 다 묻지 못했어요"));
                    continue;
                }
            };
            match records(texts).as_slice() {
                [record] => {
                    for term in term::parse(record) {
                        survey.take(term, &name, name == domain, &mut left);
                    }
                }
                [] => survey.faults.push(format!("{name}에 SPF 레코드가 없어요.")),
                several => survey.faults.push(format!("{name}에 SPF 레코드가 {}개 있어요.", several.len())),
            }
        }
        survey
    }

    /// Whether the record of `domain` lets `address` send: `+`, `-`, `~`, `?`, or nothing said.
    fn verdict(&self, domain: &str, address: IpAddr, depth: usize) -> Option<char> {
        let answer = self.texts.get(domain).filter(|_| depth < MOST_LOOKUPS)?;
        let terms = self.terms(answer);
        for term in &terms {
            if self.matches(term, domain, address, depth) {
                return term.qualifier();
            }
        }
        let redirect = terms.iter().find_map(|term| match term {
            Term::Redirect(target) => Some(target),
            _ => None,
        })?;
        self.verdict(redirect, address, depth + 1)
    }

    fn matches(&self, term: &Term, own: &str, address: IpAddr, depth: usize) -> bool {
        match term {
            Term::All(_) => true,
            Term::Include(_, domain) => self.verdict(domain, address, depth + 1) == Some('+'),
            Term::Network { network, .. } => network.contains(address),
            Term::Address { domain, four, six, .. } => {
                let name = domain.as_deref().unwrap_or(own);
                self.any_address(name, *four, *six, address)
            }
            Term::Exchanger { domain, four, six, .. } => {
                let name = domain.as_deref().unwrap_or(own);
                let Some(Answer::Records(hosts)) = self.exchangers.get(name) else { return false };
                hosts.iter().any(|host| self.any_address(host, *four, *six, address))
            }
            Term::Redirect(_) | Term::Costly(_) | Term::Macro(_) | Term::Free => false,
        }
    }

    fn any_address(&self, name: &str, four: u8, six: u8, address: IpAddr) -> bool {
        let Some(Answer::Records(found)) = self.addresses.get(name) else { return false };
        found.iter().any(|known| {
            let length = if known.is_ipv4() { four } else { six };
            term::Network { start: *known, length }.contains(address)
        })
    }
}

impl Survey {
    fn take(&mut self, term: Result<Term, String>, name: &str, at_top: bool, left: &mut Vec<String>) {
        let term = match term {
            Ok(term) => term,
            Err(word) => {
                let word = width::cut(&word, LONGEST_WORD);
                self.faults.push(format!("{name}의 `{word}` 부분을 읽을 수 없어요."));
                return;
            }
        };
        self.lookups += usize::from(term.costs_lookup());
        self.macros |= matches!(term, Term::Macro(_));
        self.open_to_all |= at_top && matches!(term, Term::All('+'));
        if let Some(target) = term.leads_to() {
            self.includes.push(target.to_owned());
            left.push(target.to_owned());
        }
    }
}
