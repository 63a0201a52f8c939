//! Pure: what a configuration must hold for its letters to be lawful, each with its article (MAIL-LAW 2–5).

/// What can be told of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letterhead {
    /// Declared advertising.
    pub advertising: bool,
    /// The footer has a telephone number.
    pub phone: bool,
    /// The footer has a postal address.
    pub address: bool,
    /// How a reader leaves by a click.
    pub link: Link,
    /// A title or subject template uses words that sell.
    pub hints: bool,
}

/// The address unsubscribe links start with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// https.
    Secure,
    /// http: no mail program offers one-click for it.
    Plain,
    /// There is none; letters carry a mail address only.
    None,
}

/// How much weight a finding has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It must be mended.
    Missing,
    /// The law does not ask it of this letter; it would if the letter were advertising.
    Advice,
}

/// What a configuration lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// How much weight it has.
    pub weight: Weight,
    /// The article it comes from.
    pub article: &'static str,
    /// The configuration key.
    pub key: &'static str,
    /// What is wrong and what to do, in Korean.
    pub text: &'static str,
}

/// 법 50조 4항: who sends, and how to refuse.
const FOOTER: &str = "정보통신망법 50조 4항, 시행령 별표 6";
/// 법 50조 6항: refusing without cost or login.
const REFUSAL: &str = "정보통신망법 50조 4항·6항";

/// What `letterhead` lacks, the weightiest first.
pub fn lacking(letterhead: &Letterhead) -> Vec<Requirement> {
    // The articles bind who advertises. A mail address to refuse by stands in every letter, and is a control as well.
    let asked = if letterhead.advertising { Weight::Missing } else { Weight::Advice };
    let candidates = [
        (letterhead.link == Link::None).then_some(Requirement {
            weight: asked,
            article: REFUSAL,
            key: "web.public_url",
            text: "수신거부 링크를 만들 주소가 없어 메일로만 거부를 받아요. 광고 편지라면 독자가 열 수 있는 https 주소가 꼭 있어야 해요",
        }),
        (letterhead.link == Link::Plain).then_some(Requirement {
            weight: asked,
            article: REFUSAL,
            key: "web.public_url",
            text: "수신거부 링크가 https가 아니라 메일 프로그램의 한 번에 수신거부가 켜지지 않아요. https로 열고 주소를 바꾸세요",
        }),
        (!letterhead.phone).then_some(Requirement {
            weight: asked,
            article: FOOTER,
            key: "sender.phone",
            text: "보내는 사람의 전화번호가 없어요. 광고 편지라면 본문에 꼭 실어야 해요",
        }),
        (!letterhead.address).then_some(Requirement {
            weight: asked,
            article: FOOTER,
            key: "sender.address",
            text: "보내는 사람의 주소가 없어요. 광고 편지라면 본문에 꼭 실어야 해요",
        }),
        (letterhead.hints && !letterhead.advertising).then_some(Requirement {
            weight: Weight::Advice,
            article: "정보통신망법 50조 4항",
            key: "newsletter.advertising",
            text: "이름이나 제목 틀에 광고에 자주 쓰이는 말이 있어요. 영리 목적의 광고라면 true로 바꾸세요",
        }),
    ];
    let mut found: Vec<Requirement> = candidates.into_iter().flatten().collect();
    found.sort_by_key(|found| found.weight == Weight::Advice);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Letterhead =
        Letterhead { advertising: true, phone: true, address: true, link: Link::Secure, hints: true };

    fn missing(letterhead: Letterhead) -> Vec<&'static str> {
        let found = lacking(&letterhead);
        assert!(found.iter().all(|found| found.article.contains("50조")));
        found.iter().filter(|found| found.weight == Weight::Missing).map(|found| found.key).collect()
    }

    #[test]
    fn a_full_advertising_letter_lacks_nothing() {
        assert!(lacking(&FULL).is_empty());
    }

    #[test]
    fn an_advertising_footer_needs_phone_and_address() {
        let bare = Letterhead { phone: false, address: false, ..FULL };
        assert_eq!(missing(bare), ["sender.phone", "sender.address"]);
        let honest = Letterhead { advertising: false, ..bare };
        assert_eq!(missing(honest), [""; 0]);
        assert_eq!(lacking(&honest).len(), 3);
    }

    #[test]
    fn an_advertising_letter_needs_a_safe_way_out_and_others_are_advised_to_have_one() {
        for link in [Link::Plain, Link::None] {
            assert_eq!(missing(Letterhead { link, ..FULL }), ["web.public_url"]);
            let honest = Letterhead { link, advertising: false, hints: false, ..FULL };
            let advice: Vec<&str> = lacking(&honest).iter().map(|found| found.key).collect();
            assert_eq!((missing(honest).len(), advice.as_slice()), (0, ["web.public_url"].as_slice()));
        }
    }
}
