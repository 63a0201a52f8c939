//! Effect: everything a person takes along who leaves, row by row and in order: memory does not grow with the list.
//!
//! [`NOUNS`] says what is taken and what each field means; whoever adds a table or a column adds it there, or says why
//! not in [`LEFT_OUT`]. Rows of people who left hold dates and nothing else, as they do here.

mod nouns;

use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{Ledger, StoreError, sql};
use crate::clock::{Instant, from_millis};
use crate::model::EditionId;
use crate::model::edition::Content;

pub use nouns::{LEFT_OUT, NOUNS};

/// One kind of rows, in its own file.
#[derive(Clone, Copy, Debug)]
pub struct Noun {
    /// The file's name without its ending, and the table's.
    pub name: &'static str,
    /// In Korean, what a row is.
    pub meaning: &'static str,
    /// The fields, in order.
    pub fields: &'static [Field],
    /// The columns of the query, in the fields' order, where they are not just the fields' names.
    columns: &'static [(&'static str, &'static str)],
    /// What the rows are read from and how they are ordered, in SQL.
    from: &'static str,
}

/// One value of a row.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key in the file.
    pub name: &'static str,
    /// How it is written.
    pub kind: Kind,
    /// In Korean, what it says.
    pub meaning: &'static str,
}

/// How a column is written as JSON. NULL is always `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// Text.
    Text,
    /// 0 or 1.
    Flag,
    /// Milliseconds, as an RFC 3339 text in UTC.
    Instant,
    /// JSON kept as text.
    Json,
    /// Bytes, as hex digits.
    Hex,
}

/// A row: keys with their values, in the fields' order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record(pub Vec<(&'static str, Value)>);

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// A frozen edition with its letter.
#[derive(Clone, Debug, PartialEq)]
pub struct FrozenLetter {
    /// Which edition.
    pub id: EditionId,
    /// Of which digest.
    pub digest: String,
    /// When it was frozen: the letter's date.
    pub frozen_at: Instant,
    /// What it says, with slots where personal parts go.
    pub content: Content,
}

impl Noun {
    fn query(&self) -> String {
        let column = |field: &Field| {
            let known = self.columns.iter().find(|(name, _)| *name == field.name);
            known.map_or_else(|| field.name.to_owned(), |(_, expression)| (*expression).to_owned())
        };
        let columns: Vec<String> = self.fields.iter().map(column).collect();
        format!("SELECT {} FROM {}", columns.join(", "), self.from)
    }
}

impl Ledger<'_> {
    /// How many rows of `noun` there are.
    pub fn count_of(&self, noun: &Noun) -> Result<u64, StoreError> {
        self.db
            .prepare_cached(&format!("SELECT count(*) FROM {}", noun.name))
            .and_then(|mut count| count.query_row([], |row| row.get::<_, i64>(0)))
            .map(i64::unsigned_abs)
            .map_err(sql)
    }

    /// Shows each row of `noun` as a JSON object, in the order of its key, until `visit` fails.
    pub fn each_of<E: From<StoreError>>(
        &self,
        noun: &Noun,
        mut visit: impl FnMut(&Record) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut list = self.db.prepare_cached(&noun.query()).map_err(sql)?;
        let mut rows = list.query([]).map_err(sql)?;
        let mut record = Record::default();
        while let Some(row) = rows.next().map_err(sql)? {
            record.0.clear();
            for (place, field) in noun.fields.iter().enumerate() {
                record.0.push((field.name, value(row, place, field.kind).map_err(sql)?));
            }
            visit(&record)?;
        }
        Ok(())
    }

    /// Shows each frozen letter, the oldest first, until `visit` fails.
    pub fn each_letter<E: From<StoreError>>(
        &self,
        mut visit: impl FnMut(FrozenLetter) -> Result<(), E>,
    ) -> Result<(), E> {
        const QUERY: &str = "SELECT id, digest, frozen_at, subject, preheader, html, text
                               FROM editions WHERE html IS NOT NULL ORDER BY id";
        let mut list = self.db.prepare_cached(QUERY).map_err(sql)?;
        let mut rows = list.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            visit(letter(row).map_err(sql)?)?;
        }
        Ok(())
    }
}

fn letter(row: &Row<'_>) -> rusqlite::Result<FrozenLetter> {
    let text = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<String>>(column)?.unwrap_or_default());
    Ok(FrozenLetter {
        id: EditionId(row.get(0)?),
        digest: row.get(1)?,
        frozen_at: from_millis(row.get(2)?),
        content: Content { subject: text(3)?, preheader: text(4)?, html: text(5)?, text: text(6)? },
    })
}

fn value(row: &Row<'_>, place: usize, kind: Kind) -> rusqlite::Result<Value> {
    let found = row.get_ref(place)?;
    Ok(match (kind, found) {
        (_, ValueRef::Null) => Value::Null,
        (Kind::Flag, ValueRef::Integer(number)) => Value::from(number != 0),
        (Kind::Instant, ValueRef::Integer(millis)) => serde_json::json!(from_millis(millis)),
        (Kind::Json, ValueRef::Text(text)) => serde_json::from_slice(text).unwrap_or_else(|_| lossy(text)),
        (_, ValueRef::Integer(number)) => Value::from(number),
        (_, ValueRef::Real(number)) => Value::from(number),
        (_, ValueRef::Text(text)) => lossy(text),
        (_, ValueRef::Blob(bytes)) => Value::String(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
    })
}

fn lossy(text: &[u8]) -> Value {
    Value::from(String::from_utf8_lossy(text))
}
