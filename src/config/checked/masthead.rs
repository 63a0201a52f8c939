//! Pure: `[newsletter]` and `[sender]`.

use chrono_tz::Tz;

use super::super::section::Section;
use super::super::value::{email, flag, line, web_address, zone};
use super::ZONE;
use crate::law::advertising_hints;
use crate::model::Sender;
use crate::render::Newsletter;

/// What is required without default and why (정보통신망법 50조; MAIL-LAW 1).
const ADVERTISING: &str = "이 편지가 영리 목적의 광고인지 보내는 분이 정해야 해요(정보통신망법 50조). \
    `true`이면 제목 맨 앞에 `(광고)`를 붙이고 보낸 사람의 전화와 주소, 수신거부를 꼭 실어요. \
    판매 없는 개인 글 소식은 보통 `false`, 협찬·쿠폰·강의·상품 링크가 하나라도 있으면 `true`예요. 애매하면 `true`로 두세요";

/// `[newsletter]` as far as it could be read.
pub(super) struct Face {
    /// All of it.
    pub(super) checked: Option<Newsletter>,
    /// Its decision, for what depends on it.
    pub(super) advertising: Option<bool>,
    /// Its zone, or the usual one.
    pub(super) zone: Tz,
}

pub(super) fn newsletter(mut section: Section<'_, '_>) -> Face {
    let title = section.required("title", line, "뉴스레터의 이름을 적으세요. 예: `title = \"봄날의 노트\"`");
    let home = section.required(
        "home",
        web_address,
        "블로그의 주소를 적으세요. 예: `home = \"https://blog.example.com/\"`",
    );
    let time_zone = section.or("time_zone", zone, ZONE);
    let advertising = section.required("advertising", flag, ADVERTISING);
    if let (Some(title), Some(false)) = (&title, advertising) {
        hints(&mut section, "title", title);
    }
    section.finish();
    let checked = title.zip(home).zip(advertising).map(|((title, home), advertising)| Newsletter {
        title,
        home,
        time_zone,
        advertising,
    });
    Face { checked, advertising, zone: time_zone }
}

/// Warns of words that sell, where the letter is not declared as advertising.
pub(super) fn hints(section: &mut Section<'_, '_>, key: &str, text: &str) {
    let hints = advertising_hints(text);
    if !hints.is_empty() {
        let what = format!("광고에 자주 쓰이는 말({})이 있어요", hints.join(", "));
        section.warning(key, what, "영리 목적의 광고라면 newsletter.advertising을 true로 바꾸세요");
    }
}

pub(super) fn sender(mut section: Section<'_, '_>, advertising: Option<bool>) -> Option<Sender> {
    let name = section.required("name", line, "받는 사람이 볼 이름을 적으세요. 예: `name = \"봄날\"`");
    let email_address =
        section.required("email", email, "보내는 메일 주소를 적으세요. 예: `email = \"hello@example.com\"`");
    let reply_to = section.optional("reply_to", email);
    let phone = section.optional("phone", line);
    let address = section.optional("address", line);
    if advertising == Some(true) {
        let law = "광고 편지(advertising = true)는 보낸 사람의 전화번호와 주소를 본문에 실어야 해요(정보통신망법 50조)";
        for key in ["phone", "address"] {
            if !section.has(key) {
                section.missing(key, law);
            }
        }
    }
    section.finish();
    Some(Sender { name: name?, email: email_address?, reply_to, phone, address })
}
