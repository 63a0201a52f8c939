//! Effect: writes paragraphs and tables that fit a terminal's width: no word of them is broken.

use std::io::{self, Write};

use comfy_table::{CellAlignment, Row, Table, presets};
use console::{Term, style};

use crate::korean::width;

/// Where a screen is written to, and its columns where they are known.
pub(super) struct Page<'a, W: Write> {
    out: &'a mut W,
    columns: Option<usize>,
}

/// Rows under a header, the first of which names the row.
pub(super) struct Rows {
    header: Vec<&'static str>,
    rows: Vec<Vec<Field>>,
}

/// What stands in one field of a row.
pub(super) enum Field {
    Text(String),
    /// A number, with its digits grouped.
    Count(String),
}

impl Field {
    fn text(&self) -> &str {
        let (Field::Text(text) | Field::Count(text)) = self;
        text
    }
}

impl Rows {
    pub(super) fn new(header: &[&'static str]) -> Rows {
        Rows { header: header.to_vec(), rows: Vec::new() }
    }

    pub(super) fn add(&mut self, fields: Vec<Field>) {
        self.rows.push(fields);
    }

    fn table(&self, wanted: &[usize]) -> Vec<String> {
        let mut table = Table::new();
        table.load_preset(presets::UTF8_FULL_CONDENSED);
        table.set_header(wanted.iter().filter_map(|at| self.header.get(*at)));
        for row in &self.rows {
            table.add_row(Row::from(wanted.iter().filter_map(|at| row.get(*at)).map(Field::text)));
        }
        for (column, at) in table.column_iter_mut().zip(wanted) {
            if self.rows.iter().any(|row| matches!(row.get(*at), Some(Field::Count(_)))) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.lines().collect()
    }

    /// Columns in which something other than 0 stands.
    fn telling(&self) -> Vec<usize> {
        let tells =
            |at: &usize| self.rows.iter().any(|row| row.get(*at).is_some_and(|one| one.text() != "0"));
        (0..self.header.len()).filter(tells).collect()
    }
}

impl<'a, W: Write> Page<'a, W> {
    /// As wide as the terminal; as wide as anything where there is none.
    pub(super) fn new(out: &'a mut W) -> Page<'a, W> {
        let columns = Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
        Page { out, columns }
    }

    /// A line of its own above what belongs together.
    pub(super) fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{}", style(text).bold())
    }

    /// `text` behind `mark`; further lines begin below its first letter.
    pub(super) fn paragraph(&mut self, mark: &str, text: &str) -> io::Result<()> {
        let indent = width::of(&console::strip_ansi_codes(mark));
        let room = self.columns.map_or(usize::MAX, |columns| columns.saturating_sub(indent));
        for (index, line) in width::wrap(text, room).iter().enumerate() {
            match index {
                0 => writeln!(self.out, "{mark}{line}")?,
                _ => writeln!(self.out, "{:indent$}{line}", "")?,
            }
        }
        Ok(())
    }

    /// A table where it fits, without the columns of noughts if need be; else each row in words.
    pub(super) fn rows(&mut self, rows: &Rows) -> io::Result<()> {
        let fits = |table: &Vec<String>| {
            self.columns.is_none_or(|columns| table.iter().all(|line| width::of(line) <= columns))
        };
        let every: Vec<usize> = (0..rows.header.len()).collect();
        if let Some(table) = [every, rows.telling()].iter().map(|wanted| rows.table(wanted)).find(fits) {
            return table.iter().try_for_each(|line| writeln!(self.out, "{line}"));
        }
        for row in &rows.rows {
            let mut named = rows.header.iter().copied().zip(row).map(|(name, field)| (name, field.text()));
            self.paragraph("  ", named.next().unwrap_or_default().1)?;
            let said = named.filter(|(_, text)| !text.is_empty());
            self.pieces("    ", said.map(|(name, text)| format!("{name} {text}")))?;
        }
        Ok(())
    }

    /// What belongs together stays in one line where it fits.
    fn pieces(&mut self, mark: &str, pieces: impl Iterator<Item = String>) -> io::Result<()> {
        let room = self.columns.map_or(usize::MAX, |columns| columns.saturating_sub(width::of(mark)));
        let mut line = String::new();
        for piece in pieces {
            let longer = format!("{line}{}{piece}", if line.is_empty() { "" } else { " · " });
            if line.is_empty() || width::of(&longer) <= room {
                line = longer;
            } else {
                self.paragraph(mark, &std::mem::replace(&mut line, piece))?;
            }
        }
        self.paragraph(mark, &line)
    }
}
