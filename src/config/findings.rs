//! Pure: the faults and warnings found while a file is read, and what of the file they may show.

use std::ops::Range;
use std::path::Path;

use super::raw::{Item, Origin, Table};
use super::report::{ConfigFaults, Fault, Place, Spot};
use super::value::Problem;

/// Names under which people keep secrets.
fn names_secret(text: &str) -> bool {
    let text = text.to_lowercase().replace("password_file", "").replace("key_file", "");
    ["pass", "secret", "token", "credential", "비밀", "암호"].iter().any(|word| text.contains(word))
}

/// The file's text and the faults found so far.
pub(super) struct Findings<'t> {
    text: &'t str,
    /// Bytes that no excerpt may show.
    hidden: Vec<Range<usize>>,
    pub(super) faults: Vec<Fault>,
    /// What is allowed but worth knowing.
    warnings: Vec<Fault>,
    /// Faults that may only be echoes of a syntax fault: something was not found.
    echoes: Vec<usize>,
}

impl<'t> Findings<'t> {
    pub(super) fn new(text: &'t str, root: &Table) -> Findings<'t> {
        let mut hidden = Vec::new();
        hide(root, &mut hidden);
        Findings { text, hidden, faults: Vec::new(), warnings: Vec::new(), echoes: Vec::new() }
    }

    pub(super) fn place(&self, origin: &Origin) -> Place {
        match origin {
            Origin::File(span) => Place::Line(Spot::new(self.text, span, self.may_show(span))),
            Origin::Variable(name) => Place::Variable(name.clone()),
        }
    }

    /// Whether the line of `span` can be shown: it names no secret, holds no part of one and no name in an address.
    fn may_show(&self, span: &Range<usize>) -> bool {
        let bytes = self.text.as_bytes();
        let at = span.start.min(bytes.len());
        let start = bytes.iter().take(at).rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let end = bytes.iter().skip(at).position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n);
        let line = self.text.get(start..end).unwrap_or_default();
        !names_secret(line)
            && !line.split("://").skip(1).any(|rest| rest.contains('@'))
            && !self.hidden.iter().any(|hidden| hidden.start < end.max(start + 1) && start < hidden.end)
    }

    /// A fault of the syntax at `span`. Its line is shown only if nothing before it could be the start of a secret.
    pub(super) fn syntax(&mut self, span: &Range<usize>, problem: String, advice: String) {
        let upto = self.text.get(..span.start).unwrap_or(self.text);
        let secret_before =
            upto.lines().any(|line| !line.trim_start().starts_with('#') && names_secret(line));
        let spot = Spot::new(self.text, span, !secret_before && self.may_show(span));
        self.faults.push(Fault { place: Place::Line(spot), key: String::new(), problem, advice });
    }

    pub(super) fn fault(&mut self, place: Place, key: String, problem: Problem) {
        let Problem { what, advice } = problem;
        self.faults.push(Fault { place, key, problem: what, advice });
    }

    pub(super) fn warning(&mut self, place: Place, key: String, problem: Problem) {
        let Problem { what, advice } = problem;
        self.warnings.push(Fault { place, key, problem: what, advice });
    }

    /// The warnings, one sentence each.
    pub(super) fn warnings(&self, path: &Path) -> Vec<String> {
        self.warnings.iter().map(|warning| warning.in_one_line(path)).collect()
    }

    pub(super) fn echo(&mut self, place: Place, key: String, problem: Problem) {
        self.echoes.push(self.faults.len());
        self.fault(place, key, problem);
    }

    /// All faults in order. After a syntax fault, what was not found is left out: it may stand in the broken line.
    pub(super) fn into_faults(self, path: &Path, syntax: usize) -> ConfigFaults {
        let broken: Vec<Option<usize>> =
            self.faults.iter().take(syntax).map(|fault| fault.place.line()).collect();
        let keep = |index: usize, fault: &Fault| {
            let line = fault.place.line();
            let repeated = line.is_some() && broken.contains(&line);
            index < syntax || syntax == 0 || !(self.echoes.contains(&index) || repeated)
        };
        let mut faults: Vec<Fault> = self
            .faults
            .iter()
            .enumerate()
            .filter(|(index, fault)| keep(*index, fault))
            .map(|(_, fault)| fault.clone())
            .collect();
        faults.sort_by(|one, other| one.place.cmp(&other.place));
        ConfigFaults { path: path.to_owned(), faults }
    }
}

/// Collects the bytes of values whose key names a secret.
fn hide(table: &Table, hidden: &mut Vec<Range<usize>>) {
    for entry in &table.entries {
        match (&entry.node.origin, &entry.node.item) {
            (Origin::File(span), Item::Text(_)) if names_secret(&entry.name) => hidden.push(span.clone()),
            (_, Item::Table(inner)) => hide(inner, hidden),
            (_, Item::List(list)) => {
                for node in list {
                    if let Item::Table(inner) = &node.item {
                        hide(inner, hidden);
                    }
                }
            }
            _ => {}
        }
    }
}
