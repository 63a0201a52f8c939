//! The manual pages: one for every command, in Korean, taken by the programs that show them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use clap::CommandFactory;
use moabom::cli::Cli;

use crate::support::judges;
use crate::support::system::moabom;

fn names(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder).expect("a folder");
    files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned()).collect()
}

fn expected(command: &clap::Command, above: &str, all: &mut BTreeSet<String>) {
    let name = if above.is_empty() { "moabom".to_owned() } else { format!("{above}-{}", command.get_name()) };
    all.insert(format!("{name}.1"));
    command.get_subcommands().for_each(|below| expected(below, &name, all));
}

#[test]
fn every_command_has_a_page_in_korean_that_leads_to_pages_that_are_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("share/man1");
    let output = moabom(folder.path(), &["man", "share/man1"]).output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    let mut all = BTreeSet::new();
    expected(&Cli::command(), "", &mut all);
    assert_eq!(names(&pages), all, "no configuration is needed, and nothing else is written");
    for name in &all {
        let page = fs::read_to_string(pages.join(name)).expect("UTF-8");
        for heading in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "SUBCOMMANDS", "EXTRA", "[OPTIONS]"] {
            assert!(!page.contains(heading), "{name}: {heading}");
        }
        let also = page.split(".SH \"함께 보기\"\n").nth(1).unwrap_or_else(|| panic!("{name} leads nowhere"));
        for line in also.lines() {
            let other = line.trim_end_matches(',').replace("\\fB", "").replace("\\fR", "").replace('\\', "");
            let file = other.strip_suffix("(1)").map(|name| format!("{name}.1"));
            assert!(file.as_ref().is_none_or(|file| all.contains(file)), "{name} leads to {other}");
            assert!(file.is_none_or(|file| file != *name), "{name} leads to itself");
        }
    }
    let first = fs::read_to_string(pages.join("moabom.1")).expect("UTF-8");
    for heading in ["파일", "\"환경 변수\"", "\"종료 코드\""] {
        assert!(first.contains(&format!(".SH {heading}\n")), "{heading}");
    }
    let import = fs::read_to_string(pages.join("moabom-subscribers-import.1")).expect("UTF-8");
    assert!(import.contains("\\fBmoabom subscribers import\\fR [옵션] <파일>"), "{import}");
    judge(&pages, &all);
}

/// mandoc warns of nothing. (Below a warning it minds the length of lines, which it counts in bytes of its own spelling.)
fn judge(pages: &Path, names: &BTreeSet<String>) {
    let Some(program) = judges::program(&["mandoc"]) else {
        return judges::left_out("the manual pages, without mandoc");
    };
    let mut lint = Command::new(program);
    lint.current_dir(pages).args(["-T", "lint", "-W", "warning"]).args(names);
    let output = lint.output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn pages_replace_pages_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    let run = |arguments: &[&str]| moabom(folder.path(), arguments).output().expect("it starts");
    write("moabom-run.1", "나의 글");
    let refused = run(&["man", "."]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("moabom-run.1") && said.contains("아무것도 쓰지 않았어요"), "{said}");
    assert_eq!(names(folder.path()).len(), 1, "nothing was written");

    fs::remove_file(folder.path().join("moabom-run.1")).expect("removed");
    assert!(run(&["man", "."]).status.success());
    let page = fs::read_to_string(folder.path().join("moabom-run.1")).expect("UTF-8");
    write("moabom-run.1", &page[..page.len() / 2]);
    assert!(run(&["man", "."]).status.success());
    assert_eq!(fs::read_to_string(folder.path().join("moabom-run.1")).expect("UTF-8"), page);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), "").expect("written");
    for (place, code, word) in [("file", 2, "폴더가 아니에요"), ("file/man1", 1, "폴더의 권한")] {
        let refused = moabom(folder.path(), &["man", place]).output().expect("it starts");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(code), "{said}");
        assert!(said.contains(word) && said.contains(place) && !said.contains("os error"), "{said}");
    }
}
