//! Files around the configuration: passwords, keys, templates, what `init` writes and `check` says.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{TimeZone, Utc};
use moabom::cli::{Context, Misuse, check, init};
use moabom::clock::Clock;
use moabom::config::key::{self, KeyError};
use moabom::config::{Config, ConfigError, templates};
use secrecy::ExposeSecret;

const SECRET: &str = "hunter2-비밀";

fn write(folder: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(&path, text).expect("written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode set");
    }
    path
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

/// A sound configuration with a login, and `more` in `[smtp]`.
fn config_text(more: &str) -> String {
    format!(
        "[newsletter]\ntitle = \"봄\"\nhome = \"https://a.example/\"\nadvertising = false\n\
         [sender]\nname = \"봄\"\nemail = \"a@a.example\"\n\
         [[source]]\nname = \"b\"\nkind = \"page-text\"\nlocation = \"https://a.example/l\"\n\
         [[digest]]\nname = \"w\"\nschedule = \"@weekly\"\n\
         [smtp]\nhost = \"127.0.0.1\"\nport = 25\ntls = \"none\"\nuser = \"me\"\n{more}\n"
    )
}

fn load(text: &str, env: &[(&str, &str)]) -> Result<Config, String> {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::parse(Path::new("moabom.toml"), text, env).map_err(|faults| format!("{faults}\n{faults:?}"))
}

fn password(config: &Config) -> &str {
    config.relay.login.as_ref().map(|login| login.password.expose_secret()).unwrap_or_default()
}

#[test]
fn a_password_comes_by_variable_file_or_credential_and_never_shows() {
    let folder = tempfile::tempdir().expect("folder");
    let file = write(folder.path(), "password", &format!("{SECRET}\n"), 0o600);
    let of_file = config_text(&format!("password_file = \"{}\"", file.display()));
    write(folder.path(), "smtp-password", SECRET, 0o440);
    let credentials = folder.path().display().to_string();
    for config in [
        load(&config_text(""), &[("MOABOM__SMTP__PASSWORD", SECRET)]),
        load(&of_file, &[]),
        load(&config_text(""), &[("CREDENTIALS_DIRECTORY", &credentials)]),
    ] {
        let config = config.unwrap_or_else(|report| panic!("{report}"));
        assert_eq!(password(&config), SECRET);
        assert!(!format!("{config:?}").contains("hunter2"));
    }
    let both =
        load(&of_file, &[("MOABOM__SMTP__PASSWORD", "other")]).expect("the variable stands above the file");
    assert_eq!(password(&both), "other");
}

#[test]
fn a_password_file_that_is_open_empty_or_no_password_is_refused_without_its_text() {
    let folder = tempfile::tempdir().expect("folder");
    for (text, mode, word) in [
        (SECRET.to_owned(), 0o644, "chmod 600"),
        (SECRET.to_owned(), 0o602, "chmod 600"),
        ("\n".to_owned(), 0o600, "비어 있어요"),
        (format!("{SECRET}\nmore"), 0o600, "여러 줄"),
        (SECRET.repeat(10_000), 0o600, "글로 된"),
    ] {
        let file = write(folder.path(), "password", &text, mode);
        let report =
            load(&config_text(&format!("password_file = \"{}\"", file.display())), &[]).expect_err(word);
        assert!(report.contains(word) && report.contains("moabom.toml:20:"), "{report}");
        assert!(!report.contains("hunter2"), "{report}");
    }
}

#[test]
fn no_report_shows_a_password_that_stands_in_the_text() {
    for line in [
        format!("password = \"{SECRET}\""),
        format!("pasword = \"{SECRET}\""),
        format!("password = '{SECRET}"),
        format!("password = {SECRET}"),
        format!("password = \"\"\"\n{SECRET}\nx = \"\"\""),
        format!("password = \"{SECRET}\" oops"),
        format!(
            "password_file = \"no/such\"\n password = \"{SECRET}\"\n[web]\npublic_url = \"https://me:{SECRET}@a.example/\""
        ),
        format!("[smtp.password]\nx = \"{SECRET}\""),
        format!("password = [\"{SECRET}\"]"),
    ] {
        let report = load(&config_text(&line), &[]).expect_err(&line);
        assert!(!report.contains("hunter2"), "{line}: {report}");
    }
    for env in [("MOABOM__SMTP__PASSWORD", "hunter2\n2"), ("MOABOM__SMTP__PASSWORT", "hunter2")] {
        let report = load(&config_text(""), &[env]).expect_err("wrong");
        assert!(!report.contains("hunter2"), "{report}");
    }
}

#[test]
fn a_missing_or_unreadable_file_says_what_to_do() {
    let folder = tempfile::tempdir().expect("folder");
    let load = |path: &Path| Config::load(path, std::iter::empty()).expect_err("no configuration");
    let missing = load(&folder.path().join("no/moabom.toml"));
    assert!(matches!(missing, ConfigError::Missing { .. }) && missing.is_misuse());
    let report = missing.to_string();
    assert!(report.contains("moabom init") && report.contains("moabom demo"), "{report}");
    assert!(load(folder.path()).is_misuse(), "a folder");
    let binary = folder.path().join("binary.toml");
    fs::write(&binary, b"[newsletter]\ntitle = \"\xff\xfe\"\n").expect("written");
    let report = load(&binary).to_string();
    assert!(report.contains("2행") && report.contains("UTF-8"), "{report}");
    let large = write(folder.path(), "large.toml", &"# \n".repeat(400_000), 0o644);
    assert!(load(&large).to_string().contains("1 MB"));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_no_harm() {
    let text = format!("\u{feff}{}", config_text("connections = 0").replace('\n', "\r\n"));
    let report = load(&text, &[("MOABOM__SMTP__PASSWORD", "x")]).expect_err("one fault");
    assert!(report.contains("1군데") && report.contains("moabom.toml:20:15 · smtp.connections"), "{report}");
}

#[test]
fn a_key_is_made_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data/moabom.sqlite.key");
    assert!(matches!(key::load(&path).err(), Some(KeyError::Missing(_))));
    assert!(!path.exists(), "load never makes one");
    // Several at once: whoever is first makes it, and all have the same.
    let macs: Vec<[u8; 16]> = std::thread::scope(|scope| {
        let one = || key::load_or_create(&path).unwrap_or_else(|error| panic!("{error}"))[0].mac(b"x");
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
    });
    assert!(macs.iter().all(|mac| *mac == macs[0]));
    assert_eq!(mode(&path), 0o600);
    let names: Vec<_> = fs::read_dir(path.parent().expect("a folder")).expect("read").collect();
    assert_eq!(names.len(), 1, "no draft is left: {names:?}");
    let text = fs::read_to_string(&path).expect("read");
    assert_eq!(text.len(), "1:".len() + 64 + 1);
    key::load_or_create(&path).map(drop).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(fs::read_to_string(&path).expect("read"), text, "never overwritten");
    let other = folder.path().join("other.key");
    assert_ne!(key::load_or_create(&other).unwrap_or_else(|error| panic!("{error}"))[0].mac(b"x"), macs[0]);
}

#[test]
fn keys_are_read_newest_first_and_others_are_refused_and_kept() {
    let folder = tempfile::tempdir().expect("folder");
    let (old, new) = ("ab".repeat(32), "cd".repeat(32));
    let path = write(folder.path(), "k", &format!("# rotated\n2:{new}\n\n1:{old}\n"), 0o600);
    let ids: Vec<u8> =
        key::load(&path).unwrap_or_else(|error| panic!("{error}")).iter().map(|key| key.id()).collect();
    assert_eq!(ids, [2, 1]);
    for (text, mode, word) in [
        (format!("1:{old}\n"), 0o640, "chmod 600"),
        (format!("1:{old}\n"), 0o604, "chmod 600"),
        (String::new(), 0o600, "비어 있어요"),
        ("# nothing\n".to_owned(), 0o600, "비어 있어요"),
        (format!("1:{new}\n1:{old}\n"), 0o600, "2행"),
        (format!("256:{old}"), 0o600, "번호"),
        (old.clone(), 0o600, "번호:키"),
        (format!("1:{old}0"), 0o600, "64자"),
        (format!("1:{}zz", "ab".repeat(31)), 0o600, "16진수가 아닌"),
        (format!("1:{}", "0".repeat(64)), 0o600, "0뿐"),
        (format!("1:{}가", "ab".repeat(31)), 0o600, "64자"),
    ] {
        let path = write(folder.path(), "k", &text, mode);
        let error = key::load_or_create(&path).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(word), "{word}: {error}");
        assert!(!error.contains("abab"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("read"), text);
    }
}

#[test]
fn own_templates_are_found_by_their_names() {
    let folder = tempfile::tempdir().expect("folder");
    assert_eq!(templates::overrides(&folder.path().join("none")).expect("none is fine"), []);
    write(folder.path(), "digest/letter.txt", "글", 0o644);
    write(folder.path(), "digest/.letter.txt.swp", "x", 0o644);
    write(folder.path(), "digest/notes.md", "x", 0o644);
    write(folder.path(), "page/confirm.html", "쪽", 0o644);
    let found = templates::overrides(folder.path()).expect("read");
    let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    assert_eq!(found, [pair("digest/letter.txt", "글"), pair("page/confirm.html", "쪽")]);
    fs::write(folder.path().join("digest/letter.txt"), b"\xff").expect("written");
    let error = templates::overrides(folder.path()).expect_err("no text").to_string();
    assert!(error.contains("letter.txt") && error.contains("UTF-8"), "{error}");
}

fn context(config_path: PathBuf) -> Context {
    let at = Utc.with_ymd_and_hms(2026, 11, 23, 3, 0, 0).single().expect("a time");
    Context { config_path, clock: Clock::manual(at) }
}

fn init_args() -> init::InitArgs {
    init::InitArgs {
        title: Some("봄날의 \"노트\" \\ 1".into()),
        home: Some("https://blog.example.com/".into()),
        advertising: Some("false".into()),
        sender_name: Some("봄날".into()),
        sender_email: Some("hello@example.com".into()),
        source: Some("list.txt".into()),
        smtp_host: Some("smtp.example.com".into()),
        smtp_port: Some("587".into()),
        ..init::InitArgs::default()
    }
}

fn run_init(path: &Path, args: &init::InitArgs) -> Result<String, String> {
    let mut out = Vec::new();
    match init::run(&context(path.to_owned()), args, &mut out) {
        Ok(()) => Ok(String::from_utf8(out).expect("text")),
        Err(error) => {
            assert!(error.downcast_ref::<Misuse>().is_some(), "{error}");
            Err(error.to_string())
        }
    }
}

#[test]
fn init_writes_a_short_configuration_that_loads_and_never_overwrites() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("config/moabom.toml");
    let said = run_init(&path, &init_args()).unwrap_or_else(|error| panic!("{error}"));
    assert!(said.contains("moabom check"), "{said}");
    let config = Config::load(&path, std::iter::empty()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.masthead.newsletter.title, "봄날의 \"노트\" \\ 1");
    assert!(fs::read_to_string(&path).expect("read").lines().count() < 40);
    let before = fs::read(&path).expect("read");
    let error = run_init(&path, &init_args()).expect_err("there is one");
    assert!(error.contains("이미 있는 설정"), "{error}");
    assert_eq!(fs::read(&path).expect("read"), before);
    assert_eq!(fs::read_dir(path.parent().expect("a folder")).expect("read").count(), 1);
}

#[test]
fn init_and_check_know_the_feed_of_a_blog_that_draws_its_list_by_script() {
    let folder = tempfile::tempdir().expect("folder");
    for (n, (place, feed)) in [
        ("https://blog.naver.com/bomi", "https://rss.blog.naver.com/bomi.xml"),
        ("https://velog.io/@bomi/posts", "https://v2.velog.io/rss/@bomi"),
        ("https://bomi.tistory.com/", "https://bomi.tistory.com/rss"),
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(format!("{n}.toml"));
        let args = init::InitArgs { source: Some(place.into()), ..init_args() };
        let said = run_init(&path, &args).unwrap_or_else(|error| panic!("{error}"));
        assert!(said.contains(feed), "{said}");
        let config = Config::load(&path, std::iter::empty()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(config.sources[0].place(), format!("feed {feed}"));
        let warned =
            |config: &Config| config.warnings.iter().any(|warning| warning.to_string().contains(feed));
        assert!(!warned(&config), "{:?}", config.warnings);
        let text = fs::read_to_string(&path).expect("read").replace(feed, place);
        fs::write(&path, text).expect("written");
        let config = Config::load(&path, std::iter::empty()).unwrap_or_else(|error| panic!("{error}"));
        assert!(warned(&config), "{:?}", config.warnings);
    }
}

#[test]
fn init_names_all_that_is_missing_at_once_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("moabom.toml");
    let error = run_init(&path, &init::InitArgs::default()).expect_err("nothing given");
    for flag in [
        "--title",
        "--home",
        "--advertising",
        "--sender-name",
        "--sender-email",
        "--source",
        "--smtp-host",
        "--smtp-port",
    ] {
        assert!(error.contains(flag), "{flag}: {error}");
    }
    for host in ["smtp.example.com", "127.0.0.1"] {
        let advertiser =
            init::InitArgs { advertising: Some("true".into()), smtp_host: Some(host.into()), ..init_args() };
        let error = run_init(&path, &advertiser).expect_err("more");
        for flag in ["--sender-phone", "--sender-address", "--public-url"] {
            assert!(error.contains(flag), "{host}, {flag}: {error}");
        }
    }
    let wrong = init::InitArgs {
        advertising: Some("아마".into()),
        smtp_port: Some("많이".into()),
        sender_email: Some("me".into()),
        title: Some("a\nb".into()),
        ..init_args()
    };
    let error = run_init(&path, &wrong).expect_err("wrong");
    for flag in ["--advertising", "--smtp-port", "--sender-email", "--title"] {
        assert!(error.contains(flag), "{flag}: {error}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("read").count(), 0);
}

#[test]
fn init_for_an_advertiser_with_a_login_loads_once_the_password_is_given() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("moabom.toml");
    let args = init::InitArgs {
        advertising: Some("true".into()),
        sender_phone: Some("02-000-0000".into()),
        sender_address: Some("서울".into()),
        public_url: Some("https://letter.example.com".into()),
        smtp_user: Some("me".into()),
        smtp_port: Some("465".into()),
        ..init_args()
    };
    let said = run_init(&path, &args).unwrap_or_else(|error| panic!("{error}"));
    assert!(said.contains("MOABOM__SMTP__PASSWORD"), "{said}");
    let password = ("MOABOM__SMTP__PASSWORD".to_owned(), "x".to_owned());
    let config = Config::load(&path, [password].into_iter()).unwrap_or_else(|error| panic!("{error}"));
    assert!(config.masthead.newsletter.advertising);
    assert_eq!(config.relay.tls, moabom::smtp::TlsMode::Implicit);
}

fn run_check(path: &Path, json: bool) -> (Result<(), anyhow::Error>, String) {
    let mut out = Vec::new();
    let done = check::run(&context(path.to_owned()), check::CheckArgs { json }, &mut out);
    (done, String::from_utf8(out).expect("text"))
}

#[test]
fn check_says_back_what_the_configuration_means() {
    let folder = tempfile::tempdir().expect("folder");
    let own = folder.path().join("templates");
    let text = config_text("").replace("user = \"me\"\n", "")
        + &format!("[templates]\npath = \"{}\"\n", own.display());
    let path = write(folder.path(), "moabom.toml", &text, 0o644);
    let (done, said) = run_check(&path, false);
    done.unwrap_or_else(|error| panic!("{error:?}"));
    for part in [
        "고칠 곳이 없어요",
        "a@a.example",
        "아니요",
        "매주 일요일 오전 0시",
        "11월 29일 (일) 00:00",
        "12월 13일 (일)",
        "127.0.0.1:25",
        "없음(수신거부는 메일로)",
    ] {
        assert!(said.contains(part), "{part}:\n{said}");
    }
    let (done, said) = run_check(&path, true);
    done.unwrap_or_else(|error| panic!("{error:?}"));
    let json: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(json["ok"], true);
    assert_eq!(json["digests"][0]["next"].as_array().map(Vec::len), Some(3));
    assert_eq!(json["digests"][0]["next"][0], "2026-11-29T00:00:00+09:00");
    write(folder.path(), "s.sqlite", "", 0o600);
    let lost = text.clone() + &format!("[store]\npath = \"{}\"\n", folder.path().join("s.sqlite").display());
    fs::write(&path, &lost).expect("written");
    assert!(run_check(&path, false).1.contains("비밀 키 파일"));
    write(folder.path(), "s.sqlite.key", "1:", 0o600);
    assert!(format!("{:?}", run_check(&path, false).0).contains("1행"));
    fs::write(&path, &text).expect("written");
    let built_in = |name: &str| {
        let found = moabom::render::BUILT_IN.iter().find(|(known, _)| *known == name);
        found.expect("there").1
    };
    write(&own, "digest/letter.txt", built_in("digest/letter.txt"), 0o644);
    write(&own, "digest/leter.html", built_in("digest/letter.html"), 0o644);
    let said = run_check(&path, false).1;
    assert!(said.contains("바꾼 틀: digest/letter.txt\n"), "{said}");
    assert!(said.contains("digest/leter.html") && said.contains("혹시 `digest/letter.html`?"), "{said}");
    let said = run_check(&path, true).1;
    let json: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(json["templates"], serde_json::json!(["digest/letter.txt"]));
    assert!(json["warnings"].to_string().contains("leter.html"), "{said}");
    write(&own, "digest/letter.txt", "{{ nowhere }}", 0o644);
    let (done, _) = run_check(&path, false);
    let error = format!("{:?}", done.expect_err("a faulty template"));
    assert!(error.contains("letter.txt") && error.contains("nowhere"), "{error}");
}

#[test]
fn check_tells_faults_as_text_and_as_json() {
    let folder = tempfile::tempdir().expect("folder");
    let path = write(folder.path(), "moabom.toml", &config_text("connections = 0"), 0o644);
    let (done, said) = run_check(&path, true);
    let error = done.expect_err("faults");
    assert!(error.downcast_ref::<ConfigError>().is_some_and(ConfigError::is_misuse));
    let json: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(json["ok"], false);
    let keys: Vec<_> = json["faults"].as_array().expect("faults").iter().map(|fault| &fault["key"]).collect();
    assert_eq!(keys, ["smtp.user", "smtp.connections"]);
    assert_eq!(json["faults"][1]["line"], 20);
    assert_eq!(run_check(&path, false).1, "", "the report is the error's text");
}
