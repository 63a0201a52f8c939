//! Configurations as people write them: right, wrong in every way, and overridden.

use std::path::Path;

use moabom::config::{Config, ConfigError};

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

fn parse(text: &str, env: &[(&str, &str)]) -> Result<Config, String> {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::parse(Path::new("moabom.toml"), text, env).map_err(|faults| faults.to_string())
}

fn report(text: &str) -> String {
    parse(text, &[]).expect_err("it is wrong")
}

#[test]
fn the_shortest_configuration_has_the_defaults_of_a_weekly_letter() {
    let config = parse(SOUND, &[]).expect("it is sound");
    assert_eq!(config.digests[0].rules, moabom::select::Rules::default());
    assert_eq!(config.links.as_ref().map(url::Url::as_str), Some("http://127.0.0.1:8025/"));
    assert_eq!(config.store.key_file, Path::new("data/moabom.sqlite.key"));
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}

#[test]
fn show() {
    println!(
        "{}",
        report(
            "[newsletter]\ntitel = \"x\"\nhome = 3\n[smtp]\nhost = \"a\nuser = \"me\"\n[[digest]]\nschedule = \"0 9 * *\"\npassword = \"hunter2\"\n[smpt]\n"
        )
    );
    println!("{}", report(&SOUND.replace("false", "true").replace("127.0.0.1", "smtp.a.example")));
}
