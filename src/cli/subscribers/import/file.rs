//! Effect: a file of subscribers as records, whatever its encoding and delimiter.

use std::cell::Cell;
use std::io::{Cursor, Read};
use std::rc::Rc;

use super::input::Input;
use crate::cli::subscribers::decode::{DecodeError, Text};
use crate::config::io_words;

/// Why a file is refused before its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault(pub(super) String);

pub(super) type Reader = csv::Reader<std::io::Chain<Cursor<Vec<u8>>, Text>>;

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Fault {
        Fault(match error {
            DecodeError::Io(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
                "그런 파일이 없어요. 경로를 확인해 주세요".into()
            }
            DecodeError::Io(cause) => {
                format!("{}. CSV 파일의 경로를 적어 주세요", io_words(&cause))
            }
            error => error.to_string(),
        })
    }
}

/// Opens the file as records; the delimiter is what its first line holds most of: comma, tab, semicolon or bar.
pub(super) fn open(input: &Input) -> Result<(Reader, Rc<Cell<usize>>), Fault> {
    let mut text = input.open().map_err(DecodeError::from).and_then(Text::of)?;
    let mut head = Vec::new();
    let mut piece = [0u8; 4096];
    while head.len() < 64 * 1024 && !head.contains(&b'\n') {
        let read = text.read(&mut piece).map_err(|error| Fault(error.to_string()))?;
        if read == 0 {
            break;
        }
        head.extend_from_slice(piece.get(..read).unwrap_or_default());
    }
    let since_record = text.since_record();
    let delimiter = delimiter(&head);
    let csv = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(Cursor::new(head).chain(text));
    Ok((csv, since_record))
}

fn delimiter(head: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b'\t', 0), (b';', 0), (b'|', 0)];
    for &byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(known, _)| *known == byte).for_each(|(_, count)| *count += 1),
        }
    }
    // The first of equals: a file of one column is read with commas.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(byte, _)| *byte)
}

pub(super) fn csv_fault(error: &csv::Error) -> Fault {
    let line = error.position().map(|at| format!("{}행: ", at.line())).unwrap_or_default();
    Fault(match error.kind() {
        csv::ErrorKind::Io(cause) => format!("{line}{cause}"),
        _ => format!("{line}CSV로 읽을 수 없어요 ({error})"),
    })
}
