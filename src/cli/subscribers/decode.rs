//! Effect: a subscriber file as UTF-8 text, whatever a spreadsheet saved it as, a piece at a time.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use encoding_rs::{CoderResult, Decoder, DecoderResult, EUC_KR, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Why a file cannot be read as text.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// It cannot be opened or read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A device.
    #[error("일반 파일이 아니에요. 먼저 파일로 저장한 뒤 그 경로를 적어 주세요")]
    NotAFile,
    /// A pipe that brings more than any list of people.
    #[error("1GB를 넘어요. 먼저 파일로 저장해 내용을 확인해 주세요")]
    Endless,
    /// A spreadsheet's own format.
    #[error("엑셀 파일(.xlsx)이에요. 엑셀에서 '다른 이름으로 저장 → CSV UTF-8'로 저장한 파일을 주세요")]
    Spreadsheet,
    /// Neither UTF-8 nor CP949.
    #[error(
        "글자를 읽을 수 없어요 (UTF-8도 CP949도 아니에요). {line}행 근처부터 읽히지 않아요. CSV UTF-8로 저장해 주세요"
    )]
    Encoding {
        /// The line in which UTF-8 first fails, from 1.
        line: u64,
    },
}

/// How many bytes one record may take: an open quote must not swallow the whole file into memory.
const LONGEST_RECORD: usize = 256 * 1024;
const PIECE: usize = 32 * 1024;

/// The file's text in UTF-8 without a byte order mark.
pub struct Text {
    file: File,
    decoder: Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    given: usize,
    ended: bool,
    since_record: Rc<Cell<usize>>,
}

impl Text {
    /// Reads `file`, at its beginning, once through to tell UTF-8 (with or without mark), UTF-16 with mark and CP949 apart.
    pub fn of(mut file: File) -> Result<Text, DecodeError> {
        let encoding = encoding_of(&mut file)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Text {
            file,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: vec![0; PIECE],
            text: Vec::new(),
            given: 0,
            ended: false,
            since_record: Rc::new(Cell::new(0)),
        })
    }

    /// Counts the bytes handed out; whoever reads records sets it to zero after each.
    pub fn since_record(&self) -> Rc<Cell<usize>> {
        Rc::clone(&self.since_record)
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.given = 0;
        let read = self.file.read(&mut self.raw)?;
        self.ended = read == 0;
        let mut rest = self.raw.get(..read).unwrap_or_default();
        let mut piece = vec![0u8; PIECE * 3 + 16];
        loop {
            let (result, used, written, _) = self.decoder.decode_to_utf8(rest, &mut piece, self.ended);
            self.text.extend_from_slice(piece.get(..written).unwrap_or_default());
            rest = rest.get(used..).unwrap_or_default();
            if result == CoderResult::InputEmpty {
                return Ok(());
            }
        }
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given >= self.text.len() && !self.ended {
            self.refill()?;
        }
        if self.since_record.get() > LONGEST_RECORD {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "닫히지 않은 큰따옴표(\")가 있거나 한 행이 너무 길어요",
            ));
        }
        let rest = self.text.get(self.given..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(rest) {
            *to = *from;
        }
        self.given += count;
        self.since_record.set(self.since_record.get() + count);
        Ok(count)
    }
}

fn encoding_of(file: &mut File) -> Result<&'static Encoding, DecodeError> {
    let mut head = [0u8; 4];
    let length = read_full(file, &mut head)?;
    let head = head.get(..length).unwrap_or_default();
    if head.starts_with(b"PK\x03\x04") || head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(DecodeError::Spreadsheet);
    }
    for encoding in [UTF_16LE, UTF_16BE] {
        let mark: &[u8] = if encoding == UTF_16LE { &[0xff, 0xfe] } else { &[0xfe, 0xff] };
        if head.starts_with(mark) {
            return Ok(encoding);
        }
    }
    let utf8 = survey(file, UTF_8)?;
    let Some(line) = utf8.failed_in_line else { return Ok(UTF_8) };
    let korean = survey(file, EUC_KR)?;
    let sound = korean.failed_in_line.is_none() && !korean.binary;
    // The guess is weak on a few syllables; that most of what is not ASCII reads as Hangul is the better witness then.
    if sound && (korean.guessed_korean || korean.hangul * 2 > korean.other) {
        return Ok(EUC_KR);
    }
    Err(DecodeError::Encoding { line })
}

/// What reading the whole file in one encoding showed.
#[derive(Default)]
struct Survey {
    failed_in_line: Option<u64>,
    guessed_korean: bool,
    binary: bool,
    hangul: u64,
    other: u64,
}

fn survey(file: &mut File, encoding: &'static Encoding) -> io::Result<Survey> {
    file.seek(SeekFrom::Start(0))?;
    let mut found = Survey::default();
    let mut guess = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (mut raw, mut text) = (vec![0u8; PIECE], String::with_capacity(PIECE * 3 + 16));
    let mut line = 1;
    loop {
        let read = file.read(&mut raw)?;
        let mut rest = raw.get(..read).unwrap_or_default();
        guess.feed(rest, read == 0);
        loop {
            text.clear();
            let (result, used) = decoder.decode_to_string_without_replacement(rest, &mut text, read == 0);
            rest = rest.get(used..).unwrap_or_default();
            for c in text.chars() {
                line += u64::from(c == '\n');
                found.binary |= c == '\0';
                found.hangul += u64::from(('가'..='힣').contains(&c));
                found.other += u64::from(!c.is_ascii());
            }
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    found.failed_in_line = Some(line);
                    return Ok(found);
                }
            }
        }
        if read == 0 {
            found.guessed_korean = guess.guess(Some(b"kr"), chardetng::Utf8Detection::Deny) == EUC_KR;
            return Ok(found);
        }
    }
}

fn read_full(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}
