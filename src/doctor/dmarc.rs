//! Pure: the DMARC policy of the sender's domain, and whether our signature aligns with it (RFC 7489).

use super::{Answer, Finding, tag, tags, txt_line};

const TOPIC: &str = "DMARC";
const WHY: &str = "Gmail과 Outlook은 대량 메일에, 네이버는 모든 발신 도메인에 DMARC를 요구해요. 없으면 스팸으로 가거나 거절돼요.";

/// The domains at whose `_dmarc` a policy may stand: the sender's own first, then its parents of two labels or more.
pub fn candidates(domain: &str) -> Vec<String> {
    let mut found = vec![domain.to_owned()];
    let mut rest = domain;
    while let Some((_, parent)) = rest.split_once('.') {
        if !parent.contains('.') {
            break;
        }
        found.push(parent.to_owned());
        rest = parent;
    }
    found
}

/// Judges the first policy found for the sender's domain. `answers` go with [`candidates`]; `signed_by` is the `d=` of our
/// signature, where letters are signed here.
pub fn judge(domain: &str, answers: &[(String, Answer<String>)], signed_by: Option<&str>) -> Finding {
    let own_name = format!("_dmarc.{domain}");
    for (holder, answer) in answers {
        let name = format!("_dmarc.{holder}");
        let records = match answer.records(TOPIC, &name) {
            Ok(records) => records,
            Err(finding) => return *finding,
        };
        let policies: Vec<&String> = records
            .iter()
            .filter(|text| text.trim_start().to_ascii_lowercase().starts_with("v=dmarc1"))
            .collect();
        match policies.as_slice() {
            [] => {}
            [policy] => return judge_policy(&name, policy, domain, holder, signed_by),
            several => {
                return Finding::mend(TOPIC, name, format!("DMARC 레코드가 {}개 있어요.", several.len()))
                    .because("둘 이상이면 받는 쪽은 하나도 없는 것으로 다뤄요(RFC 7489 6.6.3).")
                    .advise("하나만 남기고 지우세요.");
            }
        }
    }
    Finding::mend(TOPIC, own_name.clone(), "DMARC 레코드가 없어요.")
        .because(WHY)
        .advise("아래 한 줄을 DNS에 올리세요. `p=none`은 아무것도 막지 않으니 먼저 올려도 괜찮아요.")
        .set(txt_line(&own_name, "v=DMARC1; p=none"))
}

fn judge_policy(name: &str, policy: &str, domain: &str, holder: &str, signed_by: Option<&str>) -> Finding {
    let found = tags(policy);
    let inherited = if holder == domain { None } else { tag(&found, "sp") };
    let word = inherited.or_else(|| tag(&found, "p")).unwrap_or_default().to_ascii_lowercase();
    if !matches!(word.as_str(), "none" | "quarantine" | "reject") {
        return Finding::mend(TOPIC, name, "DMARC 레코드에 정책(p=)이 없거나 잘못 적혔어요.")
            .because(WHY)
            .advise("p=는 none, quarantine, reject 가운데 하나여야 해요.")
            .set(txt_line(name, "v=DMARC1; p=none"));
    }
    let strict = tag(&found, "adkim").is_some_and(|mode| mode.eq_ignore_ascii_case("s"));
    match signed_by {
        Some(signer) if strict && !signer.eq_ignore_ascii_case(domain) => {
            let found = format!(
                "DMARC가 엄격한 맞춤(adkim=s)을 요구하는데 서명 도메인({signer})과 보내는 주소의 도메인({domain})이 서로 달라요."
            );
            Finding::mend(TOPIC, name, found)
                .because("서명이 맞아도 DMARC에서는 서명이 없는 것으로 다뤄져요.")
                .advise(format!("[dkim] domain을 보내는 주소의 도메인({domain})으로 바꾸고 그 이름에 레코드를 올리거나, DMARC의 `adkim=s`를 지우세요."))
                .set(format!("domain = \"{domain}\""))
        }
        Some(signer) => Finding::good(
            TOPIC,
            name,
            format!("정책(p={word})이 있고, 서명 도메인({signer})이 보내는 주소와 맞아요."),
        ),
        None if word == "none" => Finding::good(TOPIC, name, "정책(p=none)이 있어요."),
        None => Finding::look(
            TOPIC,
            name,
            format!(
                "정책(p={word})이 있는데 여기서 서명하지 않아, 보내는 주소와 맞는 서명이 붙는지 볼 수 없어요."
            ),
        )
        .because("맞는 서명도 SPF도 없는 편지는 받는 쪽이 스팸함에 넣거나 버려요.")
        .advise("`moabom test-send 내주소`로 받은 편지의 원문에 `dmarc=pass`가 있는지 보세요."),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    fn of(records: &[&str], signed_by: Option<&str>) -> Finding {
        let texts = records.iter().map(|text| (*text).to_owned()).collect();
        judge("example.com", &[("example.com".into(), Answer::Records(texts))], signed_by)
    }

    #[test]
    fn a_policy_is_looked_for_upwards_but_not_at_a_top_level_domain() {
        assert_eq!(candidates("a.b.co.kr"), ["a.b.co.kr", "b.co.kr", "co.kr"]);
        assert_eq!(candidates("example.com"), ["example.com"]);
    }

    #[test]
    fn none_two_and_unreadable_policies_are_mended() {
        let wrong: &[&[&str]] = &[
            &[],
            &["v=spf1 -all"],
            &["v=DMARC1; p=none", "v=DMARC1; p=none"],
            &["v=DMARC1"],
            &["v=DMARC1; p=all"],
        ];
        for records in wrong {
            assert_eq!(of(records, Some("example.com")).state, State::Mend, "{records:?}");
        }
        assert_eq!(of(&["v=DMARC1;p=reject"], Some("example.com")).state, State::Good);
        assert_eq!(of(&["v=DMARC1; p=reject"], None).state, State::Look);
        assert_eq!(of(&["v=DMARC1; p=none"], None).state, State::Good);
    }

    #[test]
    fn a_strict_policy_wants_the_very_same_domain() {
        let policy = "v=DMARC1; p=reject; adkim=s";
        let above = Answer::Records(vec![policy.to_owned()]);
        let answers =
            [("news.example.com".to_owned(), Answer::Records(vec![])), ("example.com".to_owned(), above)];
        assert_eq!(judge("news.example.com", &answers, Some("example.com")).state, State::Mend);
        assert_eq!(judge("news.example.com", &answers, Some("news.example.com")).state, State::Good);
        assert_eq!(of(&[policy], Some("EXAMPLE.com")).state, State::Good);
    }
}
