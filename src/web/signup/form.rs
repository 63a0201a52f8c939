//! Pure: what stands in a posted sign-up, and what is wrong with it.

use serde::Serialize;

use crate::model::address::AddressError;
use crate::model::{EmailAddress, name};

/// A form younger than this was not filled in by a person.
pub(crate) const QUICK_MILLIS: i64 = 2_000;
/// A form older than this is shown anew: its wording may have changed.
pub(crate) const OLD_MILLIS: i64 = 24 * 3_600_000;
/// Longest name taken here, in characters: it stands in a greeting.
const NAME: usize = 40;
/// Longest text kept of a field, in characters.
pub(crate) const FIELD: usize = 300;
/// Most digests looked at.
const DIGESTS: usize = 50;

/// A posted form, as it came: nothing in it is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Form {
    pub(crate) address: String,
    pub(crate) name: String,
    pub(crate) digests: Vec<String>,
    pub(crate) agree: bool,
    pub(crate) advertising: bool,
    pub(crate) adult: bool,
    /// The address about which a slip was asked before.
    pub(crate) typed: String,
    /// The field no person sees was filled in.
    pub(crate) trapped: bool,
    /// When the form was made, signed.
    pub(crate) made: String,
}

/// One Korean sentence for each field that cannot stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Faults {
    pub(crate) address: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) digest: Option<String>,
    pub(crate) agree: Option<String>,
    pub(crate) advertising: Option<String>,
    pub(crate) adult: Option<String>,
}

/// A form in which everything is as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) address: EmailAddress,
    pub(crate) name: Option<String>,
    pub(crate) digests: Vec<String>,
}

impl Form {
    /// Reads `application/x-www-form-urlencoded`; anything else reads as an empty form. The first value of a name counts.
    pub(crate) fn parse(body: &[u8]) -> Form {
        let mut form = Form::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            let value: String = value.chars().take(FIELD).collect();
            let first = |field: &mut String| {
                if field.is_empty() {
                    *field = value.trim().to_owned();
                }
            };
            match name.as_ref() {
                // Forms on other sites often call it so.
                "address" | "email" => first(&mut form.address),
                "name" => first(&mut form.name),
                "typed" => first(&mut form.typed),
                "made" => first(&mut form.made),
                "digest" if form.digests.len() < DIGESTS => form.digests.push(value),
                "agree" => form.agree = value == "yes",
                "advertising" => form.advertising = value == "yes",
                "adult" => form.adult = value == "yes",
                "website" => form.trapped |= !value.is_empty(),
                _ => {}
            }
        }
        form
    }

    /// The wish in it, or what is wrong. `known` are the digests one may choose; `advertising` asks for that consent.
    pub(crate) fn check(&self, known: &[String], advertising: bool) -> Result<Wish, Box<Faults>> {
        let mut faults = Faults::default();
        let address = address(&self.address).map_err(|fault| faults.address = Some(fault)).ok();
        let name = greeting_name(&self.name).map_err(|fault| faults.name = Some(fault)).ok();
        let mut digests: Vec<String> =
            known.iter().filter(|name| self.digests.contains(name)).cloned().collect();
        if let ([only], []) = (known, digests.as_slice()) {
            digests = vec![only.clone()];
        }
        let missing = |there: bool, text: &str| (!there).then(|| text.to_owned());
        faults.digest = missing(!digests.is_empty(), "받을 편지를 하나 이상 골라 주세요.");
        faults.agree = missing(self.agree, "동의하셔야 편지를 보내드릴 수 있어요.");
        faults.advertising = missing(
            self.advertising || !advertising,
            "이 편지에는 광고가 실려서, 동의하셔야 보내드릴 수 있어요.",
        );
        faults.adult = missing(self.adult, "만 14세 이상만 신청하실 수 있어요.");
        match (address, name) {
            (Some(address), Some(name)) if faults == Faults::default() => Ok(Wish { address, name, digests }),
            _ => Err(Box::new(faults)),
        }
    }
}

/// The address, or the sentence that says what is wrong with it.
pub(crate) fn address(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).map_err(|error| match error {
        AddressError::Empty => "이메일 주소를 적어 주세요.".to_owned(),
        other => format!("{other}."),
    })
}

/// A name that can only be a name: strangers must not get an advertisement into a greeting.
pub(crate) fn greeting_name(text: &str) -> Result<Option<String>, String> {
    let name = name::clean(text).map_err(|error| format!("{error}."))?;
    let Some(name) = name else { return Ok(None) };
    if name.chars().nth(NAME).is_some() {
        return Err(format!("이름은 {NAME}자까지 적을 수 있어요."));
    }
    let lower = name.to_lowercase();
    let link = name.contains(['/', '@', ':', '<', '>', '{', '}'])
        || ["www.", ".com", ".net", ".kr", ".io"].iter().any(|part| lower.contains(part));
    if link {
        Err("이름에 웹 주소나 특수 기호는 쓸 수 없어요.".to_owned())
    } else {
        Ok(Some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        vec!["weekly".to_owned(), "주간 <b>".to_owned()]
    }

    #[test]
    fn a_whole_form_is_a_wish() {
        let form = Form::parse(
            "address=+Kim%40naver.com+&name=%EA%B9%80%ED%95%B4%EB%B4%84&digest=weekly&digest=nothing&agree=yes&adult=yes&website="
                .as_bytes(),
        );
        let wish = form.check(&known(), false).unwrap();
        assert_eq!(wish.address.as_str(), "Kim@naver.com");
        assert_eq!((wish.name.as_deref(), wish.digests), (Some("김해봄"), vec!["weekly".to_owned()]));
        assert!(form.check(&known(), true).unwrap_err().advertising.is_some());
    }

    #[test]
    fn every_fault_is_told_at_once_and_no_box_counts_as_ticked() {
        let faults = Form::parse(b"agree=on&adult=true").check(&known(), true).unwrap_err();
        for fault in [&faults.address, &faults.digest, &faults.agree, &faults.advertising, &faults.adult] {
            assert!(fault.as_ref().is_some_and(|text| text.ends_with('.')), "{fault:?}");
        }
        assert_eq!(faults.name, None);
    }

    #[test]
    fn one_digest_needs_no_choice() {
        let form = Form::parse(b"email=a%40b.com&agree=yes&adult=yes");
        let wish = form.check(&known()[..1], false).unwrap();
        assert_eq!(wish.digests, ["weekly"]);
    }

    #[test]
    fn a_name_carries_no_advertisement() {
        for wrong in ["http://x", "싸요 www.x.y", "x.com", "a@b", &"가".repeat(41), "{{ secret }}", "a\0b"]
        {
            assert!(greeting_name(wrong).is_err(), "{wrong}");
        }
        assert_eq!(greeting_name("  김\r\n해봄 "), Ok(Some("김 해봄".to_owned())));
        assert_eq!(greeting_name(""), Ok(None));
    }

    #[test]
    fn any_body_reads_as_some_form() {
        for body in [&b"\xff\xfe=%ff&&&=="[..], b"", b"%", b"address", &[b'a'; 70_000]] {
            let form = Form::parse(body);
            assert!(form.check(&known(), true).is_err());
            assert!(form.address.chars().count() <= FIELD);
        }
        let many = "digest=x&".repeat(1000);
        assert_eq!(Form::parse(many.as_bytes()).digests.len(), DIGESTS);
    }
}
