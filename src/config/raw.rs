//! Pure: the file as a tree in which every value knows where it came from.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where a key or value came from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// Bytes of the file.
    File(Range<usize>),
    /// An environment variable.
    Variable(String),
}

/// A value and its origin.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) origin: Origin,
    pub(super) item: Item,
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Text(String),
    /// None: too large.
    Integer(Option<i64>),
    Float(f64),
    Flag(bool),
    Date,
    List(Vec<Node>),
    Table(Table),
    /// What a variable holds: read as whatever is wanted.
    Variable(String),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) node: Node,
}

/// Keys in the order of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) entries: Vec<Entry>,
}

/// Reads `text`; what is no TOML is passed over and listed as (bytes, the parser's words).
pub(super) fn parse(text: &str) -> (Table, Vec<(Range<usize>, String)>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let errors = errors
        .into_iter()
        .map(|error| (error.span().unwrap_or(text.len()..text.len()), error.message().to_owned()))
        .collect();
    (table(root.into_inner()), errors)
}

fn table(table: DeTable<'_>) -> Table {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| Entry {
            origin: Origin::File(key.span()),
            name: key.into_inner().into_owned(),
            node: node(value),
        })
        .collect();
    entries.sort_by_key(|entry| match &entry.origin {
        Origin::File(span) => span.start,
        Origin::Variable(_) => usize::MAX,
    });
    Table { entries }
}

fn node(value: Spanned<DeValue<'_>>) -> Node {
    let origin = Origin::File(value.span());
    let item = match value.into_inner() {
        DeValue::String(text) => Item::Text(text.into_owned()),
        DeValue::Integer(number) => Item::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()),
        DeValue::Float(number) => Item::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Item::Flag(flag),
        DeValue::Datetime(_) => Item::Date,
        DeValue::Array(list) => Item::List(list.into_iter().map(node).collect()),
        DeValue::Table(inner) => Item::Table(table(inner)),
    };
    Node { origin, item }
}
