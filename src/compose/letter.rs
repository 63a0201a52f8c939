//! Pure: a letter with everything constant done, and the splice of one recipient.

use std::sync::Arc;

use aws_lc_rs::digest;

use super::body::{EncodedPart, Fields};
use super::dkim::Signer;
use super::links::{UrlKind, check_url, unsubscribe_mailto};
use super::{ComposeError, DEFAULT_DAY, DEFAULT_NAME, LetterHead, Origin, Personal, clean_name, header};
use crate::clock::Instant;
use crate::model::SubscriberId;
use crate::model::edition::Content;
use crate::model::token::SecretKey;

/// A letter ready to be written to any number of recipients; cheap to share, never changed.
pub struct CompiledLetter {
    key: SecretKey,
    signer: Option<Arc<Signer>>,
    origin: Origin,
    date: Instant,
    /// The sender's domain: the right side of Message-IDs.
    domain: String,
    mailto: String,
    /// Headers before To.
    head: Vec<u8>,
    /// Headers after the personal ones, to the empty line.
    tail: Vec<u8>,
    /// Whether List headers are written: not on notices.
    listed: bool,
    body: Body,
}

enum Body {
    /// Text alone.
    Plain(EncodedPart),
    /// Text and HTML. The part headers and boundaries around them are constant.
    Alternative {
        before_text: String,
        text: EncodedPart,
        before_html: String,
        html: EncodedPart,
        end: String,
    },
}

impl CompiledLetter {
    /// Encodes all that is the same for every recipient. Content without HTML becomes a text-only message. `key` derives
    /// Message-IDs and the boundary; `signer` adds DKIM signatures.
    pub fn new(
        head: &LetterHead,
        content: &Content,
        key: &SecretKey,
        signer: Option<Arc<Signer>>,
    ) -> Result<CompiledLetter, ComposeError> {
        let boundary = boundary(key, head.origin);
        let body = Body::new(content, &boundary)?;
        let domain = head.sender.email.domain().to_owned();
        Ok(CompiledLetter {
            key: key.clone(),
            signer,
            origin: head.origin,
            date: head.date,
            mailto: unsubscribe_mailto(&head.sender),
            head: constant_head(head, &content.subject)?,
            tail: constant_tail(head, &domain, &body.headers(&boundary))?,
            listed: !matches!(head.origin, Origin::Notice(_) | Origin::Operator(_)),
            domain,
            body,
        })
    }

    /// The Message-ID of this letter to `subscriber`, with its angle brackets.
    pub fn message_id(&self, subscriber: SubscriberId) -> String {
        message_id(&self.key, self.origin, subscriber, &self.domain)
    }

    /// Empties `out` and writes the message to one recipient: CRLF only, no line that begins with a dot, ending in CRLF;
    /// the final dot is the transport's. On an error `out` holds nothing of use.
    pub fn write(&self, personal: &Personal<'_>, out: &mut Vec<u8>) -> Result<(), ComposeError> {
        let name = clean_name(personal.name.unwrap_or_default());
        let url = match personal.unsubscribe_url {
            Some(url) => Some((url, check_url(url).ok_or(ComposeError::UnsubscribeUrl)?)),
            None => None,
        };
        out.clear();
        out.reserve(2048 + self.head.len() + self.tail.len() + self.body.size_hint());
        out.extend_from_slice(&self.head);
        self.write_personal_headers(personal, &name, url, out)?;
        out.extend_from_slice(&self.tail);
        let body_at = out.len();
        self.body.write(
            Fields {
                name: if name.is_empty() { DEFAULT_NAME } else { &name },
                unsubscribe_url: url.map_or(&self.mailto, |(url, _)| url),
                consented_on: personal.consented_on.unwrap_or(DEFAULT_DAY),
            },
            out,
        );
        if let Some(signer) = &self.signer {
            signer.sign(out, body_at, self.date)?;
        }
        Ok(())
    }

    fn write_personal_headers(
        &self,
        personal: &Personal<'_>,
        name: &str,
        url: Option<(&str, UrlKind)>,
        out: &mut Vec<u8>,
    ) -> Result<(), ComposeError> {
        header::mailbox(out, "To", name, personal.to.as_str())?;
        header::plain(out, "Message-ID", &self.message_id(personal.subscriber));
        if !self.listed {
            return Ok(());
        }
        match url {
            Some((url, _)) => {
                header::plain(out, "List-Unsubscribe", &format!("<{url}>,\r\n <{}>", self.mailto));
            }
            None => header::plain(out, "List-Unsubscribe", &format!("<{}>", self.mailto)),
        }
        if let Some((_, UrlKind::OneClick)) = url {
            header::plain(out, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        }
        Ok(())
    }
}

impl Body {
    fn new(content: &Content, boundary: &str) -> Result<Body, ComposeError> {
        let text = EncodedPart::new(&content.text)?;
        if content.html.is_empty() {
            return Ok(Body::Plain(text));
        }
        Ok(Body::Alternative {
            before_text: format!("--{boundary}\r\n{}\r\n", part_headers("plain")),
            text,
            before_html: format!("--{boundary}\r\n{}\r\n", part_headers("html")),
            html: EncodedPart::new(&content.html)?,
            end: format!("--{boundary}--\r\n"),
        })
    }

    /// The headers that say what the body is.
    fn headers(&self, boundary: &str) -> String {
        match self {
            Body::Plain(_) => part_headers("plain"),
            Body::Alternative { .. } => {
                format!("Content-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n")
            }
        }
    }

    fn size_hint(&self) -> usize {
        match self {
            Body::Plain(text) => text.size_hint(),
            Body::Alternative { text, html, .. } => 512 + text.size_hint() + html.size_hint(),
        }
    }

    fn write(&self, plain: Fields<'_>, out: &mut Vec<u8>) {
        match self {
            Body::Plain(text) => text.write(&plain, out),
            Body::Alternative { before_text, text, before_html, html, end } => {
                out.extend_from_slice(before_text.as_bytes());
                text.write(&plain, out);
                out.extend_from_slice(before_html.as_bytes());
                let (name, unsubscribe_url) = (escape_html(plain.name), escape_html(plain.unsubscribe_url));
                html.write(&Fields { name: &name, unsubscribe_url: &unsubscribe_url, ..plain }, out);
                out.extend_from_slice(end.as_bytes());
            }
        }
    }
}

fn part_headers(subtype: &str) -> String {
    format!("Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n")
}

fn constant_head(head: &LetterHead, subject: &str) -> Result<Vec<u8>, ComposeError> {
    for address in [Some(&head.sender.email), head.sender.reply_to.as_ref()].into_iter().flatten() {
        if address.needs_smtputf8() {
            return Err(ComposeError::Sender(address.as_str().to_owned()));
        }
    }
    let mut out = Vec::new();
    header::mailbox(&mut out, "From", &head.sender.name, head.sender.email.as_str())?;
    if let Some(reply_to) = &head.sender.reply_to {
        header::plain(&mut out, "Reply-To", reply_to.as_str());
    }
    if subject.contains([crate::render::slot::OPEN, crate::render::slot::CLOSE]) {
        return Err(ComposeError::SlotInSubject);
    }
    header::text(&mut out, "Subject", subject)?;
    header::plain(&mut out, "Date", &header::date(head.date, head.zone)?);
    Ok(out)
}

fn constant_tail(head: &LetterHead, domain: &str, body_headers: &str) -> Result<Vec<u8>, ComposeError> {
    let mut out = Vec::new();
    let digest = label(&head.digest);
    let mail = match head.origin {
        Origin::Edition(id) => Some(format!("edition-{id}")),
        Origin::Trial(_) => Some("trial".to_owned()),
        Origin::Notice(_) | Origin::Operator(_) => None,
    };
    match mail {
        Some(mail) => {
            header::mailbox(&mut out, "List-Id", &head.newsletter, &format!("{digest}.{domain}"))?;
            let sender = fingerprint(domain);
            header::plain(&mut out, "Feedback-ID", &format!("{mail}:{digest}:newsletter:{sender}"));
        }
        None => header::plain(&mut out, "Auto-Submitted", "auto-generated"),
    }
    header::plain(&mut out, "MIME-Version", "1.0");
    out.extend_from_slice(body_headers.as_bytes());
    out.extend_from_slice(b"\r\n");
    Ok(out)
}

/// The Message-ID, with angle brackets, of the copy of `origin` for `subscriber`; `domain` is the sender's. The same on
/// each try, and not to be guessed without the key.
pub fn message_id(key: &SecretKey, origin: Origin, subscriber: SubscriberId, domain: &str) -> String {
    let mut seed = origin_seed(b"message-id", origin);
    seed.extend_from_slice(&subscriber.0.to_be_bytes());
    format!("<{}@{domain}>", hex(&key.mac(&seed)))
}

/// No encoded line can be taken for it: base64 has no hyphen.
fn boundary(key: &SecretKey, origin: Origin) -> String {
    format!("=_{}", hex(&key.mac(&origin_seed(b"boundary", origin))))
}

/// What a key signs for an origin. The purpose's text keeps it apart from tokens, which begin with their version byte.
fn origin_seed(purpose: &[u8], origin: Origin) -> Vec<u8> {
    let (kind, number) = match origin {
        Origin::Edition(id) => (b'e', id.0),
        Origin::Notice(id) => (b'n', id.0),
        Origin::Operator(id) => (b'o', id),
        Origin::Trial(at) => (b't', at.timestamp_millis()),
    };
    let mut seed = purpose.to_vec();
    seed.push(kind);
    seed.extend_from_slice(&number.to_be_bytes());
    seed
}

/// A digest's name as a label of a List-Id (RFC 2919): what is not a letter, digit or hyphen becomes a hyphen, and a
/// fingerprint keeps names apart that lost something.
fn label(digest: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '-' };
    let label: String = digest.chars().take(40).map(kept).collect();
    let label = label.trim_matches('-');
    match label {
        "" => format!("d-{}", fingerprint(digest)),
        same if same == digest => same.to_owned(),
        lossy => format!("{lossy}-{}", fingerprint(digest)),
    }
}

/// Ten letters that stand for `text`, the same for ever, whatever the key.
fn fingerprint(text: &str) -> String {
    let mut letters = hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    letters.truncate(10);
    letters
}

fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0');
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// Safe in text and between quotes of either kind.
fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}
