//! The store's file and its key, each in the way of the program.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use moabom::clock::from_millis;
use moabom::store::Store;
use rusqlite::Connection;

use super::{Case, case, check, refused, rows, sound};

const WEB: &str = "[web]";
const LIST: &[&str] = &["posts", "list"];
const KEY: &str = "data/moabom.sqlite.key";

/// The case with its store at `path`.
fn at(path: &str, case: Case) -> Case {
    case.config(WEB, format!("[store]\npath = \"{path}\"\n[web]"))
}

/// A database file made by these statements.
fn database(statements: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("made.db");
    let db = Connection::open(&path).expect("made");
    db.execute_batch(statements).expect("made");
    drop(db);
    fs::read(path).expect("read")
}

#[test]
fn a_store_that_is_none_of_ours_or_cannot_be_opened_is_refused_and_left_alone() {
    let system = sound(1);
    let newer = database("CREATE TABLE meta (key TEXT); PRAGMA user_version = 99");
    let foreign = database("CREATE TABLE posts (title TEXT); INSERT INTO posts VALUES ('mine')");
    let other = database("CREATE TABLE notes (x); PRAGMA user_version = 1");
    let header = [b"SQLite format 3\0".as_slice(), &[b'x'; 5_000]].concat();
    let no_store: &[&str] = &["저장소가 아니에요", "[store] path"];
    let cases = vec![
        at("page.txt", case("a text", LIST, 1, no_store)),
        at("page.txt", case("a text to deliver from", &["deliver"], 1, no_store)),
        at("mine.db", case("another program's", &["ingest"], 1, no_store)).file("mine.db", foreign),
        at("mine.db", case("another program's of our version", &["migrate"], 1, no_store))
            .file("mine.db", other),
        at("mine.db", case("a header alone", LIST, 1, no_store)).file("mine.db", header),
        at("new.db", case("a newer schema", LIST, 1, &["99판", "더 새로운 moabom"]))
            .file("new.db", newer.clone()),
        at("new.db", case("a newer schema to verify", &["verify"], 1, &["99판"])).file("new.db", newer),
        at("page.txt/x.db", case("below a file", &["ingest"], 1, &["page.txt/x.db", "[store] path"])),
        at("/proc/x.db", case("where nothing can be written", LIST, 1, &["/proc/x.db", "[store] path"])),
        at(".", case("a folder", LIST, 2, &["store.path", "폴더예요"])),
        at("none/x.db", case("nothing to verify", &["verify"], 1, &["none/x.db", "moabom ingest"])),
    ];
    for case in &cases {
        refused(&system, case);
    }
    assert!(!system.path("none").exists(), "verify makes nothing");
}

#[test]
fn a_key_that_is_lost_open_or_no_key_is_refused_and_never_replaced() {
    let system = sound(1);
    let preview: &[&str] = &["preview"];
    let cases = vec![
        case("lost", preview, 1, &["비밀 키 파일이 없어요", "옮기세요"]).without(KEY),
        case(
            "lost by a list of readers",
            &["subscribers", "add", "n@example.com"],
            1,
            &["비밀 키 파일이 없어요"],
        )
        .without(KEY),
        case("lost by an edition", &["publish", "weekly"], 1, &["비밀 키 파일이 없어요"]).without(KEY),
        case("a folder", preview, 1, &["비밀 키 파일", "→"]).folder(KEY),
    ];
    for case in &cases {
        let key = fs::read(system.path(KEY)).expect("a key");
        refused(&system, case);
        assert_eq!(fs::read(system.path(KEY)).expect("a key"), key);
        private(&system.path(KEY), 0o600);
    }
    let (key, stored) = (fs::read(system.path(KEY)).expect("a key"), rows(&system));
    let short = b"1:abc\n".to_vec();
    for (name, bytes, mode, says) in [
        ("open to all", key.clone(), 0o644, "chmod 600"),
        ("empty", vec![], 0o600, "백업에서 되살리세요"),
        ("too short", short, 0o600, "1행"),
        ("binary", vec![0, 1, 255], 0o600, "비밀 키 파일"),
    ] {
        fs::write(system.path(KEY), &bytes).expect("written");
        private(&system.path(KEY), mode);
        let output = system.command(preview).output().expect("it starts");
        check(name, &output, 1, &[says, "→"]);
        assert_eq!(fs::read(system.path(KEY)).expect("there"), bytes, "{name}: the file was replaced");
    }
    fs::write(system.path(KEY), key).expect("put back");
    private(&system.path(KEY), 0o600);
    assert_eq!(rows(&system), stored);
    system.verify();
}

/// The permissions of each file in `folder`, by name.
fn modes(folder: &std::path::Path) -> BTreeMap<String, u32> {
    let files = fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file"));
    let mode = |file: &fs::DirEntry| file.metadata().expect("there").permissions().mode() & 0o777;
    files.map(|file| (file.file_name().to_string_lossy().into_owned(), mode(&file))).collect()
}

#[test]
fn the_store_can_be_opened_by_its_owner_alone_one_that_was_open_to_all_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.db");
    let names = ["s.db", "s.db-shm", "s.db-wal", "s.lock"];
    let private = names.map(|name| (name.to_owned(), 0o600)).into_iter().collect::<BTreeMap<_, _>>();
    let open = || {
        let store = Store::open(&path, from_millis(0)).expect("opens");
        let lock = store.lock_sender().expect("locked");
        store.write(|ledger| ledger.resume_due(from_millis(0))).expect("writes");
        (store, lock)
    };
    let first = open();
    assert_eq!(modes(folder.path()), private);
    for name in names {
        self::private(&folder.path().join(name), 0o644);
    }
    let second = Store::open(&path, from_millis(0)).expect("opens");
    assert_eq!(modes(folder.path()), private, "as a version before this one left it");
    drop((first, second));
    assert_eq!(modes(folder.path()).get("s.db"), Some(&0o600));
}

#[test]
fn a_file_that_is_no_store_keeps_its_permissions() {
    let system = sound(1);
    fs::write(system.path("page.db"), "text").expect("written");
    private(&system.path("page.db"), 0o644);
    refused(&system, &at("page.db", case("a text", LIST, 1, &["저장소가 아니에요"])));
    let mode = fs::metadata(system.path("page.db")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

fn private(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("mode set");
}
