//! DKIM signatures as independent verifiers see them: mail-auth, and dkimpy where python3 has it.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::hickory_resolver::config::{ResolverConfig, ResolverOpts};
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt};
use moabom::compose::dkim::{DkimError, DkimSettings, DnsRecord, Signer};
use moabom::compose::{CompiledLetter, LetterHead, Origin, Personal};
use moabom::model::DeliveryId;

use crate::compose::{URL, address, assert_clean_lines, content, head, key, reader, usual};

fn pem(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

/// Keys made for this run.
pub fn settings() -> DkimSettings {
    let rsa = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let rsa: Pkcs8V1Der<'_> = rsa.as_der().expect("DER");
    let ed25519 = Ed25519KeyPair::generate().expect("a key").to_pkcs8v1().expect("DER");
    DkimSettings {
        domain: "haebom.example".into(),
        selector: "moabom".into(),
        rsa_pem: pem(rsa.as_ref()).into(),
        ed25519_pem: Some(pem(ed25519.as_ref()).into()),
    }
}

/// The DNS of a test: the records of our keys and nothing else.
struct Records(HashMap<Box<str>, Txt>);

impl Records {
    fn new(records: &[DnsRecord]) -> Records {
        let parse = |record: &DnsRecord| {
            let key = DomainKey::parse(record.text.as_bytes()).expect("a sound record");
            (format!("{}.", record.name).into_boxed_str(), Txt::from(key))
        };
        Records(records.iter().map(parse).collect())
    }
}

impl ResolverCache<Box<str>, Txt> for Records {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.get(name).cloned()
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: std::time::Instant) {}
}

/// For each signature, whether mail-auth accepts it.
fn verify(message: &[u8], records: &[DnsRecord]) -> Vec<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        // No server is named, so that a name missing in the records fails instead of going out.
        let config = ResolverConfig::from_parts(None, vec![], vec![]);
        let verifier = MessageAuthenticator::new(config, ResolverOpts::default()).expect("verifier");
        let records = Records::new(records);
        let parsed = AuthenticatedMessage::parse(message).expect("a message");
        let outputs = verifier.verify_dkim(Parameters::new(&parsed).with_txt_cache(&records)).await;
        outputs.iter().map(|output| output.result() == &DkimResult::Pass).collect()
    })
}

/// Letters that try the signature: long addresses, no name, no URL, a notice, hardly any text.
fn letters(signer: &Arc<Signer>) -> Vec<Vec<u8>> {
    let to = address("a.rather.long.address.of.somebody@mail.department.example.com");
    let long_url = format!("{URL}{}", "x".repeat(600));
    let notice = LetterHead { origin: Origin::Notice(DeliveryId(9)), ..head() };
    let plain = content("hello  world", "x", "");
    let cases: Vec<(LetterHead, _, Personal<'_>)> = vec![
        (head(), usual(&"봄이 왔어요. ".repeat(500)), reader(&to, Some("김  \"철수\", 님"), Some(URL))),
        (head(), usual("x"), reader(&to, Some(""), Some(&long_url))),
        (head(), usual("x"), reader(&to, None, None)),
        (notice, plain, reader(&to, Some("Kim"), None)),
    ];
    let write = |(head, content, personal): &(LetterHead, _, Personal<'_>)| {
        let letter = CompiledLetter::new(head, content, &key(), Some(signer.clone())).expect("a letter");
        let mut bytes = Vec::new();
        letter.write(personal, &mut bytes).expect("a message");
        bytes
    };
    cases.iter().map(write).collect()
}

#[test]
fn both_signatures_pass_an_independent_verifier() {
    let signer = Arc::new(Signer::new(&settings()).expect("keys"));
    for message in letters(&signer) {
        assert_clean_lines(&message);
        assert_eq!(verify(&message, &signer.dns_records()), [true, true]);
    }
}

#[test]
fn both_pass_on_a_letter_whose_reader_needs_smtputf8() {
    let signer = Arc::new(Signer::new(&settings()).expect("keys"));
    let letter = CompiledLetter::new(&head(), &usual("x"), &key(), Some(signer.clone())).expect("a letter");
    let to = address("김철수@example.com");
    let mut message = Vec::new();
    letter.write(&reader(&to, Some("김 철수"), Some(URL)), &mut message).expect("a message");
    assert!(!message.is_ascii());
    assert_eq!(verify(&message, &signer.dns_records()), [true, true]);
}

#[test]
fn the_signed_list_names_what_matters_and_oversigns_from_and_subject() {
    let signer = Arc::new(Signer::new(&settings()).expect("keys"));
    let message = String::from_utf8(letters(&signer).swap_remove(0)).expect("ASCII");
    let (_, after) = message.split_once(" h=").expect("h=");
    let list = after.split(';').next().expect("list").replace("\r\n ", "");
    let names: Vec<&str> = list.split(':').collect();
    let count = |name: &str| names.iter().filter(|other| **other == name).count();
    assert_eq!((count("From"), count("Subject"), count("Content-Type")), (2, 2, 0), "{list}");
    for name in
        ["To", "Date", "Message-ID", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"]
    {
        assert_eq!(count(name), 1, "{name} in {list}");
    }
}

/// The message with one byte changed in each of many places that are signed, or with a header added.
fn tampered(message: &[u8], step: usize) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let signed = ["From", "Reply-To", "Subject", "Date", "To", "Message-ID", "List-Id", "List-Unsubscribe"];
    for name in signed.iter().chain(&["List-Unsubscribe-Post", "Feedback-ID", "MIME-Version"]) {
        let start = find(message, format!("\r\n{name}: ").as_bytes()) + name.len() + 4;
        let length = message[start..].windows(2).position(|two| two == b"\r\n").expect("line end");
        let flips =
            (start..start + length).step_by(step).map(|at| (format!("{name} at {at}"), flip(message, at)));
        found.extend(flips);
    }
    found.push(("body".into(), flip(message, message.len() - 100)));
    for added in ["Subject: other\r\n", "From: other@example.com\r\n"] {
        // Verifiers read from the bottom, so that a header put before ours is the one that oversigning catches.
        let at = find(message, b"\r\nFrom: ") + 2;
        let mut longer = message.to_vec();
        longer.splice(at..at, added.bytes());
        found.push((format!("added {added}"), longer));
    }
    found
}

fn flip(message: &[u8], at: usize) -> Vec<u8> {
    let mut flipped = message.to_vec();
    flipped[at] = if flipped[at] == b'x' { b'y' } else { b'x' };
    flipped
}

#[test]
fn a_changed_signed_header_or_body_byte_fails() {
    let signer = Arc::new(Signer::new(&settings()).expect("keys"));
    let records = signer.dns_records();
    for (what, message) in tampered(&letters(&signer).swap_remove(0), 1) {
        assert_eq!(verify(&message, &records), [false, false], "{what}");
    }
}

fn find(message: &[u8], wanted: &[u8]) -> usize {
    message.windows(wanted.len()).position(|part| part == wanted).expect("it is there")
}

#[test]
fn the_same_letter_is_signed_with_the_same_bytes() {
    let signer = Arc::new(Signer::new(&settings()).expect("keys"));
    assert_eq!(letters(&signer), letters(&signer));
}

#[test]
fn short_and_unreadable_keys_and_odd_names_are_refused() {
    let sound = settings();
    let refused = |settings: &DkimSettings| Signer::new(settings).err();
    let short = include_str!("../fixtures/dkim-rsa-1024.pem");
    assert_eq!(refused(&DkimSettings { rsa_pem: short.into(), ..sound.clone() }), Some(DkimError::ShortKey));
    for text in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "가"] {
        let wrong = DkimSettings { rsa_pem: text.into(), ..sound.clone() };
        assert_eq!(refused(&wrong), Some(DkimError::Key("RSA")));
        let wrong = DkimSettings { ed25519_pem: Some(text.into()), ..sound.clone() };
        assert_eq!(refused(&wrong), Some(DkimError::Key("Ed25519")));
    }
    for name in ["", "a b", "a\r\nb", "가.example", "a..b", "a;b"] {
        let wrong = DkimSettings { selector: name.into(), ..sound.clone() };
        assert_eq!(refused(&wrong), Some(DkimError::DnsName("selector")), "{name:?}");
    }
}

#[test]
fn a_record_is_split_into_strings_of_at_most_255_octets() {
    let records = Signer::new(&settings()).expect("keys").dns_records();
    assert_eq!(records[0].name, "moabom._domainkey.haebom.example");
    assert_eq!(records[1].name, "moabom-ed25519._domainkey.haebom.example");
    let line = records[0].zone_line();
    let strings: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
    assert!(strings.len() > 1 && strings.iter().all(|part| part.len() <= 255), "{line}");
    assert_eq!(strings.concat(), records[0].text);
}

/// The same question to dkimpy; none where python3 has no dkimpy.
fn verify_with_dkimpy(messages: &[Vec<u8>], records: &[DnsRecord]) -> Option<Vec<Vec<bool>>> {
    let folder = tempfile::tempdir().expect("folder");
    let write = |name: String, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    };
    let records: HashMap<&str, &str> =
        records.iter().map(|record| (record.name.as_str(), record.text.as_str())).collect();
    let mut command = Command::new("python3");
    command.arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/python/verify_dkim.py"));
    command.arg(write("records.json".into(), serde_json::to_string(&records).expect("JSON").as_bytes()));
    command.args(messages.iter().enumerate().map(|(n, message)| write(format!("{n}.eml"), message)));
    let output = command.output().ok().filter(|output| output.status.code() != Some(3));
    let Some(output) = output else {
        crate::support::judges::left_out(
            "no python3 with dkimpy and pynacl here, so dkimpy has verified nothing",
        );
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn dkimpy_passes_both_signatures_and_fails_changed_messages() {
    let signer = Arc::new(Signer::new(&settings()).expect("keys"));
    let sound = letters(&signer);
    let (names, changed): (Vec<String>, Vec<Vec<u8>>) = tampered(&sound[0], 5).into_iter().unzip();
    let Some(results) = verify_with_dkimpy(&[sound.clone(), changed].concat(), &signer.dns_records()) else {
        return;
    };
    let (of_sound, of_changed) = results.split_at(sound.len());
    assert!(of_sound.iter().all(|result| result == &[true, true]), "{of_sound:?}");
    assert_eq!(of_changed.len(), names.len());
    for (name, result) in names.iter().zip(of_changed) {
        assert_eq!(result, &[false, false], "{name}");
    }
}
