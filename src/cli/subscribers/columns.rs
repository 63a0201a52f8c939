//! Pure: which column of a subscriber file holds what, by the header names of Korean files, listmonk, Stibee, Mailchimp.

use unicode_normalization::UnicodeNormalization;

use super::words;

/// Where a file keeps what; places from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The address.
    pub address: usize,
    /// The whole name.
    pub name: Option<usize>,
    /// Given and family name, where they stand apart.
    pub given: Option<usize>,
    /// Family name.
    pub family: Option<usize>,
    /// Days of consent, the strongest evidence first; a row's first that is not empty counts.
    pub consent: Vec<usize>,
    /// Of these, the ones whose times without an offset are UTC: Mailchimp's.
    pub universal: Vec<usize>,
    /// Words on whether the person is still subscribed.
    pub status: Vec<usize>,
    /// Words on whether the person agreed at all: empty means no.
    pub agreed: Vec<usize>,
    /// Whether the person agreed to advertising: Stibee leaves it empty for who did not.
    pub advertising: Option<usize>,
    /// Days of leaving (Mailchimp's UNSUB_TIME, CLEAN_TIME), reasons for it (Stibee's) or a mark: filled means gone.
    pub left: Vec<usize>,
    /// The digest.
    pub digest: Option<usize>,
    /// The day a pause ends.
    pub resumes: Option<usize>,
    /// How often the digest is wanted.
    pub frequency: Option<usize>,
}

const ADDRESS: &[&str] = &[
    "이메일",
    "이메일주소",
    "메일",
    "메일주소",
    "전자우편",
    "전자우편주소",
    "구독자이메일",
    "email",
    "emailaddress",
    "mail",
    "emailid",
];
const NAME: &[&str] = &[
    "이름",
    "성명",
    "구독자이름",
    "구독자명",
    "닉네임",
    "별명",
    "name",
    "fullname",
    "displayname",
    "nickname",
];
const GIVEN: &[&str] = &["firstname", "fname", "givenname"];
const FAMILY: &[&str] = &["lastname", "lname", "surname", "familyname", "성"];
/// In order of weight: the consent itself, its confirmation, opting in, subscribing, the row's making.
const CONSENT: &[&[&str]] = &[
    &[
        "수신동의일",
        "수신동의일시",
        "수신동의일자",
        "수신동의날짜",
        "동의일",
        "동의일시",
        "동의일자",
        "동의날짜",
        "마케팅수신동의일",
        "마케팅수신동의일시",
        "광고성정보수신동의일",
        "광고성정보수신동의일시",
        "consentdate",
        "consentat",
        "consentedat",
        "consenttime",
    ],
    &["confirmtime", "confirmedat", "확인일", "확인일시"],
    &["optintime", "optinat", "optindate", "optedinat"],
    &[
        "구독일",
        "구독일시",
        "구독일자",
        "구독날짜",
        "구독시작일",
        "subscribedat",
        "subscribedon",
        "subscribeddate",
        "subscriptiondate",
        "datesubscribed",
    ],
    &[
        "가입일",
        "가입일시",
        "등록일",
        "등록일시",
        "추가일",
        "생성일",
        "생성일시",
        "createdat",
        "createddate",
        "created",
        "dateadded",
        "addedat",
        "signupdate",
    ],
];
const STATUS: &[&str] =
    &["상태", "구독상태", "수신상태", "status", "state", "subscriptionstatus", "subscriberstatus"];
/// Whether the person agreed: an empty cell is no agreement.
const AGREED: &[&str] = &["수신동의", "수신동의여부", "구독동의", "구독동의여부", "구독여부", "consent"];
const ADVERTISING: &[&str] =
    &["광고성정보수신동의", "광고성정보수신동의여부", "마케팅수신동의", "마케팅수신동의여부"];
const LEFT: &[&str] =
    &["cleantime", "해지일", "거부일", "해지", "해지일시", "해지여부", "차단", "차단일", "차단여부"];
/// What the header names of a leaving hold, however they go on: 수신거부 일자, 탈퇴 여부, Unsubscribed.
const LEAVING: &[&str] = &[
    "수신거부",
    "구독해지",
    "구독취소",
    "구독중지",
    "탈퇴",
    "unsub",
    "optout",
    "optedout",
    "blocklist",
    "blacklist",
];
/// Files also hold links to leave with.
const LINK: &[&str] = &["링크", "주소", "link", "url", "token"];
const UNIVERSAL: &[&str] = &["optintime", "confirmtime"];
const DIGEST: &[&str] = &["다이제스트", "digest"];
const RESUMES: &[&str] = &["다시받는날", "다시받는때", "다시시작일", "resumesat"];
const FREQUENCY: &[&str] = &["받는빈도", "수신빈도", "pace"];

/// Finds the columns by the names in the header row; none if no column holds addresses.
pub fn find<'a>(header: impl Iterator<Item = &'a str>) -> Option<Columns> {
    let names: Vec<String> = header.map(plain).collect();
    let all = |known: &[&str]| -> Vec<usize> {
        let hit = |(place, name): (usize, &String)| known.contains(&name.as_str()).then_some(place);
        names.iter().enumerate().filter_map(hit).collect()
    };
    let first = |known: &[&str]| all(known).first().copied();
    let holds = |name: &str, parts: &[&str]| parts.iter().any(|part| name.contains(part));
    // A form asks in a sentence of its own: 개인정보 수집에 동의하시나요?
    let agreed = |(place, name): (usize, &String)| {
        let asks = name.contains("동의하") && !holds(name, &["광고", "마케팅"]);
        (AGREED.contains(&name.as_str()) || asks).then_some(place)
    };
    let left = |(place, name): (usize, &String)| {
        let leaving = LEFT.contains(&name.as_str()) || holds(name, LEAVING) && !holds(name, LINK);
        leaving.then_some(place)
    };
    Some(Columns {
        address: first(ADDRESS)?,
        name: first(NAME),
        given: first(GIVEN),
        family: first(FAMILY),
        consent: CONSENT.iter().flat_map(|known| all(known)).collect(),
        universal: all(UNIVERSAL),
        status: all(STATUS),
        advertising: first(ADVERTISING),
        agreed: names.iter().enumerate().filter_map(agreed).collect(),
        left: names.iter().enumerate().filter_map(left).collect(),
        digest: first(DIGEST),
        resumes: first(RESUMES),
        frequency: first(FREQUENCY),
    })
}

/// A header name without case, width, blanks, brackets and joiners: `E-Mail Address` and `ｅｍａｉｌ_address` are one.
fn plain(name: &str) -> String {
    let name: String = name.nfkc().collect();
    words::plain(name.split('(').next().filter(|head| !head.trim().is_empty()).unwrap_or(&name))
}

/// Whether a file of that name holds only people not to be mailed: often nothing else says so.
pub fn holds_the_gone(file: &str) -> bool {
    const HEADS: &[&str] = &["unsubscribe", "cleaned_", "nonsubscribed", "non-subscribed"];
    const PARTS: &[&str] = &["수신거부", "구독해지", "구독취소", "탈퇴"];
    let file: String = file.nfc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    HEADS.iter().any(|head| file.starts_with(head))
        || PARTS.iter().any(|part| file.contains(part)) && !file.contains("제외")
}

/// A cell that no spreadsheet takes for a formula: what could start one gets a `'` before it.
pub fn guard(cell: &str) -> String {
    if starts_formula(cell) || cell.starts_with('\'') { format!("'{cell}") } else { cell.to_owned() }
}

/// The cell that [`guard`] was given.
pub fn unguard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if starts_formula(rest) || rest.starts_with('\'') => rest,
        _ => cell,
    }
}

fn starts_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(header: &str) -> Option<Columns> {
        find(header.split(','))
    }

    #[test]
    fn headers_of_known_programs_are_understood() {
        let ours = columns("이메일,이름,구독일,상태,다이제스트").expect("ours");
        assert_eq!((ours.address, ours.name, ours.digest), (0, Some(1), Some(4)));
        assert_eq!((ours.consent, ours.status), (vec![2], vec![3]));
        let listmonk = columns("uuid,email,name,attributes,status,created_at,updated_at").expect("listmonk");
        assert_eq!((listmonk.address, listmonk.name, listmonk.status), (1, Some(2), vec![4]));
        assert_eq!(listmonk.consent, [5]);
        let mailchimp = columns(
            "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,UNSUB_TIME",
        )
        .expect("mailchimp");
        assert_eq!((mailchimp.given, mailchimp.family), (Some(1), Some(2)));
        assert_eq!((mailchimp.consent, mailchimp.left), (vec![6, 4], vec![7]));
        assert_eq!(mailchimp.universal, [4, 6]);
        let stibee = columns("이메일 주소,이름,구독 상태,구독일,광고성 정보 수신 동의 여부").expect("stibee");
        assert_eq!((stibee.consent, stibee.status, stibee.advertising), (vec![3], vec![2], Some(4)));
        assert!(columns("E-mail,동의일(필수)").is_some_and(|found| found.consent == [1]));
        assert_eq!(columns("a@b.com,김해봄"), None);
    }

    #[test]
    fn a_column_of_leaving_is_known_however_it_is_named() {
        for name in ["수신거부", "수신 거부 일자", "탈퇴일", "Unsubscribed", "opt-out date", "해지(사유)"]
        {
            let found = columns(&format!("email,구독일,{name}")).expect("columns");
            assert_eq!(found.left, [2], "{name}");
        }
        for name in ["수신거부 링크", "unsubscribe_url", "subscribed"] {
            assert_eq!(
                columns(&format!("email,{name}")).expect("columns").left,
                Vec::<usize>::new(),
                "{name}"
            );
        }
        let form = columns("타임스탬프,ｅｍａｉｌ,개인정보 수집에 동의하시나요?").expect("columns");
        assert_eq!((form.address, form.agreed), (1, vec![2]));
        let apart =
            columns("\u{110b}\u{1175}\u{1106}\u{1166}\u{110b}\u{1175}\u{11af},구독일").expect("columns");
        assert_eq!(apart.address, 0, "as a Mac writes it");
    }

    #[test]
    fn names_say_whom_a_file_holds() {
        for kind in ["unsubscribed", "cleaned", "nonsubscribed", "Unsubscribed"] {
            assert!(holds_the_gone(&format!("{kind}_email_audience_export_0a1b.csv")), "{kind}");
            assert!(holds_the_gone(&format!("{kind}_members_export_0a1b.csv")), "{kind}");
        }
        for name in
            ["unsubscribed.csv", "수신거부 명단.csv", "2026_구독 취소.csv", "\u{1110}\u{1161}\u{11af}퇴.csv"]
        {
            assert!(holds_the_gone(name), "{name}");
        }
        for name in [
            "subscribed_email_audience_export_0a1b.csv",
            "subscribers.csv",
            "구독자.csv",
            "cleaned.csv",
            "수신거부 제외.csv",
        ] {
            assert!(!holds_the_gone(name), "{name}");
        }
    }

    #[test]
    fn guarding_a_cell_can_be_undone() {
        for cell in ["=1+1", "+82", "-x", "@me", "'=x", "''", "'", "해봄", "o'hara", "", "＝1"] {
            assert_eq!(unguard(&guard(cell)), cell);
            assert!(!starts_formula(&guard(cell)));
        }
    }
}
