//! The rules of `src/lib.rs`, kept by a machine: who may use what, and where words of other rooms may not stand.

use std::fs;
use std::path::{Path, PathBuf};

/// A rule: a text that may stand only in some rooms, and why.
struct Rule {
    text: &'static str,
    rooms: &'static [&'static str],
    why: &'static str,
}

const RULES: &[Rule] = &[
    Rule { text: "rusqlite", rooms: &["store/"], why: "SQL only in store/" },
    Rule { text: "lettre", rooms: &["compose/", "smtp/"], why: "lettre only in compose/ and smtp/" },
    Rule { text: "hickory", rooms: &["dns.rs"], why: "name servers only through dns.rs" },
    Rule { text: "axum", rooms: &["web/"], why: "axum only in web/" },
    Rule { text: "tera::", rooms: &["render/", "web/"], why: "tera only in render/ and web/" },
    Rule { text: "Utc::now", rooms: &["clock.rs"], why: "time only through clock.rs" },
    Rule { text: "SystemTime", rooms: &["clock.rs"], why: "time only through clock.rs" },
    Rule {
        text: "crate::config",
        rooms: &["config/", "cli/", "daemon.rs", "main.rs"],
        why: "no module below cli and daemon takes the whole configuration",
    },
    Rule { text: "anyhow", rooms: &["cli/", "daemon.rs", "main.rs"], why: "anyhow only in cli and daemon" },
    Rule { text: "crate::cli", rooms: &["cli/", "main.rs"], why: "nothing looks back at the command line" },
];

/// What a pure module may not name.
const IMPURE: &[&str] = &[
    "crate::store",
    "crate::smtp",
    "crate::web",
    "crate::config",
    "crate::daemon",
    "crate::cli",
    "Clock",
    "std::fs",
    "std::env",
    "std::net::Tcp",
    "tokio",
    "rand::",
];

const STEPS: &[&str] = &["ingest", "publish", "deliver", "feedback", "notify", "inform"];
const BANNED_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "service"];

fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).expect("src can be listed") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, root, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
                let name = path.strip_prefix(root).expect("below src").to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).expect("UTF-8 source")));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    found.sort();
    assert!(found.len() > 20, "the tree was read");
    found
}

/// Code without comments and without the tests below it: prose may speak of other rooms.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Every breach in the given files, one line each.
fn breaches(files: &[(String, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in files {
        let code = code(text);
        let first = text.lines().next().unwrap_or_default();
        let pure = first.starts_with("//! Pure:");
        if name != "lib.rs" && !pure && !first.starts_with("//! Effect:") {
            found.push(format!("{name}: the first line says neither `//! Pure:` nor `//! Effect:`"));
        }
        if pure {
            let impure = IMPURE.iter().filter(|word| code.contains(*word));
            found.extend(impure.map(|word| format!("{name}: a pure module names `{word}`")));
        }
        for rule in RULES {
            let at_home = rule.rooms.iter().any(|room| name.starts_with(room));
            if !at_home && code.contains(rule.text) {
                found.push(format!("{name}: names `{}`: {}", rule.text, rule.why));
            }
        }
        for step in STEPS.iter().filter(|step| name == &format!("{step}.rs")) {
            let others = STEPS.iter().filter(|other| other != &step);
            let called = others.filter(|other| code.contains(&format!("{other}::run_once")));
            found.extend(called.map(|other| format!("{name}: the step {step} calls the step {other}")));
        }
        let stem = Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        if stem.is_some_and(|stem| BANNED_NAMES.contains(&stem.as_str())) {
            found.push(format!("{name}: the name says nothing about what is inside"));
        }
    }
    found
}

#[test]
fn the_tree_keeps_the_rules_of_the_architecture() {
    let found = breaches(&sources());
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn each_rule_is_seen_to_bite_when_it_is_broken() {
    let file = |name: &str, text: &str| vec![(name.to_owned(), text.to_owned())];
    for rule in RULES {
        let broken = file("select/mod.rs", &format!("//! Effect: x.\nuse {};", rule.text));
        assert!(!breaches(&broken).is_empty(), "{} went unnoticed", rule.text);
    }
    for word in IMPURE {
        let broken = file("korean/mod.rs", &format!("//! Pure: x.\nuse {word};"));
        assert!(!breaches(&broken).is_empty(), "{word} in a pure module went unnoticed");
    }
    assert!(
        !breaches(&file("select/mod.rs", "use std::fmt;")).is_empty(),
        "a missing purity line went unnoticed"
    );
    assert!(!breaches(&file("store/utils.rs", "//! Effect: x.")).is_empty(), "a drawer went unnoticed");
    let step = file("publish.rs", "//! Effect: x.\nfn f() { crate::ingest::run_once(); }");
    assert!(!breaches(&step).is_empty(), "a step that calls a step went unnoticed");
    assert!(breaches(&file("select/mod.rs", "//! Pure: x.\n// rusqlite is only spoken of here")).is_empty());
}

/// Files of a tree of modules that no `mod` line brings in: nobody compiles them, and tests in them never run.
fn orphans(root: &Path, tops: &[&str]) -> Vec<String> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    walk(root, &mut files);
    let brought_in = |file: &PathBuf| {
        let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let folder = file.parent().expect("a folder");
        let (name, folder) = match stem.as_str() {
            "mod" => (folder.file_name().expect("a name").to_string_lossy().into_owned(), folder.parent()),
            _ => (stem, Some(folder)),
        };
        let folder = folder.expect("a folder");
        let parents = tops
            .iter()
            .map(|top| folder.join(top))
            .chain([folder.join("mod.rs"), folder.with_extension("rs")]);
        let line = format!("mod {name};");
        parents.filter_map(|parent| fs::read_to_string(parent).ok()).any(|text| {
            text.lines().any(|one| {
                one.trim_start_matches("pub ")
                    .trim_start_matches("pub(crate) ")
                    .trim_start_matches("pub(super) ")
                    == line
            })
        })
    };
    let top = |file: &PathBuf| file.parent() == Some(root) && tops.iter().any(|top| file.ends_with(top));
    files
        .iter()
        .filter(|file| !top(file) && !brought_in(file))
        .map(|file| file.display().to_string())
        .collect()
}

#[test]
fn every_file_of_the_program_and_of_its_tests_is_compiled() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(orphans(&root.join("src"), &["lib.rs", "main.rs"]), [""; 0]);
    assert_eq!(orphans(&root.join("tests/suite"), &["main.rs"]), [""; 0]);
    let folder = tempfile::tempdir().expect("a directory");
    fs::write(folder.path().join("main.rs"), "mod seen;\n").expect("written");
    fs::write(folder.path().join("seen.rs"), "").expect("written");
    fs::write(folder.path().join("forgotten.rs"), "").expect("written");
    assert_eq!(orphans(folder.path(), &["main.rs"]).len(), 1, "a forgotten file went unnoticed");
}
