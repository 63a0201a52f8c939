//! Effect: the environment over the file: `MOABOM__SECTION__KEY` replaces `key` of `[section]`.
//!
//! `MOABOM__DIGEST__0__SCHEDULE` reaches into the first `[[digest]]`. An empty variable counts as none.

use super::raw::{Entry, Item, Node, Origin, Table};
use super::report::{Fault, Place};

const PREFIX: &str = "MOABOM__";
/// Where systemd puts credentials for a service.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// The process's environment. Names and values that are no Unicode are read as far as they are.
pub fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
}

/// What the environment says, sorted by name.
#[derive(Default)]
pub(super) struct Environment {
    overrides: Vec<(String, String)>,
    /// systemd's folder of credentials.
    pub(super) credentials: Option<String>,
    /// Names with one underscore where two are wanted.
    pub(super) near_misses: Vec<String>,
}

impl Environment {
    pub(super) fn read(variables: impl Iterator<Item = (String, String)>) -> Environment {
        let mut found = Environment::default();
        for (name, value) in variables.filter(|(_, value)| !value.is_empty()) {
            if name.starts_with(PREFIX) {
                found.overrides.push((name, value));
            } else if name == CREDENTIALS {
                found.credentials = Some(value);
            } else if is_near_miss(&name) {
                found.near_misses.push(name);
            }
        }
        found.overrides.sort();
        found.near_misses.sort();
        found
    }

    /// Lays the variables over `root`. Faults are those of names that lead nowhere.
    pub(super) fn lay_over(&self, root: &mut Table) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (name, value) in &self.overrides {
            let path = name.strip_prefix(PREFIX).unwrap_or_default().to_lowercase();
            let parts: Vec<&str> = path.split("__").collect();
            let laid = if parts.iter().any(|part| part.is_empty()) {
                Err("이름이 `MOABOM__구역__키` 꼴이 아니에요".to_owned())
            } else {
                set(root, &parts, name, value)
            };
            if let Err(problem) = laid {
                let advice =
                    "예: `MOABOM__SMTP__HOST`, 첫째 다이제스트는 `MOABOM__DIGEST__0__SCHEDULE`".to_owned();
                faults.push(Fault {
                    place: Place::Variable(name.clone()),
                    key: String::new(),
                    problem,
                    advice,
                });
            }
        }
        faults
    }
}

/// `MOABOM_SMTP_HOST`: meant for us, and read by nobody.
fn is_near_miss(name: &str) -> bool {
    const SECTIONS: [&str; 10] =
        ["NEWSLETTER", "SENDER", "SOURCE", "DIGEST", "SMTP", "DKIM", "WEB", "STORE", "LOG", "TEMPLATES"];
    name.strip_prefix("MOABOM_")
        .and_then(|rest| rest.split_once('_'))
        .is_some_and(|(section, key)| SECTIONS.contains(&section) && !key.is_empty())
}

fn set(table: &mut Table, parts: &[&str], name: &str, value: &str) -> Result<(), String> {
    let Some((first, rest)) = parts.split_first() else { return Ok(()) };
    let origin = Origin::Variable(name.to_owned());
    if rest.is_empty() {
        let node = Node { origin: origin.clone(), item: Item::Variable(value.to_owned()) };
        // In its place, since sections fill in the order in which they are written.
        match table.entries.iter_mut().find(|entry| entry.name == *first) {
            Some(entry) => entry.node = node,
            None => table.entries.push(Entry { name: (*first).to_owned(), origin, node }),
        }
        return Ok(());
    }
    let numbered = rest.first().is_some_and(|part| part.parse::<usize>().is_ok());
    if numbered && !table.entries.iter().any(|entry| entry.name == *first) {
        return Err(format!("설정 파일에 [[{first}]]가 없어요"));
    }
    if !table.entries.iter().any(|entry| entry.name == *first) {
        let node = Node { origin: origin.clone(), item: Item::Table(Table::default()) };
        table.entries.push(Entry { name: (*first).to_owned(), origin, node });
    }
    let entry = table.entries.iter_mut().find(|entry| entry.name == *first);
    let Some(entry) = entry else { return Ok(()) };
    match &mut entry.node.item {
        Item::Table(inner) => set(inner, rest, name, value),
        Item::List(list) => {
            let (index, rest) = rest.split_first().ok_or("번호가 빠졌어요")?;
            let count = list.len();
            let chosen = index.parse::<usize>().ok().and_then(|index| list.get_mut(index));
            match chosen.map(|node| &mut node.item) {
                Some(Item::Table(inner)) if !rest.is_empty() => set(inner, rest, name, value),
                _ => Err(format!("설정 파일에 [[{first}]]는 {count}개이고 번호는 0부터예요")),
            }
        }
        _ => Err(format!("`{first}` 아래에는 키가 없어요")),
    }
}
