//! Pure: the findings on an SPF record.

use std::net::IpAddr;

use super::{MOST_LOOKUPS, Survey, Zone, records};
use crate::doctor::{Answer, Finding, txt_line, unseen};

const TOPIC: &str = "SPF";
const WHY: &str = "SPF가 맞지 않으면 Gmail, Outlook, 네이버가 편지를 스팸으로 보거나 거절하고, 다음은 ‘미확인 발송자’로 보여 줘요.";

/// A relay whose wishes are public knowledge.
struct Known {
    /// The end of the host's name.
    host: &'static str,
    /// What its owner asks to be included.
    include: &'static str,
    /// It puts its own domain in MAIL FROM, unless told otherwise: SPF is then asked of that domain.
    own_bounces: bool,
}

const fn known(host: &'static str, include: &'static str, own_bounces: bool) -> Known {
    Known { host, include, own_bounces }
}

const KNOWN: &[Known] = &[
    known("gmail.com", "_spf.google.com", false),
    known("google.com", "_spf.google.com", false),
    known("amazonaws.com", "amazonses.com", true),
    known("sendgrid.net", "sendgrid.net", true),
    known("mailgun.org", "mailgun.org", true),
    known("postmarkapp.com", "spf.mtasv.net", true),
    known("office365.com", "spf.protection.outlook.com", false),
    known("fastmail.com", "spf.messagingengine.com", false),
    known("worksmobile.com", "spf.worksmobile.com", false),
];

/// The relay, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// `[smtp] host`.
    pub host: String,
    /// It runs on this machine.
    pub is_here: bool,
    /// Addresses it is reached by; for one on this machine those of the name it calls itself.
    pub addresses: Vec<IpAddr>,
}

/// Judges the record of `domain`.
pub fn judge(domain: &str, zone: &Zone, relay: &Relay) -> Finding {
    let texts = match zone.texts.get(domain) {
        Some(answer @ Answer::Records(_)) => answer.records(TOPIC, domain).unwrap_or_default(),
        Some(Answer::Unknown(cause)) => return unseen(TOPIC, domain, cause),
        None => return unseen(TOPIC, domain, "묻지 않았어요"),
    };
    let record = match records(texts).as_slice() {
        [record] => *record,
        [] => {
            return Finding::mend(TOPIC, domain, "SPF 레코드가 없어요.")
                .because(WHY)
                .advise(format!("아래 한 줄을 DNS에 올리세요. {}", source_of(relay)))
                .set(txt_line(domain, &format!("v=spf1 {} ~all", term_for(relay))));
        }
        several => return two_records(domain, several.len(), several, relay),
    };
    let survey = zone.survey(domain);
    broken(domain, &survey).unwrap_or_else(|| covering(domain, record, zone, &survey, relay))
}

fn two_records(domain: &str, count: usize, several: &[&str], relay: &Relay) -> Finding {
    let mut terms: Vec<String> = Vec::new();
    for word in several.iter().flat_map(|record| record.split(' ').skip(1)) {
        if !word.is_empty() && !word.ends_with("all") && !terms.iter().any(|known| known == word) {
            terms.push(word.to_owned());
        }
    }
    if terms.is_empty() {
        terms.push(term_for(relay));
    }
    Finding::mend(TOPIC, domain, format!("SPF 레코드가 {count}개 있어요."))
        .because("둘 이상이면 받는 쪽은 SPF 전체를 오류로 다뤄요(RFC 7208 4.5).")
        .advise("하나로 합치고 나머지를 지우세요.")
        .set(txt_line(domain, &format!("v=spf1 {} ~all", terms.join(" "))))
}

/// What makes the whole record an error, whoever sends.
fn broken(domain: &str, survey: &Survey) -> Option<Finding> {
    let mend = |found: String, advice: &str| {
        Finding::mend(TOPIC, domain, found).because("받는 쪽은 SPF 전체를 오류로 다뤄요.").advise(advice)
    };
    if let Some(fault) = survey.faults.first() {
        return Some(mend(fault.clone(), "그 부분을 고치거나 지우세요."));
    }
    if survey.lookups > MOST_LOOKUPS {
        let found =
            format!("DNS를 {}번 찾아야 하는 레코드예요. {MOST_LOOKUPS}번까지만 돼요.", survey.lookups);
        return Some(mend(found, "쓰지 않는 include, a, mx를 지우거나 ip4, ip6로 바꾸세요."));
    }
    survey.open_to_all.then(|| {
        Finding::mend(TOPIC, domain, "`+all`이라 누구나 이 도메인으로 보낼 수 있어요.")
            .because("스팸에 쓰이면 도메인의 평판이 나빠져요.")
            .advise("`+all`을 `~all`로 바꾸세요.")
    })
}

/// A sound record: does it cover the relay?
fn covering(domain: &str, record: &str, zone: &Zone, survey: &Survey, relay: &Relay) -> Finding {
    if let Some(unknown) = survey.unknown.first() {
        return unseen(TOPIC, domain, unknown);
    }
    let passed = |address: &&IpAddr| zone.verdict(domain, **address, 0) == Some('+');
    if let Some(address) = relay.addresses.iter().find(passed) {
        let found = format!("릴레이의 주소({address})가 SPF에 들어 있어요(DNS 찾기 {}번).", survey.lookups);
        return Finding::good(TOPIC, domain, found);
    }
    let known = known_include(&relay.host);
    if let Some(include) =
        survey.includes.iter().find(|name| known == Some(name) || same_owner(name, &relay.host))
    {
        let found = format!(
            "릴레이 {}의 것인 include({include})가 들어 있어요(DNS 찾기 {}번).",
            relay.host, survey.lookups
        );
        return Finding::good(TOPIC, domain, found);
    }
    let with_relay = txt_line(domain, &inserted(record, &term_for(relay)));
    if relay.addresses.is_empty() && known.is_none() {
        return Finding::look(
            TOPIC,
            domain,
            "레코드는 있지만 릴레이가 어느 주소로 내보내는지 몰라 견줄 수 없어요.",
        )
        .because(WHY)
        .advise(source_of(relay))
        .set(with_relay);
    }
    if well_known(&relay.host).is_some_and(|known| known.own_bounces) {
        let found = format!(
            "릴레이 {}의 것이 SPF에 없지만, 이 릴레이는 반송 주소에 제 도메인을 써서 SPF가 그쪽에서 맞을 수 있어요.",
            relay.host
        );
        return Finding::look(TOPIC, domain, found)
            .because("그러면 DMARC는 DKIM 서명만으로 맞아야 해요.")
            .advise("시험 편지의 원문에 `dmarc=pass`가 있는지 보고, 내 도메인으로 맞추려면 릴레이의 안내(MAIL FROM, return-path)를 따르세요.")
            .set(with_relay);
    }
    let foreign = known.is_none() && (survey.macros || !survey.includes.is_empty());
    if foreign {
        // A company's sending addresses often stand under a name that says nothing of its relay's.
        return Finding::look(
            TOPIC,
            domain,
            format!(
                "릴레이 {}의 주소는 SPF에 없지만, 든 include 가운데 하나가 그 회사의 것일 수 있어요.",
                relay.host
            ),
        )
        .because(WHY)
        .advise(source_of(relay));
    }
    Finding::mend(
        TOPIC,
        domain,
        format!("릴레이 {}{}에 보내도 된다는 말이 SPF에 없어요.", relay.host, shown(&relay.addresses)),
    )
    .because(WHY)
    .advise(format!("레코드를 아래처럼 바꾸세요. {}", source_of(relay)))
    .set(with_relay)
}

fn shown(addresses: &[IpAddr]) -> String {
    match addresses.first() {
        Some(address) => format!("({address})"),
        None => String::new(),
    }
}

fn well_known(host: &str) -> Option<&'static Known> {
    let belongs = |end: &str| host == end || host.strip_suffix(end).is_some_and(|head| head.ends_with('.'));
    KNOWN.iter().find(|known| belongs(known.host))
}

fn known_include(host: &str) -> Option<&'static str> {
    well_known(host).map(|known| known.include)
}

/// The last labels, as many as make a name that someone owns; a guess without the list of public suffixes.
fn owner(name: &str) -> Option<&str> {
    let labels: Vec<&str> = name.split('.').collect();
    let second = labels.len().checked_sub(2).and_then(|at| labels.get(at))?;
    let wanted =
        if matches!(*second, "co" | "or" | "ne" | "go" | "com" | "net" | "org" | "ac") { 3 } else { 2 };
    let skipped: usize =
        labels.iter().take(labels.len().checked_sub(wanted)?).map(|label| label.len() + 1).sum();
    name.get(skipped..)
}

fn same_owner(one: &str, other: &str) -> bool {
    let is_name = other.parse::<IpAddr>().is_err();
    is_name && owner(one).is_some() && owner(one) == owner(other)
}

/// The term that lets the relay in, as well as it can be known.
fn term_for(relay: &Relay) -> String {
    if let Some(include) = known_include(&relay.host) {
        return format!("include:{include}");
    }
    let term = |address: &IpAddr| format!("{}:{address}", if address.is_ipv4() { "ip4" } else { "ip6" });
    let terms: Vec<String> = relay.addresses.iter().map(term).collect();
    match (terms.is_empty(), relay.is_here) {
        (false, _) => terms.join(" "),
        (true, true) => "ip4:이_서버의_공인_IP".to_owned(),
        (true, false) => "include:릴레이_회사가_안내하는_이름".to_owned(),
    }
}

fn source_of(relay: &Relay) -> String {
    match (known_include(&relay.host), relay.is_here) {
        (Some(include), _) => format!("{} 릴레이는 `include:{include}` 값을 쓰라고 안내해요.", relay.host),
        (None, true) => {
            "메일 서버가 이 기기에 있으니, 밖에서 보이는 이 기기의 주소가 들어 있어야 해요.".to_owned()
        }
        (None, false) => format!("{} 회사의 SPF 안내에 다른 include가 있으면 그것을 쓰세요.", relay.host),
    }
}

/// `record` with `term` before its `all`.
fn inserted(record: &str, term: &str) -> String {
    let mut words: Vec<&str> = record.split(' ').filter(|word| !word.is_empty()).collect();
    let last = words
        .iter()
        .position(|word| word.ends_with("all") || word.starts_with("redirect="))
        .unwrap_or(words.len());
    words.insert(last, term);
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::Question;
    use super::*;
    use crate::doctor::State;

    fn zone(entries: &[(&str, &[&str])]) -> Zone {
        let mut zone = Zone::default();
        for (name, texts) in entries {
            let texts = texts.iter().map(|text| (*text).to_owned()).collect();
            zone.texts.insert((*name).to_owned(), Answer::Records(texts));
        }
        zone
    }

    fn relay(host: &str, address: &str) -> Relay {
        let addresses = address.parse().into_iter().collect();
        Relay { host: host.into(), is_here: false, addresses }
    }

    fn of(record: &str, relay: &Relay) -> Finding {
        judge(
            "x.com",
            &zone(&[("x.com", &[record]), ("_spf.y.com", &["v=spf1 ip4:198.51.100.0/24 -all"])]),
            relay,
        )
    }

    #[test]
    fn a_record_that_covers_the_relay_is_good_and_else_says_what_to_set() {
        let ours = relay("mail.relay.kr", "192.0.2.7");
        assert_eq!(of("v=spf1 ip4:192.0.2.0/24 -all", &ours).state, State::Good);
        assert_eq!(of("v=spf1 -ip4:192.0.2.7 ip4:192.0.2.0/24 -all", &ours).state, State::Mend);
        let missing = of("v=spf1 mx:x.com -all", &ours);
        assert_eq!(missing.state, State::Mend);
        assert_eq!(missing.set.as_deref(), Some("x.com. IN TXT \"v=spf1 mx:x.com ip4:192.0.2.7 -all\""));
        assert_eq!(of("v=spf1 include:_spf.y.com -all", &ours).state, State::Look, "it may be the company's");
        assert_eq!(
            of("v=spf1 include:_spf.y.com -all", &relay("smtp.y.com", "203.0.113.1")).state,
            State::Good
        );
        assert_eq!(
            of("v=spf1 include:_spf.y.com -all", &relay("a.relay", "198.51.100.9")).state,
            State::Good
        );
        assert_eq!(of("v=spf1 redirect=_spf.y.com", &relay("a.relay", "198.51.100.9")).state, State::Good);
        assert_eq!(of("v=spf1 a -all", &relay("nowhere.kr", "")).state, State::Look);
    }

    #[test]
    fn a_known_relay_is_missed_by_its_include() {
        let bounces =
            of("v=spf1 ip4:192.0.2.1 -all", &relay("email-smtp.eu-west-1.amazonaws.com", "203.0.113.1"));
        assert_eq!(bounces.state, State::Look, "its own domain is asked");
        let finding = of("v=spf1 ip4:192.0.2.1 -all", &relay("smtp.gmail.com", "203.0.113.1"));
        assert_eq!(finding.state, State::Mend);
        assert!(finding.set.expect("a line").contains("ip4:192.0.2.1 include:_spf.google.com -all"));
    }

    #[test]
    fn what_breaks_the_whole_record_is_named() {
        let ours = relay("mail.relay.kr", "192.0.2.7");
        let many = format!("v=spf1 ip4:192.0.2.7 {} -all", ["exists:a.b.c"; 11].join(" "));
        for (record, word) in [
            ("v=spf1 ip4:192.0.2.7 ip5:1 -all", "ip5:1"),
            ("v=spf1 ip4:192.0.2.7 include:none.x.com -all", "none.x.com"),
            ("v=spf1 +all", "+all"),
            (many.as_str(), "11번"),
        ] {
            let mut zone = zone(&[("x.com", &[record])]);
            zone.texts.insert("none.x.com".into(), Answer::Records(vec![]));
            let finding = judge("x.com", &zone, &ours);
            assert!(finding.state == State::Mend && finding.found.contains(word), "{finding:?}");
        }
        let two = judge("x.com", &zone(&[("x.com", &["v=spf1 a -all", "v=spf1 mx ~all"])]), &ours);
        assert_eq!(two.set.as_deref(), Some("x.com. IN TXT \"v=spf1 a mx ~all\""));
        assert_eq!(judge("x.com", &zone(&[("x.com", &["hello"])]), &ours).state, State::Mend);
    }

    #[test]
    fn a_record_that_includes_itself_comes_to_an_end() {
        let circle = zone(&[("x.com", &["v=spf1 include:x.com -all"])]);
        assert_eq!(circle.next_question("x.com"), None);
        let _ = judge("x.com", &circle, &relay("m.kr", "192.0.2.7"));
        let open = zone(&[("x.com", &["v=spf1 a include:y.com -all"])]);
        assert_eq!(open.next_question("x.com"), Some(Question::Addresses("x.com".into())));
    }

    #[test]
    fn owners_are_told_by_their_last_labels() {
        assert_eq!(owner("smtp.mail.co.kr"), Some("mail.co.kr"));
        assert_eq!(owner("_spf.google.com"), Some("google.com"));
        assert_eq!(owner("localhost"), None);
    }
}
