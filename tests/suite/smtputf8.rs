//! Readers whose address has letters beyond ASCII before the @ (RFC 6531, 6532): over a relay that takes them, and over
//! one that does not.

use moabom::compose::{CompiledLetter, LetterHead, Origin, Personal};
use moabom::model::delivery::DeliveryState::{Expired, Sent};
use moabom::model::edition::Content;
use moabom::model::{EditionId, EmailAddress, Sender, SubscriberId};

use crate::support::smtp_server::{Options, Seen, SmtpServer};
use crate::support::world::World;

const KOREAN: &str = "김철수@example.com";

fn world(smtputf8: bool, lockstep: bool) -> (World, SmtpServer) {
    let server = SmtpServer::with(Options { smtputf8, lockstep, ..Options::default() });
    let mut world = World::new(&server);
    world.add("a@example.com");
    world.add(KOREAN);
    world.add("b@example.com");
    world.freeze();
    (world, server)
}

#[test]
fn where_the_relay_offers_it_they_get_their_letter_and_others_theirs_as_ever() {
    for lockstep in [false, true] {
        let (world, server) = world(true, lockstep);
        assert_eq!(world.deliver().sent, 3);
        let mails = server.lines("MAIL");
        assert_eq!(
            mails.iter().filter(|line| line.ends_with(" SMTPUTF8 BODY=8BITMIME")).count(),
            1,
            "{mails:?}"
        );
        assert_eq!(
            mails.iter().filter(|line| **line == "MAIL FROM:<news@sender.test>").count(),
            2,
            "{mails:?}"
        );
        let kept = server.kept_for(KOREAN);
        let message = std::str::from_utf8(&kept[0].bytes).expect("UTF-8");
        let (header, body) = message.split_once("\r\n\r\n").expect("a header");
        assert!(header.contains(&format!("\r\nTo: {KOREAN}\r\n")), "{header}");
        let others: Vec<&str> = header.lines().filter(|line| !line.starts_with("To:")).collect();
        assert!(others.concat().is_ascii() && body.is_ascii(), "eight bits in To alone");
        assert!(server.kept_for("a@example.com")[0].bytes.is_ascii());
    }
}

#[test]
fn where_it_does_not_that_row_alone_ends_and_nobody_is_blamed() {
    let (world, server) = world(false, false);
    let report = world.deliver();
    assert_eq!((report.sent, report.expired), (2, 1));
    assert!(report.held.is_empty(), "{:?}", report.held);
    let row = world.row(KOREAN);
    assert_eq!(row.state, Expired);
    assert!(row.last_reply.expect("a reason").contains("SMTPUTF8"));
    assert_eq!(server.count(|seen| *seen == Seen::Rcpt(KOREAN.to_owned())), 0);
    assert_eq!(world.texts("SELECT state FROM editions"), ["done"]);
    world.assert_readers_untouched("no SMTPUTF8");
    // Another edition over a better relay reaches them.
    let better = SmtpServer::with(Options { smtputf8: true, ..Options::default() });
    let mut world = world;
    world.relay.port = better.port();
    world.wait(60);
    world.freeze();
    assert_eq!(world.deliver().sent, 3);
    assert_eq!(world.row(KOREAN).state, Expired);
    assert_eq!(world.rows().iter().filter(|row| row.state == Sent).count(), 5);
}

#[test]
fn a_name_stands_encoded_before_such_an_address_and_its_line_is_not_too_long() {
    let email = EmailAddress::parse("news@sender.test").expect("an address");
    let head = LetterHead {
        sender: Sender { name: "모아봄".into(), email, reply_to: None, phone: None, address: None },
        newsletter: "모아봄".into(),
        digest: "weekly".into(),
        date: crate::support::world::start_of_time(),
        zone: chrono_tz::Asia::Seoul,
        origin: Origin::Edition(EditionId(1)),
    };
    let content =
        Content { subject: "글".into(), preheader: String::new(), html: String::new(), text: "글".into() };
    let key = moabom::model::token::SecretKey::new(1, &[7; 32]);
    let letter = CompiledLetter::new(&head, &content, &key, None).expect("a letter");
    let to = EmailAddress::parse(&format!("{}@예시.한국", "가".repeat(21))).expect("an address");
    let mut bytes = Vec::new();
    let personal = Personal {
        to: &to,
        name: Some("김 철수"),
        unsubscribe_url: None,
        consented_on: None,
        subscriber: SubscriberId(1),
    };
    letter.write(&personal, &mut bytes).expect("a message");
    let parsed = mail_parser::MessageParser::default().parse(&bytes).expect("a message");
    let found = parsed.to().and_then(|to| to.first()).expect("a reader");
    assert_eq!((found.name(), found.address()), (Some("김 철수"), Some(to.as_str())));
    assert!(to.as_str().ends_with("@xn--vv4b11d.xn--3e0b707e"), "the domain is in A-labels: {}", to.as_str());
    assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 998));
}
