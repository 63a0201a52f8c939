//! `keys rotate` and `web`, through the built binary: what was signed and hashed before goes on counting.

use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use moabom::config::key;
use moabom::model::token::Purpose;
use moabom::model::{EditionId, SubscriberId};

use crate::support::smtp_server::SmtpServer;
use crate::support::system::System;
use crate::support::{free_port, http};
use crate::web::status;

const KEYS: &str = "data/moabom.sqlite.key";

/// `moabom web`, ended when dropped.
pub struct Pages {
    child: Child,
    port: u16,
}

impl Pages {
    pub fn start(system: &System) -> Pages {
        let port = free_port();
        let mut command = system.command(&["web"]);
        command.env("MOABOM__WEB__LISTEN", format!("127.0.0.1:{port}"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
        let pages = Pages { child, port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not answer");
            std::thread::yield_now();
        }
        pages
    }

    pub fn ask(&self, method: &str, path: &str) -> String {
        http::ask(self.port, method, path, "").expect("an answer")
    }

    pub fn post(&self, path: &str, form: &str) -> String {
        http::ask(self.port, "POST", path, form).expect("an answer")
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ids(system: &System) -> Vec<u8> {
    key::load(&system.path(KEYS)).expect("keys").iter().map(|key| key.id()).collect()
}

fn leave(system: &System, id: i64) -> String {
    let keys = key::load(&system.path(KEYS)).expect("keys");
    format!("/unsubscribe/{}", keys[0].token(Purpose::Unsubscribe, SubscriberId(id), EditionId(1)))
}

#[test]
fn links_and_suppressions_outlive_any_number_of_rotations() {
    let server = SmtpServer::start();
    let system = System::new(server.port(), 1);
    system.publish_to(3);
    let before = std::fs::read_to_string(system.path(KEYS)).expect("a file");
    let refused = system.try_run(&["keys", "rotate"]).expect_err("letters are waiting");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("다 보내지 않은 편지"));
    assert_eq!(std::fs::read_to_string(system.path(KEYS)).expect("a file"), before);
    system.run(&["deliver"]);
    let old = [leave(&system, 1), leave(&system, 2)];
    {
        let pages = Pages::start(&system);
        assert_eq!(status(&pages.ask("POST", &old[0])), "200");
    }
    for _ in 0..3 {
        system.run(&["keys", "rotate"]);
    }
    assert_eq!(ids(&system), [4, 3, 2, 1]);
    assert!(
        std::fs::read_to_string(system.path(KEYS)).expect("a file").ends_with(&before),
        "nothing is lost"
    );
    let pages = Pages::start(&system);
    let page = pages.ask("GET", &old[1]);
    assert!(page.contains("r***@d1.example.com"), "{page}");
    assert_eq!(status(&pages.ask("POST", &old[1])), "200");
    assert_eq!(status(&pages.ask("POST", &leave(&system, 3))), "200");
    system.run(&["subscribers", "import", "people.csv"]);
    assert_eq!(
        system.json(&["subscribers", "list", "--json"]),
        serde_json::json!([]),
        "all of them stay away"
    );
    system.verify();
}

#[cfg(unix)]
#[test]
fn a_rotated_file_stays_its_owners_and_a_link_to_it_stays_a_link() {
    use std::os::unix::fs::PermissionsExt;
    let system = System::new(1, 1);
    system.run(&["subscribers", "add", "kim@naver.com"]);
    let (file, elsewhere) = (system.path(KEYS), system.path("keys"));
    std::fs::rename(&file, &elsewhere).expect("moves");
    std::os::unix::fs::symlink(&elsewhere, &file).expect("links");
    system.run(&["keys", "rotate"]);
    assert!(file.symlink_metadata().expect("there").is_symlink());
    assert_eq!(elsewhere.metadata().expect("there").permissions().mode() & 0o777, 0o600);
    assert_eq!(ids(&system), [2, 1]);
    let left = std::fs::read_dir(system.folder.path()).expect("lists").filter_map(Result::ok);
    assert!(
        left.map(|one| one.file_name().to_string_lossy().into_owned()).all(|name| !name.ends_with(".new"))
    );
}

#[test]
fn numbers_run_out_at_255_and_a_broken_file_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    let write = |lines: &[u8]| {
        let text: String = lines.iter().map(|id| format!("{id}:{}\n", "ab".repeat(32))).collect();
        let _ = std::fs::remove_file(&path);
        moabom::config::new_file::put_new(&path, &text, moabom::config::new_file::Mode::Owner)
            .expect("writes");
    };
    write(&[255, 3]);
    assert_eq!(key::rotate(&path).expect("a gap"), 4, "never below the oldest, which hashes suppressions");
    write(&(254..=255).collect::<Vec<_>>());
    assert!(matches!(key::rotate(&path), Err(key::KeyError::Full(_))));
    assert!(matches!(key::rotate(&folder.path().join("none")), Err(key::KeyError::Missing(_))));
    write(&[]);
    assert!(key::rotate(&path).is_err() && std::fs::read(&path).expect("a file").is_empty());
}
