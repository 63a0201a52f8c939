//! Pure: a MIME part's text, encoded once, with places where personal text is spliced in.
//!
//! Base64 turns three bytes into four letters, so a personal text of any length shifts the alignment of all that
//! follows. Hence each long constant run is encoded three times, from its first, second and third byte; the bytes
//! before that, at most two, are encoded along with the personal text. The reader decodes exactly the text, with no
//! padding anywhere, and a recipient costs three or four copies and the encoding of a few short runs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ComposeError;
use crate::render::slot::{CLOSE, OPEN, Slot};

/// RFC 2045 section 6.8 allows 76 letters a line: 57 bytes.
const LINE_BYTES: usize = 57;
/// Shorter constants between two slots are encoded along with them.
const LONG: usize = 3 * LINE_BYTES;

/// What stands in the slots for one recipient, already escaped for the part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    pub(super) name: &'a str,
    pub(super) unsubscribe_url: &'a str,
    pub(super) consented_on: &'a str,
}

impl Fields<'_> {
    fn get(&self, slot: Slot) -> &str {
        match slot {
            Slot::Name => self.name,
            Slot::UnsubscribeUrl => self.unsubscribe_url,
            Slot::ConsentedOn => self.consented_on,
        }
    }
}

/// A text cut at its markers.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Slot(Slot),
}

/// A stretch of the encoded part.
#[derive(Debug)]
enum Run {
    /// Encoded per recipient.
    Open(Vec<Piece>),
    /// Encoded beforehand, for each number of bytes (0, 1, 2) that went to the run before.
    Fixed([Aligned; 3]),
}

/// A constant without its first 0–2 bytes.
#[derive(Debug)]
struct Aligned {
    /// The bytes left out at the front.
    head: Vec<u8>,
    /// Whole groups of three, in lines that each end with CRLF.
    encoded: Vec<u8>,
    /// The 0–2 bytes left over.
    tail: Vec<u8>,
}

/// A part ready to be filled.
#[derive(Debug)]
pub(super) struct EncodedPart {
    runs: Vec<Run>,
}

impl EncodedPart {
    /// Cuts and encodes `text`; line breaks become CRLF, as RFC 2045 section 6.8 wants before encoding.
    pub(super) fn new(text: &str) -> Result<EncodedPart, ComposeError> {
        let mut runs: Vec<Run> = Vec::new();
        for piece in split(text)? {
            match piece {
                Piece::Text(bytes) if bytes.len() >= LONG => {
                    runs.push(Run::Fixed([0, 1, 2].map(|skip| Aligned::new(&bytes, skip))));
                }
                short => match runs.last_mut() {
                    Some(Run::Open(pieces)) => pieces.push(short),
                    _ => runs.push(Run::Open(vec![short])),
                },
            }
        }
        Ok(EncodedPart { runs })
    }

    /// About how many bytes [`EncodedPart::write`] appends.
    pub(super) fn size_hint(&self) -> usize {
        let size = |run: &Run| match run {
            Run::Open(pieces) => 512 * pieces.len(),
            Run::Fixed([first, ..]) => first.encoded.len(),
        };
        self.runs.iter().map(size).sum()
    }

    /// Appends the encoded part, filled with `fields`; it ends with CRLF unless it is empty.
    pub(super) fn write(&self, fields: &Fields<'_>, out: &mut Vec<u8>) {
        // What is not yet encoded: leftovers of the run before, personal text, short constants.
        let mut pending: Vec<u8> = Vec::with_capacity(512);
        for run in &self.runs {
            match run {
                Run::Open(pieces) => {
                    for piece in pieces {
                        pending.extend_from_slice(match piece {
                            Piece::Text(bytes) => bytes,
                            Piece::Slot(slot) => fields.get(*slot).as_bytes(),
                        });
                    }
                }
                Run::Fixed([none, one, two]) => {
                    let aligned = match pending.len() % 3 {
                        0 => none,
                        1 => two,
                        _ => one,
                    };
                    pending.extend_from_slice(&aligned.head);
                    encode_lines(&pending, out);
                    out.extend_from_slice(&aligned.encoded);
                    pending.clear();
                    pending.extend_from_slice(&aligned.tail);
                }
            }
        }
        encode_lines(&pending, out);
    }
}

impl Aligned {
    fn new(bytes: &[u8], skip: usize) -> Aligned {
        let (head, rest) = bytes.split_at(skip.min(bytes.len()));
        let (whole, tail) = rest.split_at(rest.len() / 3 * 3);
        let mut encoded = Vec::new();
        encode_lines(whole, &mut encoded);
        Aligned { head: head.to_vec(), encoded, tail: tail.to_vec() }
    }
}

/// Appends `bytes` in base64, padded at the end where needed.
pub(super) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, b'=');
    // The room is exactly what the padded encoding needs, so neither call can fail.
    if let Some(room) = out.get_mut(start..) {
        let _ = STANDARD.encode_slice(bytes, room);
    }
}

/// Appends `bytes` in base64 lines of at most 76 letters, each with CRLF; nothing for nothing.
fn encode_lines(bytes: &[u8], out: &mut Vec<u8>) {
    for line in bytes.chunks(LINE_BYTES) {
        encode(line, out);
        out.extend_from_slice(b"\r\n");
    }
}

fn split(text: &str) -> Result<Vec<Piece>, ComposeError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        push_text(&mut pieces, before)?;
        let (name, after) = after.split_once(CLOSE).ok_or(ComposeError::BrokenSlot)?;
        let slot = Slot::ALL
            .into_iter()
            .find(|slot| slot.name() == name)
            .ok_or_else(|| ComposeError::UnknownSlot(name.chars().take(40).collect()))?;
        pieces.push(Piece::Slot(slot));
        rest = after;
    }
    push_text(&mut pieces, rest)?;
    Ok(pieces)
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) -> Result<(), ComposeError> {
    if text.contains(CLOSE) {
        return Err(ComposeError::BrokenSlot);
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(crlf(text)));
    }
    Ok(())
}

/// Every CRLF, lone CR and lone LF as CRLF.
fn crlf(text: &str) -> Vec<u8> {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(part: &EncodedPart, name: &str) -> String {
        let mut out = Vec::new();
        part.write(&Fields { name, unsubscribe_url: "https://a.example/?b=1&c", consented_on: "" }, &mut out);
        let encoded: Vec<u8> = out.into_iter().filter(|b| !b"\r\n".contains(b)).collect();
        String::from_utf8(STANDARD.decode(encoded).expect("sound base64")).expect("UTF-8")
    }

    #[test]
    fn every_alignment_of_field_and_constant_decodes_exactly() {
        let marker = Slot::Name.marker();
        for constant in [0, 1, 2, 3, LONG - 1, LONG, LONG + 1, LONG + 2, 2 * LONG] {
            for field in 0..7 {
                let (constant, name) = ("x".repeat(constant), "n".repeat(field));
                let template = format!("{constant}{marker}{constant}y{marker}{marker}{constant}");
                let part = EncodedPart::new(&template).expect("part");
                assert_eq!(decoded(&part, &name), template.replace(&marker, &name));
            }
        }
    }

    #[test]
    fn lines_are_at_most_76_letters_and_none_is_empty() {
        let template = format!("{0}{1}{0}", "가".repeat(400), Slot::Name.marker());
        let part = EncodedPart::new(&template).expect("part");
        let mut out = Vec::new();
        part.write(&Fields { name: &"나".repeat(50), unsubscribe_url: "", consented_on: "" }, &mut out);
        let text = String::from_utf8(out).expect("ASCII");
        for line in text.strip_suffix("\r\n").expect("CRLF at the end").split("\r\n") {
            assert!((1..=76).contains(&line.len()), "{line:?}");
        }
    }

    #[test]
    fn every_line_break_becomes_crlf() {
        assert_eq!(crlf("a\nb\r\nc\rd\n\n"), b"a\r\nb\r\nc\r\nd\r\n\r\n");
    }
}
