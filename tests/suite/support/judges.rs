//! Programs that judge from outside: a browser, another mail reader, another relay. Where one is missing the check is left
//! out by name; with `MOABOM_REQUIRE_JUDGES` set it fails instead, so that nothing is left out unnoticed.

use std::path::PathBuf;

/// The first of `names` that is there.
pub fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.flat_map(|folder| names.iter().map(move |name| folder.join(name))).find(|file| file.is_file())
}

/// Says what was not checked.
pub fn left_out(what: &str) {
    assert!(std::env::var_os("MOABOM_REQUIRE_JUDGES").is_none(), "needed here: {what}");
    eprintln!("left out: {what}");
}

/// The folder of the judges that npm installs (`.ci/run` puts them there), where it is; else says what was not checked.
pub fn modules(what: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/judges/node_modules");
    if !folder.is_dir() || program(&["node"]).is_none() {
        left_out(&format!("no node, or no modules in target/judges, so {what}"));
        return None;
    }
    Some(folder)
}
