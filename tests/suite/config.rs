//! Configurations as people write them: right, wrong in every way, and overridden.

use std::fs;
use std::path::Path;

use moabom::config::{Config, ConfigFaults};
use moabom::model::edition::SectionKind;
use moabom::smtp::TlsMode;

/// What every configuration needs, one key a line, so that a case can change one.
const SOUND: &str = r#"[newsletter]
title = "봄날의 노트"
home = "https://blog.example.com/"
advertising = false

[sender]
name = "봄날"
email = "hello@example.com"

[[source]]
name = "blog"
kind = "page-text"
location = "https://blog.example.com/list.txt"

[[digest]]
name = "weekly"
schedule = "0 9 * * MON"

[smtp]
host = "127.0.0.1"
port = 1025
tls = "none"
"#;

fn faults(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigFaults> {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::parse(Path::new("moabom.toml"), text, env)
}

fn sound(text: &str, env: &[(&str, &str)]) -> Config {
    faults(text, env).unwrap_or_else(|faults| panic!("{faults}"))
}

/// One change to the sound text, and what is to be said of it: line (0: none), key, a word of the fault or the advice.
struct Case(&'static str, &'static str, usize, &'static str, &'static str);

const CASES: &[Case] = &[
    Case("title = \"봄날의 노트\"\n", "", 1, "newsletter.title", "이름을 적으세요"),
    Case("\"봄날의 노트\"", "3", 2, "newsletter.title", "큰따옴표"),
    Case("\"봄날의 노트\"", "\"  \"", 2, "newsletter.title", "비어 있어요"),
    Case("\"봄날의 노트\"", "\"봄날\\r\\nBcc: x\"", 2, "newsletter.title", "줄바꿈"),
    Case("title =", "titel =", 2, "newsletter.titel", "혹시 `title`?"),
    Case("https://blog.example.com/\"", "blog.example.com\"", 3, "newsletter.home", "https://"),
    Case("https://blog.example.com/\"", "ftp://blog.example.com/\"", 3, "newsletter.home", "http나 https"),
    Case("advertising = false\n", "", 1, "newsletter.advertising", "정보통신망법 50조"),
    Case("= false", "= \"no\"", 4, "newsletter.advertising", "`true` 또는 `false`"),
    Case("= false", "= false\ntime_zone = \"Asia/Soul\"", 5, "newsletter.time_zone", "혹시 `Asia/Seoul`?"),
    Case("= false", "= true", 6, "sender.phone", "정보통신망법 50조"),
    Case("= false", "= true", 6, "sender.address", "정보통신망법 50조"),
    Case("hello@example.com", "hello@example", 8, "sender.email", "점이 없어요"),
    Case("hello@example.com", "봄@example.com", 8, "sender.email", "영문이 아닌"),
    Case("[sender]", "[sendr]", 6, "sendr", "혹시 `sender`?"),
    Case("\"page-text\"", "\"html\"", 10, "source[0].preset", "preset = \"tistory\""),
    Case("\"page-text\"", "\"html\"\npreset = \"tystory\"", 13, "source[0].preset", "혹시 `tistory`?"),
    Case("\"page-text\"", "\"feed\"\npreset = \"velog\"", 13, "source[0].preset", "에만 쓰여요"),
    Case(
        "\"page-text\"",
        "\"html\"\nselect = { item = \"li[\", title = \"b\" }",
        13,
        "source[0].select.item",
        "CSS 선택자",
    ),
    Case(
        "\"page-text\"",
        "\"html\"\nselect = { item = \"li\" }",
        13,
        "source[0].select.title",
        "title = \"h2\"",
    ),
    Case("\"page-text\"", "\"html\"\npreset = \"naver\"\npages = 21", 14, "source[0].pages", "1에서 20"),
    Case("page-text", "page-txt", 12, "source[0].kind", "혹시 `page-text`?"),
    Case(
        "https://blog.example.com/list.txt",
        "http://192.168.0.7/list",
        13,
        "source[0].location",
        "allow_private",
    ),
    Case(
        "https://blog.example.com/list.txt",
        "https://me:pw@a.example/",
        13,
        "source[0].location",
        "비밀번호가 들어",
    ),
    Case("[[source]]", "[source]", 10, "source", "대괄호를 두 겹"),
    Case("[[digest]]", "poll = \"half\"\n[[digest]]", 15, "source[0].poll", "30m"),
    Case("[[digest]]", "poll = \"1s\"\n[[digest]]", 15, "source[0].poll", "10s에서 7d 사이"),
    Case("schedule =", "shedule =", 17, "digest[0].shedule", "혹시 `schedule`?"),
    Case("0 9 * * MON", "0 9 * MON", 17, "digest[0].schedule", "다섯 칸"),
    Case("0 9 * * MON", "0 25 * * MON", 17, "digest[0].schedule", "시"),
    Case("0 9 * * MON", "0 9 31 2 *", 17, "digest[0].schedule", "달력에 없어요"),
    Case("MON\"", "MON\"\nsubject = \"{{ led.title }}\"", 18, "digest[0].subject", "led"),
    Case("MON\"", "MON\"\nsubject = \"{{ lead.title\"", 18, "digest[0].subject", "lead.title"),
    Case("MON\"", "MON\"\nsections = { new = 5, tpo = 5 }", 18, "digest[0].sections.tpo", "혹시 `top`?"),
    Case("MON\"", "MON\"\nsections = { new = 0 }", 18, "digest[0].sections", "하나도 없어요"),
    Case("MON\"", "MON\"\nsections = [\"new\"]", 18, "digest[0].sections", "구역"),
    Case("MON\"", "MON\"\nmin = 9\nmax = 3", 18, "digest[0].min", "min을 줄이거나"),
    Case("MON\"", "MON\"\nmax = 1.5", 18, "digest[0].max", "정수"),
    Case("MON\"", "MON\"\ngravity = -1", 18, "digest[0].gravity", "0에서 5 사이"),
    Case("MON\"", "MON\"\nfloor = nan", 18, "digest[0].floor", "범위"),
    Case("MON\"", "MON\"\ncooldown = 30", 18, "digest[0].cooldown", "단위"),
    Case("MON\"", "MON\"\nemoji_weights = { like = 2 }", 18, "digest[0].emoji_weights.like", "이모지"),
    Case(
        "[smtp]",
        "[[digest]]\nname = \"Weekly\"\nschedule = \"@daily\"\n[smtp]",
        20,
        "digest[1].name",
        "16행에 이미",
    ),
    Case("127.0.0.1", "smtp.example.com", 22, "smtp.tls", "이 기기"),
    Case("127.0.0.1", "smtp://a.example:25", 20, "smtp.host", "포트는 `port`"),
    Case("1025", "\"1025\"", 21, "smtp.port", "따옴표를 지우세요"),
    Case("1025", "70000", 21, "smtp.port", "1에서 65535 사이"),
    Case("port = 1025\n", "", 19, "smtp.port", "587"),
    Case("\"none\"", "\"ssl\"", 22, "smtp.tls", "`starttls`, `implicit`, `none`"),
    Case("\"none\"", "\"none\"\nuser = \"me\"", 23, "smtp.user", "MOABOM__SMTP__PASSWORD"),
    Case("\"none\"", "\"none\"\npassword = \"hunter2\"", 23, "smtp.password", "LoadCredential"),
    Case(
        "\"none\"",
        "\"none\"\nuser = \"me\"\npassword_file = \"no/such\"",
        24,
        "smtp.password_file",
        "파일이 없어요",
    ),
    Case("\"none\"", "\"none\"\nca_file = \"no/such.pem\"", 23, "smtp.ca_file", "없어요"),
    Case("\"none\"", "\"none\"\nconnections = 0", 23, "smtp.connections", "1에서 100 사이"),
    Case(
        "\"none\"",
        "\"none\"\n[dkim]\ndomain = \"other.example\"\nkey_file = \"no\"",
        24,
        "dkim.domain",
        "example.com",
    ),
    Case("\"none\"", "\"none\"\n[web]\nlisten = \"8025\"", 24, "web.listen", "127.0.0.1:8025"),
    Case(
        "\"none\"",
        "\"none\"\n[web]\npublic_url = \"https://a.example/?x=1\"",
        24,
        "web.public_url",
        "그 앞까지만",
    ),
    Case("\"none\"", "\"none\"\n[admin]\nlisten = \"8026\"", 24, "admin.listen", "127.0.0.1:8025"),
    Case(
        "\"none\"",
        "\"none\"\n[admin]\nlisten = \"0.0.0.0:8026\"",
        24,
        "admin.listen",
        "moabom admin password",
    ),
    Case(
        "\"none\"",
        "\"none\"\n[admin]\nlisten = \"0.0.0.0:8026\"\npassword_hash_file = \"x\"",
        24,
        "admin.listen",
        "public_url",
    ),
    Case(
        "\"none\"",
        "\"none\"\n[admin]\npublic_url = \"https://a.example/\"",
        24,
        "admin.public_url",
        "moabom admin password",
    ),
    Case(
        "\"none\"",
        "\"none\"\n[admin]\npassword_hash_file = \"x\"\npublic_url = \"http://a.example/\"",
        25,
        "admin.public_url",
        "https로 여세요",
    ),
    Case(
        "\"none\"",
        "\"none\"\n[admin]\npassword_hash_file = \"x\"\npublic_url = \"https://a.example/moabom/\"",
        25,
        "admin.public_url",
        "맨 위",
    ),
    Case("\"none\"", "\"none\"\n[admin]\npassword = \"hunter2\"", 24, "admin.password", "password_hash_file"),
    Case(
        "\"none\"",
        "\"none\"\n[store]\nurl = \"postgres://x/y\"",
        24,
        "store.url",
        "sqlite:data/moabom.sqlite",
    ),
    Case(
        "\"none\"",
        "\"none\"\n[store]\npath = \"x\"\nurl = \"sqlite:y\"",
        25,
        "store.url",
        "하나만 적으세요",
    ),
    Case("\"none\"", "\"none\"\n[store]\nfile = \"x\"", 24, "store.file", "path, url, key_file"),
    Case(
        "\"none\"",
        "\"none\"\n[store]\nurl = \"SQLite:data/a\"",
        24,
        "store.url",
        "sqlite:data/moabom.sqlite",
    ),
    Case(
        "\"none\"",
        "\"none\"\n[store]\nurl = \"postgres:foo\"",
        24,
        "store.url",
        "sqlite:data/moabom.sqlite",
    ),
    Case(
        "\"none\"",
        "\"none\"\n[store]\nurl = \"sqlite:file:x.sqlite\"",
        24,
        "store.url",
        "sqlite:data/moabom.sqlite",
    ),
    Case(
        "\"none\"",
        "\"none\"\n[store]\npath = \"file:data/x.sqlite\"",
        24,
        "store.path",
        "sqlite:data/moabom.sqlite",
    ),
    Case("\"none\"", "\"none\"\n[store]\npath = \":memory:\"", 24, "store.path", "sqlite:data/moabom.sqlite"),
    Case("\"none\"", "\"none\"\n[log]\nlevel = \"inf\"", 24, "log.level", "혹시 `info`?"),
    Case("port = 1025", "port = 1025\nport = 26", 22, "", "두 번"),
    Case("\"봄날\"", "봄날", 7, "", "따옴표"),
    Case("host = \"127.0.0.1\"", "host \"127.0.0.1\"", 20, "", "`=`"),
    Case("[smtp]", "[smtp", 19, "", "닫으세요"),
];

#[test]
fn each_broken_configuration_is_told_with_line_key_and_advice() {
    assert!(CASES.len() >= 40);
    for Case(from, to, line, key, word) in CASES {
        assert!(SOUND.contains(from), "{from}");
        let text = SOUND.replacen(from, to, 1);
        let found = faults(&text, &[]).err().unwrap_or_else(|| panic!("{to}: it was taken"));
        let fault = found.faults.iter().find(|fault| fault.key == *key && fault.place.line() == Some(*line));
        let Some(fault) = fault else { panic!("{to}: {key} in line {line} is not among\n{found}") };
        let said = format!("{} {}", fault.problem, fault.advice);
        assert!(said.contains(word), "{to}: {said}");
        assert!(!fault.advice.is_empty(), "{to}");
        let report = found.to_string();
        assert!(report.contains(&format!("moabom.toml:{line}:")), "{report}");
    }
}

#[test]
fn a_single_slip_is_a_single_fault() {
    for Case(from, to, ..) in CASES {
        let found = faults(&SOUND.replacen(from, to, 1), &[]).expect_err(to).faults.len();
        // A key mistyped is missing, too; an advertiser lacks two; a lost section lacks its keys.
        let allowed = if to.contains("[sendr]") || to.contains("= true") || to.contains("other.example") {
            3
        } else {
            2
        };
        assert!(found <= allowed, "{to}: {found}");
    }
}

#[test]
fn every_fault_is_in_one_report() {
    let text = SOUND
        .replace("title =", "titel =")
        .replace("hello@example.com", "hello")
        .replace("page-text", "atom")
        .replace("0 9 * * MON", "sometimes")
        .replace("1025", "0");
    let report =
        faults(&text, &[("MOABOM__LOG__LEVEL", "loud"), ("MOABOM__SMPT__HOST", "x")]).expect_err("wrong");
    let keys: Vec<&str> = report.faults.iter().map(|fault| fault.key.as_str()).collect();
    for key in [
        "newsletter.titel",
        "sender.email",
        "source[0].kind",
        "digest[0].schedule",
        "smtp.port",
        "log.level",
        "smpt",
    ] {
        assert!(keys.contains(&key), "{key} is not in {keys:?}");
    }
    let report = report.to_string();
    assert!(report.contains("환경 변수 MOABOM__LOG__LEVEL · log.level"), "{report}");
    assert!(report.contains("혹시 `smtp`?"), "{report}");
}

#[test]
fn an_empty_file_names_all_that_is_needed() {
    let keys: Vec<String> =
        faults("", &[]).expect_err("empty").faults.into_iter().map(|fault| fault.key).collect();
    assert_eq!(
        keys,
        [
            "newsletter.title",
            "newsletter.home",
            "newsletter.advertising",
            "sender.name",
            "sender.email",
            "source",
            "digest",
            "smtp.host",
            "smtp.port"
        ]
    );
}

#[test]
fn the_shortest_configuration_has_the_defaults_of_a_weekly_letter() {
    let config = sound(SOUND, &[]);
    assert_eq!(config.digests[0].rules, moabom::select::Rules::default());
    assert_eq!(config.store.key_file, Path::new("data/moabom.sqlite.key"));
    assert_eq!(config.masthead.newsletter.time_zone, chrono_tz::Asia::Seoul);
    // A relay on this machine is no trial: without an address that readers can open there are no links.
    assert_eq!(config.links, None);
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
}

#[test]
fn the_store_may_be_written_as_an_address() {
    for (url, path) in [
        ("sqlite:data/a.sqlite", "data/a.sqlite"),
        ("sqlite://data/a.sqlite", "data/a.sqlite"),
        ("sqlite:///srv/a.sqlite", "/srv/a.sqlite"),
        ("data/a.sqlite", "data/a.sqlite"),
    ] {
        let config = sound(SOUND, &[("MOABOM__STORE__URL", url)]);
        assert_eq!(config.store.path, Path::new(path), "{url}");
    }
}

#[test]
fn every_setting_reaches_its_room() {
    let text = SOUND
        .replace("MON\"", "MON\"\nsections = { top = 4, new = 3, late = 0 }\nmin = 2\ncooldown = \"1w\"\nemoji_weights = { \"👍\" = 2 }")
        .replace("\"none\"", "\"none\"\nhello = \"mx.example\"\nper_second = 5\nunknown = \"hold\"\n[web]\npublic_url = \"https://a.example/letters\"");
    let config = sound(&text, &[]);
    let rules = &config.digests[0].rules;
    let kinds: Vec<_> = rules.sections.iter().map(|rule| (rule.kind, rule.max)).collect();
    assert_eq!(kinds, [(SectionKind::Top, 4), (SectionKind::New, 3)]);
    assert_eq!((rules.min_posts, rules.cooldown), (2, chrono::Duration::days(7)));
    assert_eq!(rules.emoji_weights, [("👍".to_owned(), 2.0)]);
    assert_eq!((config.relay.tls, config.relay.hello.as_deref()), (TlsMode::None, Some("mx.example")));
    assert_eq!(config.relay.per_second, Some(5.0));
    assert_eq!(config.deliver.unknown, moabom::store::deliveries::UnknownPolicy::Hold);
    assert_eq!(config.deliver.from.as_str(), "hello@example.com");
    assert_eq!(config.links.as_ref().map(url::Url::as_str), Some("https://a.example/letters/"));
}

#[test]
fn variables_stand_above_the_file() {
    let env = [
        ("MOABOM__NEWSLETTER__ADVERTISING", "true"),
        ("MOABOM__SENDER__PHONE", "02-000-0000"),
        ("MOABOM__SENDER__ADDRESS", "서울"),
        ("MOABOM__WEB__PUBLIC_URL", "https://letter.example.com/"),
        ("MOABOM__SOURCE__0__LOCATION", "list.txt"),
        ("MOABOM__DIGEST__0__SCHEDULE", "@daily"),
        ("MOABOM__DIGEST__0__SECTIONS__TOP", "7"),
        ("MOABOM__SMTP__PORT", "2525"),
        ("MOABOM__SMTP__USER", "me"),
        ("MOABOM__SMTP__PASSWORD", "hunter2"),
        ("MOABOM__STORE__PATH", "other.sqlite"),
        ("MOABOM__LOG__LEVEL", ""),
        ("MOABOM_SMTP_HOST", "one underscore"),
    ];
    let config = sound(&SOUND.replace("MON\"", "MON\"\nsections = { new = 1, top = 2, late = 3 }"), &env);
    assert!(config.masthead.newsletter.advertising);
    assert_eq!(config.digests[0].schedule.describe(), "매일 오전 0시");
    let kinds: Vec<_> = config.digests[0].rules.sections.iter().map(|rule| (rule.kind, rule.max)).collect();
    assert_eq!(kinds, [(SectionKind::New, 1), (SectionKind::Top, 7), (SectionKind::Late, 3)]);
    assert_eq!(config.relay.port, 2525);
    assert_eq!(config.relay.login.as_ref().map(|login| login.user.as_str()), Some("me"));
    assert_eq!(config.store.key_file, Path::new("other.sqlite.key"));
    assert!(
        config.warnings.iter().any(|warning| warning.contains("MOABOM_SMTP_HOST")),
        "{:?}",
        config.warnings
    );
}

#[test]
fn a_fault_of_a_variable_names_the_variable() {
    for (name, value, key, word) in [
        ("MOABOM__SMTP__PORT", "abc", "smtp.port", "정수"),
        ("MOABOM__SMTP__HOTS", "a", "smtp.hots", "혹시 `host`?"),
        ("MOABOM__NEWSLETTER__ADVERTISING", "네", "newsletter.advertising", "true"),
        ("MOABOM__DIGEST__0__SCHEDULE", "x", "digest[0].schedule", "다섯 칸"),
        ("MOABOM__DIGEST__1__NAME", "x", "", "1개"),
        ("MOABOM__DIGEST__NAME", "x", "", "번호는 0부터"),
        ("MOABOM__SMTP", "x", "smtp", "구역"),
        ("MOABOM__SMTP__HOST__X", "x", "", "아래에는 키가 없어요"),
        ("MOABOM__SMTP____HOST", "x", "", "MOABOM__구역__키"),
    ] {
        let found = faults(SOUND, &[(name, value)]).expect_err(name);
        let report = found.to_string();
        assert!(report.contains(&format!("환경 변수 {name}")), "{report}");
        assert!(found.faults.iter().any(|fault| fault.key == key), "{name}: {report}");
        assert!(report.contains(word), "{report}");
    }
}

#[test]
fn what_is_allowed_but_odd_is_a_warning_with_its_place() {
    let far = SOUND.replace("127.0.0.1", "smtp.a.example").replace("\"none\"", "\"starttls\"");
    for (text, word) in [
        (far.clone(), "web.public_url: 수신거부 링크를 만들 주소가 없어"),
        (SOUND.to_owned(), "web.public_url: 수신거부 링크를 만들 주소가 없어"),
        (far.replace("1025", "465"), "moabom.toml:21:8 · smtp.port"),
        (far.replace("hello@example.com", "me@naver.com"), "네이버"),
        (SOUND.replace("봄날의 노트", "할인 소식"), "할인"),
        (SOUND.replace("MON\"", "MON\"\nsubject = \"쿠폰 {{ lead.title }}\""), "쿠폰"),
        (SOUND.replace("https://blog.example.com/list.txt", "no/such.txt"), "아직 없는 파일이에요"),
        (format!("{SOUND}[web]\npublic_url = \"http://a.example/\"\n"), "RFC 8058"),
    ] {
        let warnings = sound(&text, &[]).warnings;
        assert!(warnings.iter().any(|warning| warning.contains(word)), "{word}: {warnings:?}");
    }
    for relay in [SOUND, &far] {
        let advertiser = relay
            .replace("= false", "= true")
            .replace("[[source]]", "phone = \"1\"\naddress = \"서울\"\n[[source]]");
        let found = faults(&advertiser, &[]).expect_err("no link").faults;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].key, "web.public_url");
    }
    let subject =
        SOUND.replace("= false", "= true").replace("MON\"", "MON\"\nsubject = \"[광고] {{ lead.title }}\"");
    assert!(faults(&subject, &[]).expect_err("a look-alike").to_string().contains("광고 표시와 비슷"));
    for hidden in ["\u{200B}", "\u{2060}", "\u{FEFF}"] {
        let subject = SOUND.replace("MON\"", &format!("MON\"\nsubject = \"(광{hidden}고) 새 소식\""));
        assert!(faults(&subject, &[]).expect_err("hidden").to_string().contains("광고 표시와 비슷"));
    }
}

fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/moabom.toml");
    let config = Config::load(&path, std::iter::empty()).unwrap_or_else(|error| panic!("{error}"));
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    fs::read_to_string(&path).expect("the example")
}

/// The example with each key that is commented out in force.
fn example_in_full() -> String {
    let is_key = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let uncommented = |line: &str| {
        let rest = line.strip_prefix("# ").filter(|rest| {
            rest.starts_with("[dkim]") || rest.split_once(" = ").is_some_and(|(key, _)| is_key(key))
        });
        format!("{}\n", rest.unwrap_or(line))
    };
    example().lines().map(uncommented).collect()
}

#[test]
fn the_operators_page_is_off_until_it_is_given_a_place() {
    assert_eq!(sound(SOUND, &[]).admin.listen, None);
    let here = sound(&format!("{SOUND}[admin]\nlisten = \"localhost:8026\"\n"), &[]).admin;
    assert!(here.listen.is_some_and(|listen| listen.ip().is_loopback()) && here.password_hash_file.is_none());
    let beyond = "[admin]\nlisten = \"0.0.0.0:8026\"\npassword_hash_file = \"x\"\npublic_url = \"https://a.example\"\n";
    let beyond = sound(&format!("{SOUND}{beyond}"), &[]).admin;
    assert_eq!(beyond.public_url.map(String::from).as_deref(), Some("https://a.example/"));
}

#[test]
fn the_defaults_that_the_example_states_are_the_defaults() {
    let config = sound(&example(), &[]);
    let of_files = |line: &&str| {
        let key = line.split(" = ").next().unwrap_or_default();
        !matches!(
            key,
            "user"
                | "password_file"
                | "ca_file"
                | "ed25519_key_file"
                | "[dkim]"
                | "domain"
                | "selector"
                | "best_of"
        ) && !line.contains("dkim-moabom.pem")
            && !line.starts_with("[dkim]")
    };
    let stated: Vec<String> = example_in_full().lines().filter(of_files).map(str::to_owned).collect();
    let full = sound(&stated.join("\n"), &[]);
    let mut rules = full.digests[0].rules.clone();
    assert_eq!(rules.emoji_weights, [("👍".to_owned(), 1.0)]);
    rules.emoji_weights.clear();
    assert_eq!(rules, config.digests[0].rules);
    assert_eq!(full.digests[0].subject, config.digests[0].subject);
    assert_eq!(full.digests[0].max_late, config.digests[0].max_late);
    assert_eq!(full.privacy.officer, "봄날");
    assert_eq!((&full.web, &full.store, &full.log), (&config.web, &config.store, &config.log));
    assert_eq!(full.templates, config.templates);
    assert_eq!(full.deliver.unknown, config.deliver.unknown);
    let relay = |config: &Config| {
        let relay = &config.relay;
        (relay.tls, relay.connections, relay.messages_per_connection)
    };
    assert_eq!(relay(&full), relay(&config));
    assert_eq!(full.sources, config.sources);
}

#[test]
fn the_example_names_every_key_there_is() {
    let all = example_in_full();
    let found = faults(&all, &[]).expect_err("the files are not there");
    assert!(found.faults.iter().all(|fault| fault.problem.contains("없어요")), "{found}");
    for section in [
        "newsletter",
        "sender",
        "source",
        "digest",
        "smtp",
        "dkim",
        "web",
        "admin",
        "privacy",
        "metrics",
        "operator",
        "law",
        "store",
        "templates",
        "log",
    ] {
        let list = matches!(section, "source" | "digest");
        let header = if list { format!("\n[[{section}]]\n") } else { format!("\n[{section}]\n") };
        let wrong = all.replacen(&header, &format!("{header}qqqqqqqqqq = 1\n"), 1);
        let found = faults(&wrong, &[]).expect_err(section);
        let unknown = found.faults.iter().find(|fault| fault.key.ends_with("qqqqqqqqqq")).expect(section);
        let known = unknown.advice.split(": ").nth(1).expect("the keys there are");
        for key in known.split(", ").filter(|key| *key != "password") {
            assert!(all.contains(&format!("\n{key} = ")), "the example lacks {section}.{key}");
        }
    }
}

#[test]
fn the_listing_page_that_the_example_describes_is_read() {
    let text = example();
    let from = text.find("#   [[source]]").expect("a listing page");
    let lines = text[from..].lines().map_while(|line| line.strip_prefix("#   "));
    let described: Vec<&str> = lines.collect();
    let config = sound(&format!("{text}\n{}\n", described.join("\n").replace("\"blog\"", "\"list\"")), &[]);
    let listing = config.sources[1].listing.as_deref().expect("selectors");
    assert_eq!((listing.item.as_str(), listing.pages), ("li.post", 1));
    let picks = [&listing.title, &listing.date, &listing.author, &listing.excerpt, &listing.reactions];
    assert!(picks.into_iter().chain([&listing.comments, &listing.emoji, &listing.next]).all(Option::is_some));
}

#[test]
fn no_mangled_file_makes_it_panic() {
    let text = example_in_full();
    let lines: Vec<&str> = text.lines().collect();
    for at in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(at);
        drop(faults(&fewer.join("\n"), &[]));
        let half: String = lines[at].chars().take(lines[at].chars().count() / 2).collect();
        drop(faults(&format!("{}\n{half}", lines[..at].join("\n")), &[]));
    }
    for odd in [
        "",
        "\u{feff}",
        "[",
        "=",
        "[[[",
        "\"",
        "가 = 나",
        "a.b.c = {}",
        "[newsletter]\n[newsletter]",
        "\0\u{202e}",
        "digest = 1",
        "[[newsletter]]",
        "x = [[[[[[[[",
    ] {
        let report = faults(odd, &[]).expect_err(odd).to_string();
        assert!(!report.contains('\0') && !report.contains('\u{202e}'), "{report:?}");
    }
    let deep = format!("x = {}", "[".repeat(100_000));
    drop(faults(&deep, &[]));
    drop(faults(&"a.".repeat(50_000), &[]));
}
