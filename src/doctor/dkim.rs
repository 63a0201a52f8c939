//! Pure: the published DKIM key against the one that letters are signed with (RFC 6376 section 3.6.1).

use super::{Answer, Finding, tag, tags};

/// The subject of these findings.
const TOPIC: &str = "DKIM";
const WHY: &str =
    "받는 쪽이 서명을 확인하지 못하면 Gmail, Outlook, 네이버가 편지를 스팸으로 보거나 거절해요.";

/// A record as it should be published for a key of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// `{selector}._domainkey.{domain}`.
    pub name: String,
    /// `v=DKIM1; k=…; p=…`.
    pub text: String,
    /// The record in zone-file form, split as the wire wants it.
    pub zone_line: String,
}

/// Judges what is published at the name of `own`.
pub fn judge(own: &Own, answer: &Answer<String>) -> Finding {
    let name = own.name.as_str();
    let records = match answer.records(TOPIC, name) {
        Ok(records) => records,
        Err(finding) => return *finding,
    };
    let wrong = |found: &str| {
        Finding::mend(TOPIC, name, found)
            .because(WHY)
            .advise("이 이름의 TXT 레코드를 아래 한 줄로 맞추세요. DNS 화면이 따옴표를 나누지 않으면 이어 붙여 넣어도 돼요.")
            .set(own.zone_line.clone())
    };
    let [record] = records else {
        return match records.len() {
            0 => wrong("서명 키의 DNS 레코드가 없어요."),
            count => wrong(&format!("레코드가 {count}개 있어서 받는 쪽이 어느 것을 쓸지 알 수 없어요.")),
        };
    };
    let (found, wanted) = (tags(record), tags(&own.text));
    let spaceless = |text: &str| text.split_whitespace().collect::<String>();
    let (published, ours) = (tag(&found, "p").map(spaceless), tag(&wanted, "p").map(spaceless));
    match published {
        None => wrong("레코드에 공개 키(p=)가 없어요."),
        Some(key) if key.is_empty() => wrong("레코드의 p=가 비어 있어요. 이 키를 폐기했다는 뜻이에요."),
        Some(key) if Some(&key) != ours.as_ref() => {
            wrong("DNS에 있는 공개 키가 설정의 개인 키와 짝이 아니에요.")
        }
        Some(_) if tag(&found, "v").is_some_and(|version| version != "DKIM1") => {
            wrong("레코드의 v=가 DKIM1이 아니에요.")
        }
        Some(_) if tag(&found, "k").unwrap_or("rsa") != tag(&wanted, "k").unwrap_or("rsa") => {
            wrong("레코드의 키 종류(k=)가 달라요.")
        }
        Some(_) if tag(&found, "h").is_some_and(|hashes| !hashes.contains("sha256")) => {
            wrong("레코드의 h=가 sha256을 받지 않아요.")
        }
        Some(_) if tag(&found, "t").is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "y")) => {
            Finding::look(TOPIC, name, "키는 맞지만 시험 중(t=y)이라고 적혀 있어요.")
                .because("받는 쪽이 서명이 없는 것처럼 다룰 수 있어요.")
                .advise("시험이 끝났으면 `t=y`를 지우세요.")
                .set(own.zone_line.clone())
        }
        Some(_) => Finding::good(TOPIC, name, "DNS의 공개 키가 설정의 개인 키와 짝이 맞아요."),
    }
}

/// Letters are not signed here.
pub fn unsigned(domain: &str) -> Finding {
    Finding::look(TOPIC, domain, "[dkim] 설정이 없어 여기서는 서명하지 않아요. 릴레이가 서명하는지는 여기서 볼 수 없어요.")
        .because(WHY)
        .advise(
            "`moabom test-send 내주소`로 받은 편지의 원문에 `dkim=pass`와 내 도메인의 d=가 있는지 보세요. 없으면 릴레이의 안내대로 켜거나 아래 명령으로 키를 만드세요.",
        )
        .set(format!("moabom dkim new --domain {domain}"))
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    fn own() -> Own {
        Own {
            name: "s._domainkey.example.com".into(),
            text: "v=DKIM1; k=rsa; p=QUJD".into(),
            zone_line: "LINE".into(),
        }
    }

    fn of(records: &[&str]) -> Finding {
        judge(&own(), &Answer::Records(records.iter().map(|text| (*text).to_owned()).collect()))
    }

    #[test]
    fn only_our_own_key_alone_is_good() {
        for good in ["v=DKIM1; k=rsa; p=QUJD", "p=QU JD", "k=rsa;p=QUJD;t=s", "v=DKIM1;h=sha1:sha256;p=QUJD"]
        {
            assert_eq!(of(&[good]).state, State::Good, "{good}");
        }
        let wrong: &[&[&str]] = &[
            &[],
            &["v=DKIM1; p="],
            &["v=DKIM1; k=rsa"],
            &["v=DKIM1; p=WFla"],
            &["v=DKIM2; p=QUJD"],
            &["k=ed25519; p=QUJD"],
            &["h=sha1; p=QUJD"],
            &["p=QUJD", "p=QUJD"],
        ];
        for records in wrong {
            let finding = of(records);
            assert_eq!((finding.state, finding.set.as_deref()), (State::Mend, Some("LINE")), "{records:?}");
        }
        assert_eq!(of(&["p=QUJD; t=y"]).state, State::Look);
    }

    #[test]
    fn no_answer_is_no_fault_of_the_record() {
        assert_eq!(judge(&own(), &Answer::Unknown("시간".into())).state, State::Look);
    }
}
