//! The letter before independent judges: an HTML validator, the public table of what mail programs understand, a spam filter,
//! and two mail readers. Where a judge is missing its check is left out by name.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use mail_parser::MessageParser;
use moabom::compose::{CompiledLetter, LetterHead, Origin, Personal};
use moabom::model::edition::Content;
use moabom::model::token::SecretKey;
use moabom::model::{EditionId, EmailAddress, SubscriberId};
use moabom::render::slot::Slot;
use moabom::render::{LetterInput, Renderer};
use serde::Deserialize;

use crate::compose::read_with_python;
use crate::letters;
use crate::support::judges;
use crate::support::system::System;

/// The day of the consent.
const DAY: &str = "2026년 11월 2일 (월)";
const LINK: &str = "https://letter.slow-afternoon.example/u/token";
const NAME: &str = "김 \"하나\" <b>&amp;";

/// Features some program lacks, and why the letter reads well there. `tests/suite/browser.rs` shows most of it.
const DONE_WITHOUT: [(&str, &str); 16] = [
    ("Class selector", "the letter stands without its style sheet"),
    ("@media", "the same: dark colours and wide margins are extras"),
    ("text-wrap", "an extra: lines break elsewhere"),
    ("<body> element", "the outer table carries ground and language"),
    ("lang attribute", "Hey alone; a text in Hangul is known by its letters"),
    ("role attribute", "a layout table is read as one by a few screen readers"),
    ("aria-label attribute", "the emoji themselves are read"),
    ("width attribute", "Hey alone; the column is as wide as its max-width"),
    ("table-layout", "Word breaks long words by itself, and the others know it"),
    ("border-spacing", "cellspacing says the same"),
    ("border-radius", "corners are square"),
    ("word-break", "a line may break within a word, as Korean always could"),
    ("white-space", "a count may stand on the line after its emoji"),
    ("text-decoration", "a link in its own colour is underlined too"),
    ("display:none", "the preheader has no height either"),
    ("overflow", "the preheader is not displayed either"),
];

#[derive(Deserialize)]
struct Judgement {
    invalid: Vec<String>,
    unsupported: BTreeMap<String, Vec<String>>,
}

/// What node's judges say of each letter of `every_kind`, in one start.
fn judged() -> Option<BTreeMap<String, Judgement>> {
    let modules = judges::modules("no letter's HTML was validated or held against caniemail's data")?;
    let folder = tempfile::tempdir().expect("a folder");
    for (name, input) in letters::every_kind() {
        std::fs::write(folder.path().join(format!("{name}.html")), letters::html(&input)).expect("written");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/judge.mjs");
    let output =
        Command::new("node").arg(script).arg(modules).arg(folder.path()).output().expect("node starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn every_letter_is_valid_html_and_needs_only_what_mail_programs_understand() {
    let Some(judged) = judged() else { return };
    assert_eq!(judged.len(), letters::every_kind().len());
    for (letter, judgement) in judged {
        assert_eq!(judgement.invalid, Vec::<String>::new(), "{letter}");
        assert!(judgement.unsupported.contains_key("text-wrap"), "the table was read: {letter}");
        for (feature, clients) in judgement.unsupported {
            let known = DONE_WITHOUT.iter().any(|(known, _)| *known == feature);
            assert!(known, "{letter} needs {feature}, which {clients:?} lack");
        }
    }
}

/// What is rendered of `input`.
fn content(input: &LetterInput) -> Content {
    Renderer::new(&[]).and_then(|renderer| renderer.render(input)).expect("it renders").into()
}

/// The letter as one reader gets it.
fn message(input: &LetterInput, content: &Content) -> Vec<u8> {
    let head = LetterHead {
        sender: input.sender.clone(),
        newsletter: input.newsletter.title.clone(),
        digest: input.digest.clone(),
        date: input.slot_at,
        zone: input.newsletter.time_zone,
        origin: Origin::Edition(EditionId(12)),
    };
    let key = SecretKey::new(1, &[7; 32]);
    let compiled = CompiledLetter::new(&head, content, &key, None).expect("the letter compiles");
    let to = EmailAddress::parse("reader@example.com").expect("an address");
    let personal = Personal {
        to: &to,
        name: Some(NAME),
        unsubscribe_url: Some(LINK),
        consented_on: Some(DAY),
        subscriber: SubscriberId(1),
    };
    let mut bytes = Vec::new();
    compiled.write(&personal, &mut bytes).expect("the message is written");
    bytes
}

/// A part as it must be read: the reader's own in place, lines ended as in mail.
fn filled(part: &str, name: &str) -> String {
    let part = part
        .replace(&Slot::Name.marker(), name)
        .replace(&Slot::UnsubscribeUrl.marker(), LINK)
        .replace(&Slot::ConsentedOn.marker(), DAY);
    part.replace('\n', "\r\n")
}

#[test]
fn two_mail_readers_read_every_letters_subject_names_and_parts_as_written() {
    for (letter, input) in letters::every_kind() {
        let content = content(&input);
        let bytes = message(&input, &content);
        let escaped = "김 &quot;하나&quot; &lt;b&gt;&amp;amp;";
        let (text, html) = (filled(&content.text, NAME), filled(&content.html, escaped));

        let parsed = MessageParser::default().parse(&bytes).expect("a message");
        let part = |at: u32| parsed.part(at).and_then(|part| part.text_contents().map(str::to_owned));
        assert_eq!(parsed.subject(), Some(content.subject.as_str()), "{letter}");
        assert_eq!((part(1), part(2)), (Some(text.clone()), Some(html.clone())), "{letter}");
        let from = parsed.from().and_then(|from| from.first()).expect("a sender");
        assert_eq!(from.name(), Some(input.sender.name.as_str()), "{letter}");
        let to = parsed.to().and_then(|to| to.first()).expect("a recipient");
        assert_eq!((to.name(), to.address()), (Some(NAME), Some("reader@example.com")), "{letter}");

        let Some(read) = read_with_python(&bytes) else { return };
        assert_eq!(read["defects"], serde_json::json!([]), "{letter}");
        assert_eq!(read["subject"], content.subject.as_str(), "{letter}");
        let sender = input.sender.email.as_str();
        assert_eq!(read["from"], serde_json::json!([[input.sender.name, sender]]), "{letter}");
        assert_eq!(read["to"], serde_json::json!([[NAME, "reader@example.com"]]), "{letter}");
        assert_eq!(read["parts"], serde_json::json!([["text/plain", text], ["text/html", html]]), "{letter}");
    }
}

/// Points and the rules that gave them, as SpamAssassin's own rules without the network say.
fn spam_points(message: &[u8]) -> Option<(f64, String)> {
    let Some(filter) = judges::program(&["spamassassin"]) else {
        judges::left_out("no spamassassin on the path, so no letter was judged by a spam filter");
        return None;
    };
    let home = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(filter)
        .args([
            "--local",
            "--test-mode",
            "--prefspath=/dev/null",
            "--cf=use_bayes 0",
            "--cf=add_header all Status _SCORE_ _TESTS(,)_",
        ])
        .env("HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("piped").write_all(message).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n").replace("\n\t", "");
    let status =
        said.lines().find_map(|line| line.strip_prefix("X-Spam-Status: ")).expect("a status").to_owned();
    let points = status.split(' ').next().and_then(|points| points.parse().ok()).expect("points");
    Some((points, status))
}

#[test]
fn a_spam_filter_finds_next_to_nothing_and_both_parts_alike() {
    let system = System::new(1, 1);
    system.run(&["ingest"]);
    let demo = system.command(&["preview", "--format", "eml"]).output().expect("it starts").stdout;
    let whole = |input: &LetterInput| message(input, &content(input));
    let letters = [
        ("demo", demo),
        ("ordinary", whole(&letters::ordinary())),
        ("one", whole(&letters::many(1))),
        ("five", whole(&letters::many(5))),
        ("thirty", whole(&letters::many(30))),
    ];
    for (letter, message) in letters {
        let Some((points, status)) = spam_points(&message) else { return };
        assert!(points < 1.0, "{letter}: {status}");
        assert!(!status.contains("MPART_ALT_DIFF"), "{letter}: {status}");
    }
    let apart = "<p>다른 곳에서 온 전혀 다른 이야기를 여기에 길게 적어 둡니다.</p>".repeat(9);
    let apart = apart + &format!("<a href=\"{}\">수신거부</a>", Slot::UnsubscribeUrl.marker());
    let input = letters::ordinary();
    let unlike = Content { html: apart, ..content(&input) };
    let Some((_, status)) = spam_points(&message(&input, &unlike)) else { return };
    assert!(status.contains("MPART_ALT_DIFF"), "the filter does compare the parts: {status}");
}
