//! Pure: the sender's own address: mailboxes that may not be sent from elsewhere, where replies go, and the machine's name.

use std::net::IpAddr;

use super::{Answer, Finding};

/// Domains of public mailboxes, and the ends of their own relays' names.
const MAILBOXES: &[(&str, &[&str])] = &[
    ("naver.com", &["naver.com"]),
    ("gmail.com", &["gmail.com", "google.com"]),
    ("googlemail.com", &["gmail.com", "google.com"]),
    ("hanmail.net", &["daum.net", "kakao.com"]),
    ("daum.net", &["daum.net", "kakao.com"]),
    ("kakao.com", &["daum.net", "kakao.com"]),
    ("nate.com", &["nate.com"]),
    ("outlook.com", &["outlook.com", "office365.com"]),
    ("hotmail.com", &["outlook.com", "office365.com"]),
    ("yahoo.com", &["yahoo.com"]),
    ("icloud.com", &["me.com", "icloud.com"]),
];

/// A letter in the name of a public mailbox. None for a domain of one's own, whose records can be set.
pub fn mailbox(domain: &str, relay_host: &str) -> Option<Finding> {
    const TOPIC: &str = "보내는 주소";
    let (_, own_relays) = MAILBOXES.iter().find(|(name, _)| *name == domain)?;
    let is_own =
        |end: &str| relay_host.strip_suffix(end).is_some_and(|head| head.is_empty() || head.ends_with('.'));
    if own_relays.iter().any(|end| is_own(end)) {
        let finding =
            Finding::look(TOPIC, domain, format!("{domain} 개인 메일의 서버({relay_host})로 보내요."))
                .because("개인 메일은 하루에 보낼 수 있는 수가 적고, 뉴스레터로 쓰면 계정이 잠길 수 있어요.")
                .advise("구독자가 늘면 내 도메인의 주소로 바꾸세요.");
        return Some(finding);
    }
    let finding = Finding::mend(TOPIC, domain, format!("보내는 주소는 {domain} 메일인데, 그곳이 아닌 {relay_host} 서버로 보내요."))
        .because(format!(
            "{domain} 도메인은 자기 서버로 보내지 않은 편지를 인증하지 않아요. 받는 쪽의 DMARC 검사에서 떨어져 스팸함에 들거나 거절되고, 그 도메인의 DNS는 우리가 고칠 수 없어요."
        ))
        .advise("[sender] email을 내 도메인의 주소로 바꾸세요. 답장은 reply_to로 지금 주소에서 받을 수 있어요.")
        .set("email = \"letter@내도메인\"");
    Some(finding)
}

/// Where replies and bounces to `domain` go: its mail exchangers, else its own addresses (RFC 5321 section 5.1).
pub fn exchangers(domain: &str, exchangers: &Answer<String>, addresses: &Answer<IpAddr>) -> Finding {
    const TOPIC: &str = "받는 메일(MX)";
    const WHY: &str = "답장과 반송을 받지 못하고, 보내는 도메인이 메일을 받지 않으면 거절하는 곳이 있어요.";
    let records = match exchangers.records(TOPIC, domain) {
        Ok(records) => records,
        Err(finding) => return *finding,
    };
    match records {
        // RFC 7505.
        [only] if only == "." || only.is_empty() => {
            Finding::mend(TOPIC, domain, "메일을 받지 않는다고(널 MX) 적혀 있어요.")
                .because(WHY)
                .advise("메일을 받는 서버를 MX로 올리거나, 메일을 받는 도메인의 주소로 보내세요.")
                .set(format!("{domain}. IN MX 10 메일을_받는_서버."))
        }
        [first, ..] => Finding::good(TOPIC, domain, format!("답장과 반송을 {first}에서 받아요.")),
        [] => match addresses {
            Answer::Records(found) if found.is_empty() => {
                Finding::mend(TOPIC, domain, "MX도 주소(A, AAAA)도 없어서 이 도메인은 메일을 받을 수 없어요.")
                    .because(WHY)
                    .advise("메일을 받는 서버를 MX로 올리세요.")
                    .set(format!("{domain}. IN MX 10 메일을_받는_서버."))
            }
            _ => Finding::look(TOPIC, domain, "MX 레코드가 없어요.")
                .because(WHY)
                .advise("웹 서버가 메일도 받는 것이 아니라면 MX를 올리세요.")
                .set(format!("{domain}. IN MX 10 메일을_받는_서버.")),
        },
    }
}

/// The name of a mail server that sends to the world itself: the address of its name must lead back to the name.
pub fn reverse(name: &str, addresses: &[IpAddr], names: &Answer<String>) -> Finding {
    const TOPIC: &str = "역방향 DNS";
    const WHY: &str = "직접 내보내는 서버의 주소와 이름이 서로 맞지 않으면 Gmail과 네이버가 거절해요.";
    let Some(address) = addresses.first() else {
        return Finding::look(TOPIC, name, "이 기기의 메일 서버가 부르는 제 이름에 DNS 주소가 없어요.")
            .because(WHY)
            .advise("그 서버가 다른 릴레이로 넘기지 않고 직접 내보낸다면 이름에 A 레코드를 올리세요.");
    };
    let looked_at = format!("{address}");
    let records = match names.records(TOPIC, &looked_at) {
        Ok(records) => records,
        Err(finding) => return *finding,
    };
    if records.iter().any(|found| found.eq_ignore_ascii_case(name)) {
        return Finding::good(TOPIC, looked_at, format!("주소와 이름({name})이 서로를 가리켜요."));
    }
    let found = match records.first() {
        Some(other) => format!("주소의 이름({other})이 메일 서버가 부르는 이름({name})과 달라요."),
        None => "주소의 이름(PTR)이 없어요.".to_owned(),
    };
    // It may hand its mail to another relay, whose name counts then.
    Finding::look(TOPIC, looked_at, found)
        .because(WHY)
        .advise("이 기기의 메일 서버가 직접 내보낸다면, 서버를 빌려준 곳의 관리 화면에서 이 주소의 역방향 이름을 아래로 바꾸세요.")
        .set(format!("{address} PTR {name}."))
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn public_mailboxes_are_known_and_own_domains_pass() {
        for domain in ["naver.com", "gmail.com", "hanmail.net", "daum.net", "kakao.com"] {
            let finding = mailbox(domain, "smtp.example.com").expect("a trap");
            assert!(finding.state == State::Mend && finding.found.contains(domain));
        }
        assert_eq!(mailbox("naver.com", "smtp.naver.com").expect("a trap").state, State::Look);
        assert_eq!(mailbox("naver.com", "smtp.evilnaver.com").expect("a trap").state, State::Mend);
        assert_eq!(mailbox("example.com", "smtp.example.com"), None);
    }

    #[test]
    fn a_domain_that_takes_no_mail_is_seen() {
        let of = |mx: &[&str], addresses: &[&str]| {
            let mx = mx.iter().map(|name| (*name).to_owned()).collect();
            let found = addresses.iter().map(|text| text.parse().expect("an address")).collect();
            exchangers("x.com", &Answer::Records(mx), &Answer::Records(found)).state
        };
        assert_eq!(of(&["mx.x.com"], &[]), State::Good);
        assert_eq!(of(&["."], &["192.0.2.1"]), State::Mend);
        assert_eq!(of(&[], &[]), State::Mend);
        assert_eq!(of(&[], &["192.0.2.1"]), State::Look);
    }

    #[test]
    fn a_machines_name_and_address_must_meet() {
        let address: Vec<IpAddr> = vec!["192.0.2.1".parse().expect("an address")];
        let of = |name: &str| reverse("m.x.com", &address, &Answer::Records(vec![name.to_owned()])).state;
        assert_eq!((of("M.x.com"), of("host.isp.kr")), (State::Good, State::Look));
        assert_eq!(reverse("m.x.com", &[], &Answer::Records(vec![])).state, State::Look);
    }
}
