//! Effect: the rows of a file one after another, each with its line and what it means or what is wrong with it.

use std::cell::Cell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use csv::{Position, StringRecord};

use super::file::{Fault, Reader, csv_fault, open};
use super::input::Input;
use super::row::{Row, Rules, Wrong};
use crate::cli::subscribers::columns::Columns;
use crate::cli::subscribers::shown;

/// A row in its line.
pub(super) type Line = (u64, Result<Row, Wrong>);

/// A file behind its header.
pub(super) struct Rows<'a> {
    rules: &'a Rules,
    csv: Reader,
    since_record: Rc<Cell<usize>>,
    record: StringRecord,
    columns: Columns,
    header: Vec<String>,
    print: DefaultHasher,
}

impl<'a> Rows<'a> {
    pub(super) fn open(input: &Input, rules: &'a Rules) -> Result<Rows<'a>, Fault> {
        let (mut csv, since_record) = open(input)?;
        let mut record = StringRecord::new();
        loop {
            if !csv.read_record(&mut record).map_err(|error| csv_fault(&error))? {
                return Err(Fault("빈 파일이에요. 첫 행이 이메일,이름,구독일인 CSV 파일을 주세요".into()));
            }
            // `sep=;` is Excel's own word on the delimiter.
            if !is_blank(&record) && record.get(0) != Some("sep=") {
                break;
            }
        }
        let columns = rules.header(&record)?;
        let header = record.iter().map(shown).collect();
        Ok(Rows { rules, csv, since_record, record, columns, header, print: DefaultHasher::new() })
    }

    /// The next row with anything in it.
    pub(super) fn next(&mut self) -> Result<Option<Line>, Fault> {
        loop {
            self.since_record.set(0);
            if !self.csv.read_record(&mut self.record).map_err(|error| csv_fault(&error))? {
                return Ok(None);
            }
            if !is_blank(&self.record) {
                break;
            }
        }
        for cell in &self.record {
            cell.hash(&mut self.print);
        }
        let line = self.record.position().map_or(0, Position::line);
        Ok(Some((line, self.rules.row(&self.record, &self.columns, self.header.len()))))
    }

    /// Where in its line that is wrong: `3열(구독일)`; none where it is the whole line.
    pub(super) fn place(&self, wrong: &Wrong) -> Option<String> {
        let column = wrong.column?;
        self.header.get(column).map(|title| format!("{}열({title})", column + 1))
    }

    /// The same for two readings of the same rows.
    pub(super) fn print(&self) -> u64 {
        self.print.finish()
    }
}

fn is_blank(record: &StringRecord) -> bool {
    record.iter().all(|cell| cell.trim().is_empty())
}
