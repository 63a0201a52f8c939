//! Pure: the cursor over one section of the file.
//!
//! A key is declared where it is read: name, reader and default in one place. What was never asked for is unknown.

use std::collections::BTreeMap;

use super::findings::Findings;
use super::raw::{Entry, Item, Node, Table};
use super::report::{Place, nearest, plain};
use super::value::Problem;

/// The cursor over one section.
pub(super) struct Section<'r, 't> {
    findings: &'r mut Findings<'t>,
    /// `smtp`, `digest[0]`; empty for the whole file.
    path: String,
    place: Place,
    entries: Vec<Entry>,
    known: Vec<&'static str>,
    places: BTreeMap<&'static str, Place>,
}

impl<'r, 't> Section<'r, 't> {
    pub(super) fn root(findings: &'r mut Findings<'t>, table: Table) -> Section<'r, 't> {
        Section::new(findings, String::new(), Place::File, table)
    }

    fn new(findings: &'r mut Findings<'t>, path: String, place: Place, table: Table) -> Section<'r, 't> {
        Section { findings, path, place, entries: table.entries, known: Vec::new(), places: BTreeMap::new() }
    }

    fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn take(&mut self, key: &'static str) -> Option<Node> {
        self.known.push(key);
        let at = self.entries.iter().position(|entry| entry.name == key)?;
        let entry = self.entries.remove(at);
        let place = self.findings.place(&entry.node.origin);
        self.places.insert(key, place);
        Some(entry.node)
    }

    /// Where `key` stands, else its section.
    pub(super) fn place(&self, key: &str) -> Place {
        self.places.get(key).unwrap_or(&self.place).clone()
    }

    /// Whether `key` was written.
    pub(super) fn has(&self, key: &str) -> bool {
        self.places.contains_key(key) || self.entries.iter().any(|entry| entry.name == key)
    }

    /// The key's value; none where it is missing or wrong, which is then on record.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Item) -> Result<T, Problem>,
    ) -> Option<T> {
        let node = self.take(key)?;
        read(&node.item).map_err(|problem| self.fault(key, problem)).ok()
    }

    /// The key's value, else `default`.
    pub(super) fn or<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Item) -> Result<T, Problem>,
        default: T,
    ) -> T {
        self.optional(key, read).unwrap_or(default)
    }

    /// The key's value; a missing key is a fault, and `why` says what to write.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Item) -> Result<T, Problem>,
        why: &str,
    ) -> Option<T> {
        if self.has(key) {
            return self.optional(key, read);
        }
        self.known.push(key);
        self.missing(key, why);
        None
    }

    /// A key that must be there is not.
    pub(super) fn missing(&mut self, key: &str, why: &str) {
        let (place, key) = (self.place.clone(), self.key(key));
        self.findings.echo(place, key, Problem::new("꼭 있어야 하는데 없어요", why));
    }

    /// A secret: only by a variable. In the file it is a fault.
    pub(super) fn secret(&mut self, key: &'static str, advice: &str) -> Option<String> {
        let node = self.take(key)?;
        if let Item::Variable(value) = node.item {
            return Some(value);
        }
        self.fault(key, Problem::new("비밀번호를 설정 파일에 그대로 적을 수 없어요", advice));
        None
    }

    /// A section that must be there is not.
    pub(super) fn missing_section(&mut self, key: &str, why: &str) {
        if !self.has(key) {
            self.missing(key, why);
        }
    }

    /// A key whose absence was handled, so that it is not unknown.
    pub(super) fn knows(&mut self, key: &'static str) {
        self.known.push(key);
    }

    /// A fault of `key` in the section `name` below, which may not exist.
    pub(super) fn fault_at(&mut self, name: &str, key: &str, problem: Problem) {
        self.findings.fault(self.place(name), self.key(&format!("{name}.{key}")), problem);
    }

    /// A fault at a place found earlier.
    pub(super) fn fault_in(&mut self, place: Place, key: &str, problem: Problem) {
        self.findings.fault(place, key.to_owned(), problem);
    }

    /// The same for what is allowed.
    pub(super) fn warning_at(&mut self, name: &str, key: &str, problem: Problem) {
        self.findings.warning(self.place(name), self.key(&format!("{name}.{key}")), problem);
    }

    /// A fault of `key`.
    pub(super) fn fault(&mut self, key: &str, problem: Problem) {
        let (place, key) = (self.place(key), self.key(key));
        self.findings.fault(place, key, problem);
    }

    /// What is allowed but worth knowing of `key`.
    pub(super) fn warning(&mut self, key: &str, what: impl Into<String>, advice: impl Into<String>) {
        let (place, key) = (self.place(key), self.key(key));
        self.findings.warning(place, key, Problem::new(what, advice));
    }

    /// The section below `key`; an empty one where there is none.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'_, 't> {
        let path = self.key(key);
        let (place, table) = match self.take(key) {
            Some(Node { item: Item::Table(table), .. }) => (self.place(key), table),
            Some(_) => {
                let advice = format!("`[{path}]` 줄을 쓰고 그 아래에 키를 적으세요");
                self.fault(key, Problem::new("구역이어야 해요", advice));
                (self.place(key), Table::default())
            }
            None => (self.place.clone(), Table::default()),
        };
        Section::new(self.findings, path, place, table)
    }

    /// Reads each `[[key]]` in turn; `[key]` counts as one, with a fault.
    pub(super) fn each(&mut self, key: &'static str, mut read: impl FnMut(Section<'_, 't>)) {
        let advice = format!("`[[{key}]]`처럼 대괄호를 두 겹으로 쓰세요");
        let nodes = match self.take(key) {
            Some(Node { item: Item::List(nodes), .. }) => nodes,
            Some(node) => {
                self.fault(key, Problem::new("여러 개를 적을 수 있는 구역이에요", advice.clone()));
                vec![node]
            }
            None => Vec::new(),
        };
        for (index, node) in nodes.into_iter().enumerate() {
            let (path, place) = (format!("{key}[{index}]"), self.findings.place(&node.origin));
            match node.item {
                Item::Table(table) => read(Section::new(self.findings, path, place, table)),
                _ => self.findings.fault(place, path, Problem::new("구역이어야 해요", advice.clone())),
            }
        }
    }

    /// Names and values of an open table, each read by `read`.
    pub(super) fn entries<T>(mut self, read: impl Fn(&str, &Item) -> Result<T, Problem>) -> Vec<T> {
        let mut found = Vec::new();
        for entry in std::mem::take(&mut self.entries) {
            match read(&entry.name, &entry.node.item) {
                Ok(value) => found.push(value),
                Err(problem) => {
                    let (place, key) =
                        (self.findings.place(&entry.node.origin), self.key(&plain(&entry.name)));
                    self.findings.fault(place, key, problem);
                }
            }
        }
        found
    }

    /// Whatever was never asked for is unknown.
    pub(super) fn finish(mut self) {
        for entry in std::mem::take(&mut self.entries) {
            let what = if self.path.is_empty() { "모르는 구역이에요" } else { "모르는 키예요" };
            let advice = match nearest(&entry.name, self.known.iter().copied()) {
                Some(meant) => format!("혹시 `{meant}`? 아니면 지우세요"),
                None => format!("지우세요. 여기에 쓸 수 있는 것: {}", self.known.join(", ")),
            };
            let mut place = self.findings.place(&entry.origin);
            // The value is not shown: a mistyped `password` is unknown, too.
            if let (Place::Line(spot), Item::Text(_)) = (&mut place, &entry.node.item) {
                spot.excerpt = None;
            }
            let key = self.key(&plain(&entry.name));
            self.findings.fault(place, key, Problem::new(what, advice));
        }
    }
}
