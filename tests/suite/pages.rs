//! The pages of `docs/` followed word for word: every `sh` block runs in a folder of its own against the built binary. What
//! needs root, a browser or the internet stands in `console` blocks and is not run.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::smtp_server::{Options, SmtpServer};

/// Pages that begin on a bare machine; the others begin where the first letter was sent.
const FIRST: &[&str] = &["install.md", "first-letter.md"];
const ALL: &[&str] =
    &["install.md", "first-letter.md", "dns.md", "law.md", "operating.md", "backup.md", "moving.md"];

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text of all `sh` blocks in order.
fn script(text: &str) -> String {
    let mut script = String::new();
    let mut inside = false;
    for line in text.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => script += &format!("{line}\n"),
            _ => {}
        }
    }
    script
}

/// Runs a page's blocks in `folder`; the relay and the blog of the page are ours here.
fn follow(name: &str, folder: &Path, relay: &SmtpServer) {
    let script = script(&page(name));
    assert!(script.contains("moabom "), "{name} has something to run");
    let binary = Path::new(env!("CARGO_BIN_EXE_moabom")).parent().expect("a folder");
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").expect("a path"));
    let blog = folder.join("blog.txt");
    std::fs::write(&blog, include_str!("../../src/demo/blog_2.txt")).expect("written");
    let mut child = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder)
        .env("PATH", path)
        .env("HOME", folder)
        .env("MOABOM__SMTP__HOST", "127.0.0.1")
        .env("MOABOM__SMTP__PORT", relay.port().to_string())
        .env("MOABOM__SMTP__TLS", "none")
        .env("MOABOM__SOURCE__0__KIND", "page-text")
        .env("MOABOM__SOURCE__0__LOCATION", &blog)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash");
    // What the page asks to type: the password. A page that asks for nothing may be gone already.
    let _ = child.stdin.take().expect("a pipe").write_all(b"secret\n");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{name}:\n{}\n{}", text(&output.stdout), text(&output.stderr));
}

fn follow_from_the_start(name: &str) -> SmtpServer {
    let login = Some(("letter@example.com".to_owned(), "secret".to_owned()));
    let relay = SmtpServer::with(Options { login, ..Options::default() });
    let folder = tempfile::tempdir().expect("a folder");
    if !FIRST.contains(&name) {
        follow("first-letter.md", folder.path(), &relay);
    }
    follow(name, folder.path(), &relay);
    relay
}

#[test]
fn installing_leads_to_a_program_that_runs() {
    follow_from_the_start("install.md");
}

#[test]
fn the_first_letter_is_sent() {
    let relay = follow_from_the_start("first-letter.md");
    assert_eq!(relay.kept_for("me@example.com").len(), 1, "the trial");
    assert_eq!(relay.kept_for("haru@example.net").len(), 1, "the edition");
}

#[test]
fn the_page_on_dns_works() {
    follow_from_the_start("dns.md");
}

#[test]
fn the_page_on_law_works() {
    follow_from_the_start("law.md");
}

#[test]
fn the_page_on_operating_works() {
    follow_from_the_start("operating.md");
}

#[test]
fn the_page_on_backups_works() {
    follow_from_the_start("backup.md");
}

#[test]
fn the_page_on_moving_works() {
    follow_from_the_start("moving.md");
}

#[test]
fn the_readme_leads_to_every_page() {
    let readme = page("../README.md");
    for name in ALL {
        assert!(readme.contains(&format!("(docs/{name})")), "{name}");
        for link in links(&page(name)) {
            let (file, place) = link.split_once('#').unwrap_or((&link, ""));
            let file = if file.is_empty() { name } else { file };
            let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
            assert!(target.exists(), "{name} leads to {link}");
            assert!(
                place.is_empty() || places(&page(file)).contains(&place.to_owned()),
                "{name} leads to {link}"
            );
        }
    }
}

/// Where the links of a page lead that stay in the repository.
fn links(text: &str) -> Vec<String> {
    let all = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    all.filter(|link| !link.starts_with("http")).map(str::to_owned).collect()
}

/// The anchors that a page's headings get where Markdown is shown.
fn places(text: &str) -> Vec<String> {
    let anchor = |heading: &str| -> String {
        let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
        heading
            .to_lowercase()
            .chars()
            .filter(kept)
            .map(|letter| if letter == ' ' { '-' } else { letter })
            .collect()
    };
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches(['#', ' '])))
        .collect()
}
