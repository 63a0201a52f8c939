//! Pure: fetched bytes to text. Nothing is replaced or guessed away: text is read whole, or said to be unreadable, and where.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, EUC_KR, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::error::Reason;

/// How far a zero byte is looked for: in binary files, and in UTF-16 without a mark, one stands near the start.
const HEAD: usize = 8_000;
/// How much an encoding is guessed from.
const GUESSED: usize = 100_000;

/// Bytes read as text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// The bytes ended within a character, which was left off.
    pub cut_off: bool,
}

/// Reads `bytes` by their mark, as UTF-8, as what the server declared, or as Korean CP949.
///
/// UTF-8 goes before the declaration: Korean text in another encoding is never valid UTF-8 by chance, and servers
/// declare wrongly.
pub(super) fn decode(mut bytes: Vec<u8>, declared: Option<&'static Encoding>) -> Result<Decoded, Reason> {
    let wide = |encoding: &Encoding| encoding == UTF_16LE || encoding == UTF_16BE;
    match Encoding::for_bom(&bytes) {
        Some((encoding, mark)) if wide(encoding) => {
            return strict(encoding, bytes.get(mark..).unwrap_or_default()).ok_or(Reason::NotText);
        }
        Some((_, mark)) => drop(bytes.drain(..mark)),
        None => {}
    }
    if let Some(read) =
        declared.filter(|&encoding| wide(encoding)).and_then(|encoding| strict(encoding, &bytes))
    {
        return Ok(read);
    }
    if bytes.iter().take(HEAD).any(|&byte| byte == 0) {
        return Err(Reason::NotText);
    }
    let error = match String::from_utf8(bytes) {
        Ok(text) => return Ok(Decoded { text, cut_off: false }),
        Err(error) => error,
    };
    let sound = error.utf8_error().valid_up_to();
    if error.utf8_error().error_len().is_none() {
        let mut bytes = error.into_bytes();
        bytes.truncate(sound);
        return String::from_utf8(bytes)
            .map(|text| Decoded { text, cut_off: true })
            .map_err(|_| Reason::NotText);
    }
    let bytes = error.as_bytes();
    let declared = declared.or_else(|| in_xml(bytes));
    // Servers say Latin-1 of everything, and in it every byte means something: it is believed last.
    let (latin, named) = (declared == Some(WINDOWS_1252), declared.filter(|&encoding| encoding != UTF_8));
    named
        .filter(|_| !latin)
        .and_then(|encoding| strict(encoding, bytes))
        .or_else(|| korean(bytes))
        .or_else(|| named.filter(|_| latin).and_then(|encoding| strict(encoding, bytes)))
        .ok_or_else(|| {
            let before = bytes.get(..sound).unwrap_or_default();
            let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
            Reason::Encoding { line, byte: sound + 1 }
        })
}

/// The encoding that an XML declaration names.
fn in_xml(bytes: &[u8]) -> Option<&'static Encoding> {
    let head: String = bytes.iter().take(200).map(|&byte| char::from(byte)).collect();
    let declaration = head.trim_start().strip_prefix("<?xml")?.split_once("?>")?.0;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let label = value.get(1..)?.split(['"', '\'']).next()?;
    Encoding::for_label(label.as_bytes())
}

/// The text in `encoding`, or nothing if one sequence means nothing in it.
fn strict(encoding: &'static Encoding, bytes: &[u8]) -> Option<Decoded> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length_without_replacement(bytes.len())?);
    let (result, _) = decoder.decode_to_string_without_replacement(bytes, &mut text, false);
    if result != DecoderResult::InputEmpty {
        return None;
    }
    // Ending the input shows whether a sequence was left open.
    let (end, _) = decoder.decode_to_string_without_replacement(&[], &mut text, true);
    Some(Decoded { text, cut_off: matches!(end, DecoderResult::Malformed(..)) })
}

/// The text as CP949 (EUC-KR and its extension), if it reads as Korean.
fn korean(bytes: &[u8]) -> Option<Decoded> {
    let read = strict(EUC_KR, bytes)?;
    let foreign = read.text.chars().filter(|c| !c.is_ascii()).count();
    let hangul = read.text.chars().filter(|c| ('가'..='힣').contains(c)).count();
    // That most of what is not ASCII reads as Hangul is the better witness: the guess is weak on a few syllables, and slow.
    if hangul * 2 > foreign {
        return Some(read);
    }
    let mut guess = EncodingDetector::new(Iso2022JpDetection::Deny);
    guess.feed(bytes.get(..GUESSED).unwrap_or(bytes), true);
    (guess.guess(Some(b"kr"), Utf8Detection::Deny) == EUC_KR).then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: &str = "오늘의 글\n반응이 많았어요 👍";

    fn text(bytes: &[u8], declared: Option<&'static Encoding>) -> String {
        decode(bytes.to_vec(), declared).expect("readable").text
    }

    fn cp949(text: &str) -> Vec<u8> {
        EUC_KR.encode(text).0.into_owned()
    }

    #[test]
    fn utf8_is_read_with_and_without_its_mark_and_whatever_was_declared() {
        assert_eq!(text(LETTER.as_bytes(), None), LETTER);
        assert_eq!(text(format!("\u{feff}{LETTER}").as_bytes(), None), LETTER);
        assert_eq!(text(LETTER.as_bytes(), Some(EUC_KR)), LETTER);
        assert_eq!(text(LETTER.as_bytes(), Some(WINDOWS_1252)), LETTER);
        assert_eq!(text(b"", None), "");
    }

    #[test]
    fn what_an_xml_declaration_names_counts_where_the_server_names_nothing() {
        let japanese = encoding_rs::SHIFT_JIS;
        let xml = "<?xml version='1.0' encoding = 'Shift_JIS'?><rss><title>春の日記</title></rss>";
        let bytes = japanese.encode(xml).0.into_owned();
        assert_eq!(text(&bytes, None), xml);
        let xml = "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><t>caf\u{e9}</t>";
        assert_eq!(text(&WINDOWS_1252.encode(xml).0, None), xml);
    }

    #[test]
    fn utf16_is_read_by_its_mark_or_by_declaration() {
        let wide = |mark: bool| -> Vec<u8> {
            let mark = mark.then_some(0xfeff);
            mark.into_iter().chain(LETTER.encode_utf16()).flat_map(u16::to_le_bytes).collect()
        };
        assert_eq!(text(&wide(true), None), LETTER);
        assert_eq!(text(&wide(false), Some(UTF_16LE)), LETTER);
        let mut big = vec![0xfe, 0xff];
        big.extend(LETTER.encode_utf16().flat_map(u16::to_be_bytes));
        assert_eq!(text(&big, Some(UTF_8)), LETTER);
    }

    #[test]
    fn cp949_is_recognised_undeclared_declared_and_under_a_wrong_name() {
        let korean = "똠방각하 펲시콜라\n새 글을 모아서 보내 드려요";
        for declared in [None, Some(EUC_KR), Some(UTF_8), Some(WINDOWS_1252)] {
            assert_eq!(text(&cp949(korean), declared), korean, "{declared:?}");
        }
        assert_eq!(text(&cp949("제목: hello"), None), "제목: hello");
    }

    #[test]
    fn latin_text_is_read_where_it_was_declared() {
        assert_eq!(text(b"caf\xe9 na\xefve", Some(WINDOWS_1252)), "café naïve");
    }

    #[test]
    fn a_text_cut_within_a_character_is_read_up_to_it_and_says_so() {
        let bytes = "글 하나\n둘".as_bytes();
        for cut in 1..=2 {
            let read = decode(bytes[..bytes.len() - cut].to_vec(), None).expect("readable");
            assert_eq!(read, Decoded { text: "글 하나\n".to_owned(), cut_off: true });
        }
        let bytes = cp949("글 하나\n둘");
        let read = decode(bytes[..bytes.len() - 1].to_vec(), None).expect("readable");
        assert_eq!(read, Decoded { text: "글 하나\n".to_owned(), cut_off: true });
    }

    #[test]
    fn unreadable_bytes_are_named_by_line_and_byte() {
        let mut bytes = "첫 줄\n둘째 줄 ".as_bytes().to_vec();
        let at = bytes.len() + 1;
        bytes.extend([0xff, 0xfe, 0xff, b'\n', b'x']);
        match decode(bytes, None) {
            Err(Reason::Encoding { line, byte }) => assert_eq!((line, byte), (2, at)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn binary_content_is_not_taken_for_text() {
        for bytes in [&b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"[..], b"\x1f\x8b\x08\x00abc", b"h\x00i\x00"] {
            assert!(matches!(decode(bytes.to_vec(), None), Err(Reason::NotText)), "{bytes:?}");
        }
    }
}
