//! Letters to render in tests: one as a blog would have it, and ones that hostile or poor sources would make.

use chrono::{TimeDelta, TimeZone};
use chrono_tz::Asia::Seoul;
use moabom::clock::Instant;
use moabom::model::EmailAddress;
use moabom::model::Sender;
use moabom::model::edition::SectionKind;
use moabom::model::post::{Emoji, Reactions};
use moabom::render::slot::Slot;
use moabom::render::{LetterInput, LetterPost, LetterSection, Newsletter, Renderer};

/// 2026-11-23 09:00 in Seoul.
pub fn slot() -> Instant {
    Seoul.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).single().expect("an instant").to_utc()
}

/// A letter of these sections.
pub fn letter(sections: Vec<LetterSection>) -> LetterInput {
    LetterInput {
        newsletter: Newsletter {
            title: "느린 오후의 기록".to_owned(),
            home: url::Url::parse("https://slow-afternoon.example/").expect("an address"),
            time_zone: Seoul,
            advertising: false,
        },
        sender: Sender {
            name: "느린 오후".to_owned(),
            email: EmailAddress::parse("hello@slow-afternoon.example").expect("an address"),
            reply_to: None,
            phone: None,
            address: None,
        },
        digest: "weekly".to_owned(),
        number: 12,
        slot_at: slot(),
        window_from: Some(slot() - TimeDelta::days(7)),
        subject: "{{ lead.title }} 외 {{ rest }}편".to_owned(),
        sections,
        web_url: Some("https://letter.slow-afternoon.example/weekly/12".to_owned()),
    }
}

/// A section.
pub fn section(kind: SectionKind, posts: Vec<LetterPost>) -> LetterSection {
    LetterSection { kind, posts }
}

/// A post `days` old; `reactions` written as emoji and a number, such as `👍 5`.
pub fn post(title: &str, body: &str, days: i64, reactions: (&str, u64), comments: u64) -> LetterPost {
    let emoji = reactions.0.split_whitespace();
    LetterPost {
        title: title.to_owned(),
        author: Some("느린 오후".to_owned()),
        url: Some(format!(
            "https://slow-afternoon.example/posts/{}",
            title.chars().count() * 37 + body.len()
        )),
        body: body.to_owned(),
        published_at: Some(slot() - TimeDelta::days(days)),
        reactions: Reactions {
            total: reactions.1,
            emoji: emoji.map(|symbol| Emoji { symbol: symbol.to_owned(), count: None }).collect(),
        },
        comments,
    }
}

/// The letter of an ordinary week.
pub fn ordinary() -> LetterInput {
    let mut forgotten = post(
        "지도 앱이 알려 주지 않는 것들",
        "가장 빠른 길이 가장 좋은 길은 아니다. 지도 앱은 계단의 수와 가로수의 그늘, 골목의 냄새를 모른다. 그래서 한 달 동안 일부러 두 번째로 빠른 길만 골라 걸어 보았다.",
        96,
        ("👀", 7),
        1,
    );
    forgotten.url = None;
    letter(vec![
        section(
            SectionKind::New,
            vec![
                post(
                    "오래된 동네 서점이 살아남는 세 가지 방법",
                    "동네 서점은 책을 파는 곳이 아니라 시간을 파는 곳이 되었다. 지난 두 달 동안 서울과 전주, 통영의 서점 열한 곳을 찾아가 주인들에게 같은 질문을 던졌다. 오래 버틴 곳에는 공통점이 있었다. 책보다 사람을 먼저 기억했고, 팔리지 않는 책장을 한 칸씩 남겨 두었으며, 저녁 일곱 시의 불을 끄지 않았다.",
                    3,
                    ("👍 😍", 18),
                    4,
                ),
                post(
                    "회의록을 쓰지 않기로 한 팀의 여섯 달",
                    "회의록을 없앴더니 회의가 줄었다. 적어 두지 않으면 잊힐 이야기는 애초에 모여서 할 이야기가 아니었다는 것을 우리는 석 달째에 알았다. 대신 결정 하나에 문장 하나를 남겼다.",
                    4,
                    ("👍", 5),
                    2,
                ),
                post(
                    "겨울이 오기 전에 베란다에서 하는 일",
                    "화분을 들이는 날은 달력이 아니라 바람이 정한다. 최저 기온이 이틀 이어 7도 아래로 내려가면 로즈메리부터 안으로 옮긴다. 흙은 말리고, 잎은 닦고, 이름표는 새로 쓴다.",
                    5,
                    ("", 0),
                    0,
                ),
            ],
        ),
        section(
            SectionKind::Top,
            vec![
                post(
                    "SQLite 하나로 3년을 버틴 이야기",
                    "서버 한 대, 파일 하나. 남들이 말리는 구성으로 하루 40만 건을 처리하며 배운 것을 적는다.",
                    12,
                    ("🤩 👍 ❤️", 132),
                    21,
                ),
                post(
                    "아버지의 공구함을 정리하며",
                    "녹슨 줄자에는 1987이라는 숫자가 새겨져 있었다.",
                    20,
                    ("😢 ❤️", 84),
                    17,
                ),
                post(
                    "라면을 끓이는 시간에 대한 논문을 읽었다",
                    "3분 30초의 근거를 찾아서.",
                    16,
                    ("😂", 41),
                    9,
                ),
            ],
        ),
        section(SectionKind::Late, vec![forgotten]),
    ])
}

/// A letter that is advertising, with everything a sender can say and a pinned post by another author.
pub fn advertising() -> LetterInput {
    let mut input = ordinary();
    let mut pinned = post(
        "[광고] 겨울 산책 지도를 함께 만들어요",
        "함께 걸을 사람을 찾습니다. 지도는 종이로 만들고, 길은 발로 고릅니다.",
        1,
        ("👍", 12_345),
        1_024,
    );
    pinned.author = Some("이웃".to_owned());
    input.sections.insert(0, section(SectionKind::Pinned, vec![pinned]));
    input.newsletter.advertising = true;
    input.sender.phone = Some("02-0000-0000".to_owned());
    input.sender.address = Some("서울특별시 어느구 느린길 12, 3층".to_owned());
    input
}

/// One post of which nothing but the title is known, the first edition, no page on the web.
pub fn bare() -> LetterInput {
    let mut only = post("처음 보내는 편지", "", 0, ("", 0), 0);
    only.url = None;
    only.author = None;
    only.published_at = None;
    let mut input = letter(vec![section(SectionKind::New, vec![only])]);
    input.window_from = None;
    input.web_url = None;
    input
}

/// `count` plain posts, all new.
pub fn many(count: usize) -> LetterInput {
    let body = "이 글은 길이를 재려고 쓴 글이다. 문장은 여럿이고 뜻은 하나다. 읽는 사람이 있다면 차를 한 잔 마시며 쉬어 가면 좋겠다. ".repeat(4);
    let posts = (1..=count)
        .map(|at| {
            post(&format!("{at}번째 이야기, 창가에 앉아 쓴 짧지 않은 제목"), &body, 2, ("👍 😍", 12), 3)
        })
        .collect();
    letter(vec![section(SectionKind::New, posts)])
}

/// Titles, links and bodies that try to break a letter.
pub fn hostile() -> LetterInput {
    let long_latin = "a".repeat(300);
    let long_hangul = "가".repeat(300);
    let long_url = format!("https://slow-afternoon.example/{}", "path-".repeat(40));
    let mut posts: Vec<LetterPost> = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "{{ newsletter.title }} {% raw %}",
        "\u{202E}거꾸로 쓴 제목\u{202C}",
        "\u{E000}unsubscribe_url\u{E001} 위조",
        "줄이\r\n바뀌는: 제목\u{0}",
        "",
        "   ",
        "20231009",
        "가족 👨‍👩‍👧‍👦 이야기 ❤️‍🔥",
        &long_latin,
        &long_hangul,
        &long_url,
        "\u{202B}עברית\u{200F} ثم عربية\u{202C} \u{200F}그리고 한글\u{200E} (괄호)",
        "<svg onload=alert(1)></title></style><style>*{display:none}</style>",
    ]
    .into_iter()
    .map(|title| post(title, &format!("{title} <b>굵은</b> & 본문입니다. {long_latin}"), 1, ("<i>", 3), 1))
    .collect();
    for (at, url) in [
        Some("javascript:alert(1)".to_owned()),
        Some("data:text/html,<script>alert(1)</script>".to_owned()),
        Some(format!("https://slow-afternoon.example/{}", "x".repeat(200))),
        Some("https://slow-afternoon.example/?a=1&b=\"><script>".to_owned()),
        Some("/관련/글".to_owned()),
        None,
    ]
    .into_iter()
    .enumerate()
    {
        posts[at].url = url;
    }
    posts.push(LetterPost {
        title: "아무것도 없는 글".to_owned(),
        author: None,
        url: None,
        body: String::new(),
        published_at: None,
        reactions: Reactions::default(),
        comments: 0,
    });
    let top = posts.clone();
    let mut input = letter(vec![section(SectionKind::New, posts), section(SectionKind::Top, top)]);
    input.newsletter.title = format!("<b>{}</b>", "긴이름".repeat(20));
    input.sender.name = "<sender>".to_owned();
    input
}

/// What few posts have, all at once: no body, no address, no author, no date, no reaction; a title of a letter.
pub fn poor(count: usize) -> LetterInput {
    let nothing = LetterPost {
        title: "글".to_owned(),
        author: None,
        url: None,
        body: String::new(),
        published_at: None,
        reactions: Reactions::default(),
        comments: 0,
    };
    let kinds = [SectionKind::Pinned, SectionKind::New, SectionKind::Top, SectionKind::Late];
    letter(kinds.into_iter().map(|kind| section(kind, vec![nothing.clone(); count])).collect())
}

/// A letter of the real page's posts, where the page is at hand: ten new ones and the five most liked.
pub fn real_page() -> Option<LetterInput> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed/haebom-page.txt");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("left out: the real page is not at hand");
        return None;
    };
    let fetched = moabom::source::page_text::parse(&text).expect("the real page is read").posts;
    let mut posts: Vec<LetterPost> = fetched
        .into_iter()
        .map(|post| LetterPost {
            title: post.title,
            author: post.author,
            url: post.url,
            body: post.body,
            published_at: post.published_at,
            reactions: post.reactions,
            comments: post.comments,
        })
        .collect();
    let new = posts.iter().take(10).cloned().collect();
    posts.sort_by_key(|post| std::cmp::Reverse(post.reactions.total));
    posts.truncate(5);
    Some(letter(vec![section(SectionKind::New, new), section(SectionKind::Top, posts)]))
}

/// Every kind of letter that the checks from outside look at, by name.
pub fn every_kind() -> Vec<(&'static str, LetterInput)> {
    let mut all = vec![
        ("ordinary", ordinary()),
        ("advertising", advertising()),
        ("bare", bare()),
        ("poor", poor(3)),
        ("hostile", hostile()),
        ("one", many(1)),
        ("five", many(5)),
        ("thirty", many(30)),
        ("empty", letter(Vec::new())),
    ];
    all.extend(real_page().map(|letter| ("real", letter)));
    all
}

/// The HTML of `input` as a reader gets it.
pub fn html(input: &LetterInput) -> String {
    let html = Renderer::new(&[]).and_then(|renderer| renderer.render(input)).expect("it renders").html;
    html.replace(&Slot::UnsubscribeUrl.marker(), "https://letter.example/u/token")
        .replace(&Slot::Name.marker(), "구독자")
}
