//! Pure: what the address parser takes and refuses.

use proptest::prelude::*;

use super::{AddressError, EmailAddress, is_invisible, parse_mailbox};

fn parse(text: &str) -> Result<String, AddressError> {
    EmailAddress::parse(text).map(|address| address.as_str().to_owned())
}

#[test]
fn ordinary_addresses_pass_with_the_domain_in_lower_case() {
    assert_eq!(parse(" Haebom.Kim+news@Naver.COM\r\n"), Ok("Haebom.Kim+news@naver.com".into()));
    assert_eq!(parse("o'hara=x@a-b.example."), Ok("o'hara=x@a-b.example".into()));
    assert_eq!(parse("a@localhost"), Ok("a@localhost".into()));
    assert_eq!(parse("a@r3---sn-x.example.com"), Ok("a@r3---sn-x.example.com".into()));
    let address = EmailAddress::parse("Haebom@Naver.com").expect("parses");
    assert_eq!((address.local(), address.domain()), ("Haebom", "naver.com"));
    assert_eq!(address.key(), "haebom@naver.com");
    assert_eq!(format!("{address:?}"), "EmailAddress(H***@naver.com)");
}

#[test]
fn korean_domains_become_a_labels_and_korean_local_parts_stay() {
    assert_eq!(parse("a@한글.한국"), Ok("a@xn--bj0bj06e.xn--3e0b707e".into()));
    let address = EmailAddress::parse("해봄@한글.한국").expect("parses");
    assert!(address.needs_smtputf8());
    assert_eq!(address.local(), "해봄");
    let decomposed =
        EmailAddress::parse("\u{1112}\u{1162}\u{1107}\u{1169}\u{11b7}@한글.한국").expect("parses");
    assert_eq!(decomposed.key(), address.key(), "the two spellings are one person");
}

#[test]
fn each_fault_has_its_own_reason() {
    use AddressError as E;
    let long_label = format!("a@{}.com", "b".repeat(64));
    let long_domain = format!("a@{}com", "abcdefgh.".repeat(28));
    let long_whole = format!("{}@{}com", "a".repeat(64), "abcdefgh.".repeat(22));
    let long_local = format!("{}@b.com", "a".repeat(65));
    let long_korean = format!("{}@b.com", "가".repeat(22));
    let cases: &[(&str, E)] = &[
        ("", E::Empty),
        ("  ", E::Empty),
        ("haebom", E::Shape),
        ("a@b@c.com", E::SeveralAt),
        ("a＠b.com", E::FullWidth('＠')),
        ("ａ@b.com", E::FullWidth('ａ')),
        ("a@b。com", E::FullWidth('。')),
        ("a\u{200b}@b.com", E::Invisible('\u{200b}')),
        ("a@b\u{202e}.com", E::Invisible('\u{202e}')),
        ("\u{feff}a@b.com", E::Invisible('\u{feff}')),
        ("a\u{3164}@b.com", E::Invisible('\u{3164}')),
        ("a@b.com\r\nRCPT TO:<x@y.com>", E::Control('\r')),
        ("a\0@b.com", E::Control('\0')),
        ("a b@c.com", E::Space),
        ("a@b .com", E::Space),
        ("a\u{a0}@b.com", E::Space),
        ("<a@b.com>", E::Angle),
        ("a@b.com>", E::Angle),
        ("a@b,com", E::List),
        ("a@b.com;c@d.com", E::List),
        ("\"a\"@b.com", E::Quoted),
        ("a(x)@b.com", E::Comment),
        ("a[@b.com", E::LocalCharacter('[')),
        ("a:b@c.com", E::LocalCharacter(':')),
        ("a\\@b.com", E::LocalCharacter('\\')),
        ("😀@b.com", E::LocalCharacter('😀')),
        ("@b.com", E::LocalEmpty),
        (".a@b.com", E::LocalDots),
        ("a.@b.com", E::LocalDots),
        ("a..b@c.com", E::LocalDots),
        ("a@", E::DomainEmpty),
        ("a@.", E::DomainEmpty),
        ("a@.b.com", E::DomainDots),
        ("a@b..com", E::DomainDots),
        ("a@b.com..", E::DomainDots),
        ("a@naver", E::DomainSingle),
        ("a@-b.com", E::Domain),
        ("a@b-.com", E::Domain),
        ("a@b_c.com", E::Domain),
        ("a@b!.com", E::Domain),
        ("a@b/c.com", E::Domain),
        ("a@[127.0.0.1]", E::IpLiteral),
        ("a@127.0.0.1", E::IpLiteral),
        ("a@[IPv6:::1]", E::IpLiteral),
        ("a@b.1", E::IpLiteral),
        (&long_label, E::DomainTooLong),
        (&long_domain, E::DomainTooLong),
        (&long_whole, E::TooLong),
        (&long_local, E::LocalTooLong),
        (&long_korean, E::LocalTooLong),
    ];
    for (text, reason) in cases {
        assert_eq!(parse(text), Err(reason.clone()), "{text:?}");
        assert!(reason.to_string().chars().any(|c| ('가'..='힣').contains(&c)), "{reason}");
    }
}

#[test]
fn a_mailbox_gives_name_and_address() {
    let split = |text: &str| parse_mailbox(text).map(|(name, address)| (name, address.as_str().to_owned()));
    assert_eq!(split("해봄 <a@b.com>"), Ok((Some("해봄".into()), "a@b.com".into())));
    assert_eq!(split("\"Kim, \\\"H\\\"\" <a@b.com>"), Ok((Some("Kim, \"H\"".into()), "a@b.com".into())));
    assert_eq!(split("<a@b.com>"), Ok((None, "a@b.com".into())));
    assert_eq!(split("a@b.com"), Ok((None, "a@b.com".into())));
    assert_eq!(split("x <a@b.com"), Err(AddressError::Mailbox));
    assert_eq!(split("x <a@b.com> y"), Err(AddressError::Mailbox));
    assert_eq!(split("x@y.com <a@b.com>"), Err(AddressError::Mailbox));
    assert_eq!(split("x\r\nBcc: y <a@b.com>"), Err(AddressError::Control('\r')));
}

#[test]
fn slips_of_known_domains_are_hinted_and_nothing_else() {
    let hint = |domain: &str| EmailAddress::parse(&format!("a@{domain}")).expect(domain).hint();
    for (typed, meant) in [
        ("naver.con", "naver.com"),
        ("gamil.com", "gmail.com"),
        ("hanmail.ney", "hanmail.net"),
        ("nate.con", "nate.com"),
        ("naver.co.kr", "naver.com"),
        ("hanmail.com", "hanmail.net"),
        ("daum.ent", "daum.net"),
        ("gmial.com", "gmail.com"),
        ("nvaer.com", "naver.com"),
        ("hotmial.com", "hotmail.com"),
        ("gmail.cmo", "gmail.com"),
        ("kakao.co", "kakao.com"),
        ("hanmali.net", "hanmail.net"),
        ("yaho.co.kr", "yahoo.co.kr"),
        ("outlok.com", "outlook.com"),
        ("naver.cm", "naver.com"),
        ("hanamil.net", "hanmail.net"),
    ] {
        assert_eq!(hint(typed), Some(format!("a@{meant}")), "{typed}");
    }
    for fine in [
        "naver.com",
        "gmail.com",
        "mail.com",
        "example.com",
        "snu.ac.kr",
        "haebom.dev",
        "korea.ac.kr",
        "live.com",
    ] {
        assert_eq!(hint(fine), None, "{fine}");
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_what_passes_is_safe_on_the_wire(text in "\\PC{0,12}[@＠]?\\PC{0,12}") {
        check(&text);
    }

    #[test]
    fn any_bytes_at_all_are_survived(text in any::<String>()) {
        check(&text);
        let _ = parse_mailbox(&text);
    }

    #[test]
    fn near_addresses_are_judged_safely(text in "[a-zA-Z0-9.+가-힣ß-]{1,70}@[a-zA-Z0-9.가-힣-]{1,40}(\\.com|\\.한국)?") {
        check(&text);
    }
}

fn check(text: &str) {
    let Ok(address) = EmailAddress::parse(text) else { return };
    let whole = address.as_str();
    assert!(!whole.chars().any(|c| c.is_control()
        || c.is_whitespace()
        || c == '<'
        || c == '>'
        || is_invisible(c)));
    assert!(address.domain().is_ascii() && whole.len() <= 254 && address.local().len() <= 64);
    assert_eq!(EmailAddress::parse(whole).as_ref(), Ok(&address), "parsing again changes nothing");
    let _ = (address.key(), address.hint(), address.masked());
}
