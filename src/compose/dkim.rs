//! Pure: DKIM signatures (RFC 6376, RFC 8463): rsa-sha256, and ed25519-sha256 as a second one; relaxed/relaxed.
//!
//! Signed here rather than by a library, because `t=` must be the letter's date for a retry to be the same bytes, and
//! because our bodies are in canonical form already: no space ends a line or stands beside another, and exactly one CRLF
//! ends the last line. Independent verifiers check it in the tests.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};

use super::body::encode;
use crate::clock::Instant;

/// What is signed, where present, in this order. From and Subject are named once more than they occur, so that none can
/// be added (oversigned). Content-Type is left out: relays rewrite it.
const SIGNED: [&str; 12] = [
    "From",
    "Reply-To",
    "Subject",
    "Date",
    "To",
    "Message-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Id",
    "Feedback-ID",
    "Auto-Submitted",
    "MIME-Version",
];
const OVERSIGNED: [&str; 2] = ["From", "Subject"];
const MIN_RSA_BITS: usize = 2048;

/// `[dkim]`, with the key files read.
#[derive(Clone, Debug)]
pub struct DkimSettings {
    /// `d=`: the sender's domain or a parent of it.
    pub domain: String,
    /// `s=` of the RSA key; the Ed25519 key stands under [`ed25519_selector`].
    pub selector: String,
    /// RSA private key, PKCS#8 or PKCS#1 PEM.
    pub rsa_pem: SecretString,
    /// Ed25519 private key, PKCS#8 PEM.
    pub ed25519_pem: Option<SecretString>,
}

/// Why there is no signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DkimError {
    /// Not a PEM private key of the kind wanted.
    #[error(
        "DKIM {0} 개인 키를 읽을 수 없어요. PEM 형식의 {0} 키인지 확인하세요 (`moabom dkim new`로 새로 만들 수 있어요)"
    )]
    Key(&'static str),
    /// The RSA key is too short for today's receivers.
    #[error(
        "DKIM RSA 키가 2048비트보다 짧아 쓰지 않아요. `moabom dkim new`로 새 키를 만들고 DNS 레코드를 바꾸세요"
    )]
    ShortKey,
    /// Domain or selector cannot be part of a DNS name.
    #[error("[dkim] {0} 값은 DNS 이름에 쓸 수 있는 글자(영문, 숫자, -, .)여야 해요")]
    DnsName(&'static str),
    /// The library refused to sign.
    #[error("DKIM 서명을 만들지 못했어요")]
    Sign,
}

/// A TXT record to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsRecord {
    /// Owner name: `{selector}._domainkey.{domain}`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl DnsRecord {
    /// The record in zone-file form, split into strings of at most 255 octets (RFC 1035 section 3.3.14).
    pub fn zone_line(&self) -> String {
        let bytes: Vec<char> = self.text.chars().collect();
        let strings: Vec<String> =
            bytes.chunks(255).map(|part| format!("\"{}\"", part.iter().collect::<String>())).collect();
        format!("{}. IN TXT ( {} )", self.name, strings.join(" "))
    }
}

/// Keys ready to sign.
pub struct Signer {
    domain: String,
    keys: Vec<SigningKey>,
}

struct SigningKey {
    selector: String,
    pair: Pair,
}

enum Pair {
    Rsa(rsa::KeyPair),
    Ed25519(Ed25519KeyPair),
}

/// The selector of the second key: a selector's record can hold only one key.
pub fn ed25519_selector(selector: &str) -> String {
    format!("{selector}-ed25519")
}

impl Signer {
    /// Reads the keys.
    pub fn new(settings: &DkimSettings) -> Result<Signer, DkimError> {
        check_dns_name(&settings.domain, "domain")?;
        check_dns_name(&settings.selector, "selector")?;
        let mut keys = vec![SigningKey {
            selector: settings.selector.clone(),
            pair: Pair::Rsa(read_rsa(settings.rsa_pem.expose_secret())?),
        }];
        if let Some(pem) = &settings.ed25519_pem {
            keys.push(SigningKey {
                selector: ed25519_selector(&settings.selector),
                pair: Pair::Ed25519(read_ed25519(pem.expose_secret())?),
            });
        }
        Ok(Signer { domain: settings.domain.to_ascii_lowercase(), keys })
    }

    /// The records that let receivers check what this signs.
    pub fn dns_records(&self) -> Vec<DnsRecord> {
        self.keys.iter().filter_map(|key| key.dns_record(&self.domain)).collect()
    }

    /// Puts a signature per key before `message`, whose body begins at `body_at`. The body must be in canonical form
    /// (see the module); `at` becomes `t=`.
    pub(super) fn sign(&self, message: &mut Vec<u8>, body_at: usize, at: Instant) -> Result<(), DkimError> {
        let (headers, body) = message.split_at_checked(body_at).ok_or(DkimError::Sign)?;
        let mut body_hash = Vec::new();
        encode(digest::digest(&digest::SHA256, body).as_ref(), &mut body_hash);
        let (names, canonical) = signed_headers(headers);
        let mut signatures = Vec::with_capacity(2048);
        for key in &self.keys {
            let mut field = self.unsigned_field(key, &names, &body_hash, at);
            let mut input = canonical.clone();
            canonicalize(&field, &mut input);
            let signature = key.pair.sign(&input)?;
            fold_signature(&signature, &mut field);
            signatures.extend_from_slice(&field);
        }
        message.splice(0..0, signatures);
        Ok(())
    }

    /// The header up to and with `b=`.
    fn unsigned_field(&self, key: &SigningKey, names: &[&str], body_hash: &[u8], at: Instant) -> Vec<u8> {
        let mut field = format!(
            "DKIM-Signature: v=1; a={}; c=relaxed/relaxed;\r\n d={};\r\n s={}; t={};\r\n h=",
            key.pair.algorithm(),
            self.domain,
            key.selector,
            at.timestamp(),
        )
        .into_bytes();
        let mut column = 3;
        for (index, name) in names.iter().enumerate() {
            if index > 0 {
                field.push(b':');
                column += 1;
            }
            if column + name.len() > 75 {
                field.extend_from_slice(b"\r\n ");
                column = 1;
            }
            field.extend_from_slice(name.as_bytes());
            column += name.len();
        }
        field.extend_from_slice(b";\r\n bh=");
        field.extend_from_slice(body_hash);
        field.extend_from_slice(b";\r\n b=");
        field
    }
}

impl SigningKey {
    fn dns_record(&self, domain: &str) -> Option<DnsRecord> {
        let mut key = Vec::new();
        let kind = match &self.pair {
            Pair::Rsa(pair) => {
                let der: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
                encode(der.as_ref(), &mut key);
                "rsa"
            }
            // RFC 8463 section 4.2: the bare 32 bytes.
            Pair::Ed25519(pair) => {
                encode(pair.public_key().as_ref(), &mut key);
                "ed25519"
            }
        };
        let key = String::from_utf8(key).ok()?;
        Some(DnsRecord {
            name: format!("{}._domainkey.{domain}", self.selector),
            text: format!("v=DKIM1; k={kind}; p={key}"),
        })
    }
}

impl Pair {
    fn algorithm(&self) -> &'static str {
        match self {
            Pair::Rsa(_) => "rsa-sha256",
            Pair::Ed25519(_) => "ed25519-sha256",
        }
    }

    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, DkimError> {
        let hash = digest::digest(&digest::SHA256, input);
        match self {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, &hash, &mut signature).map_err(|_| DkimError::Sign)?;
                Ok(signature)
            }
            // RFC 8463 section 3: the hash is the message that Ed25519 signs.
            Pair::Ed25519(pair) => {
                Ok(pair.try_sign(hash.as_ref()).map_err(|_| DkimError::Sign)?.as_ref().to_vec())
            }
        }
    }
}

fn read_rsa(pem: &str) -> Result<rsa::KeyPair, DkimError> {
    let unreadable = || DkimError::Key("RSA");
    let pair = match PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| unreadable())? {
        PrivateKeyDer::Pkcs8(der) => rsa::KeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => rsa::KeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err(unreadable()),
    };
    let pair = pair.map_err(|error| match error.description_() {
        "TooSmall" => DkimError::ShortKey,
        _ => unreadable(),
    })?;
    if pair.public_modulus_len() * 8 < MIN_RSA_BITS {
        return Err(DkimError::ShortKey);
    }
    Ok(pair)
}

fn read_ed25519(pem: &str) -> Result<Ed25519KeyPair, DkimError> {
    let unreadable = || DkimError::Key("Ed25519");
    match PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| unreadable())? {
        // Keys made by openssl carry no public part; there is nothing to check it against.
        PrivateKeyDer::Pkcs8(der) => {
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()).map_err(|_| unreadable())
        }
        _ => Err(unreadable()),
    }
}

fn check_dns_name(name: &str, key: &'static str) -> Result<(), DkimError> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    if name.len() <= 253 && name.split('.').all(label) { Ok(()) } else { Err(DkimError::DnsName(key)) }
}

/// The names for `h=`, and the headers they name in relaxed form.
fn signed_headers(headers: &[u8]) -> (Vec<&'static str>, Vec<u8>) {
    let fields = fields(headers);
    let mut names = Vec::with_capacity(SIGNED.len() + OVERSIGNED.len());
    let mut canonical = Vec::with_capacity(headers.len());
    for name in SIGNED {
        let Some(field) = fields.iter().find(|field| has_name(field, name)) else { continue };
        names.push(name);
        canonicalize(field, &mut canonical);
        canonical.extend_from_slice(b"\r\n");
        if OVERSIGNED.contains(&name) {
            names.push(name);
        }
    }
    (names, canonical)
}

fn has_name(field: &[u8], name: &str) -> bool {
    field.split_at_checked(name.len()).is_some_and(|(before, after)| {
        before.eq_ignore_ascii_case(name.as_bytes()) && after.first() == Some(&b':')
    })
}

/// The fields of a header block, each with its folds and its last CRLF.
fn fields(headers: &[u8]) -> Vec<&[u8]> {
    let mut fields = Vec::with_capacity(16);
    let mut rest = headers;
    while !rest.is_empty() {
        let next_begins = |at: &usize| !matches!(rest.get(*at), Some(b' ' | b'\t'));
        let mut line_ends =
            rest.windows(2).enumerate().filter(|(_, two)| two == b"\r\n").map(|(at, _)| at + 2);
        let end = line_ends.find(next_begins).unwrap_or(rest.len());
        let (field, after) = rest.split_at(end);
        fields.push(field);
        rest = after;
    }
    fields
}

/// Appends a field in relaxed form (RFC 6376 section 3.4.2), without the last CRLF: the name in lower case, folds undone,
/// white space single, none around the colon or at the end.
fn canonicalize(field: &[u8], out: &mut Vec<u8>) {
    let colon = field.iter().position(|b| *b == b':').unwrap_or(field.len());
    let (name, value) = field.split_at(colon);
    out.extend(name.trim_ascii_end().iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let mut first = true;
    let words = value.get(1..).unwrap_or_default().split(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
    for word in words.filter(|word| !word.is_empty()) {
        if !first {
            out.push(b' ');
        }
        first = false;
        out.extend_from_slice(word);
    }
}

fn fold_signature(signature: &[u8], field: &mut Vec<u8>) {
    let mut encoded = Vec::new();
    encode(signature, &mut encoded);
    for (index, line) in encoded.chunks(72).enumerate() {
        if index > 0 {
            field.extend_from_slice(b"\r\n ");
        }
        field.extend_from_slice(line);
    }
    field.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_in_relaxed_form_has_single_spaces_and_no_folds() {
        // The example of RFC 6376 section 3.4.5, and a fold with a tab.
        let relaxed = |field: &str| {
            let mut out = Vec::new();
            canonicalize(field.as_bytes(), &mut out);
            String::from_utf8(out).expect("ASCII")
        };
        assert_eq!(relaxed("A: X\r\n"), "a:X");
        assert_eq!(relaxed("B : Y\t\r\n\tZ  \r\n"), "b:Y Z");
        assert_eq!(relaxed("Subject: \r\n"), "subject:");
    }

    #[test]
    fn a_block_falls_into_fields_with_their_folds() {
        let block = b"A: 1\r\n 2\r\nB: 3\r\n\t4\r\nC: 5\r\n";
        let fields = fields(block);
        assert_eq!(fields, [&b"A: 1\r\n 2\r\n"[..], b"B: 3\r\n\t4\r\n", b"C: 5\r\n"]);
        assert!(has_name(b"to: x", "To") && !has_name(b"Tom: x", "To"));
    }
}
