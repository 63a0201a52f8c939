//! Effect: `moabom check`: reads the configuration and the templates, and says back in Korean what they mean.

mod json;

use std::io::Write;

use anyhow::Result;
use chrono_tz::Tz;
use clap::Args;
use serde::Serialize;

use super::Context;
use super::templates::{Part, part, unread_words, unused_words};
use super::why::plain;
use crate::clock::Instant;
use crate::config::key::{self, KeyError};
use crate::config::{Config, ConfigError, StoreSettings, show_span, templates, variables};
use crate::korean::{dates, width};
use crate::publish::Digest;
use crate::render::Renderer;
use crate::select::section_name;
use crate::smtp::{TlsContext, TlsMode};
use crate::source::{Location, SourceSettings};
use json::{CheckJson, FaultsJson};

/// Runs shown of each digest.
const RUNS: usize = 3;
/// Columns of the labels.
const LABEL: usize = 12;

/// `moabom check`
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct CheckArgs {
    /// 결과를 JSON으로
    #[arg(long)]
    pub json: bool,
}

/// Checks everything that can be checked without talking to anyone; sends and writes nothing.
pub fn run(context: &Context, args: CheckArgs, out: &mut impl Write) -> Result<()> {
    let mut config = match Config::load(&context.config_path, variables()) {
        Err(ConfigError::Faults(faults)) if args.json => {
            write_json(out, &FaultsJson::of(&faults))?;
            return Err(ConfigError::Faults(faults).into());
        }
        other => other?,
    };
    let overrides = templates::overrides(&config.templates)?;
    Renderer::of_folder(&config.templates.display().to_string(), &overrides)?.check()?;
    TlsContext::new(&config.relay)?;
    config.warnings.extend(key_warning(&config.store)?);
    config.admin.password_hash_file.as_deref().map(super::admin::password_hash).transpose()?;
    let names = overrides.iter().map(|(name, _)| name.as_str());
    let (unused, names): (Vec<_>, Vec<_>) = names.partition(|name| part(name, &overrides) == Part::Unused);
    config.warnings.extend(unused.iter().map(|name| unused_words(&config.templates, name)));
    config.warnings.extend(unread_words(&context.config_path, &config.templates));
    let now = context.clock.now();
    if args.json {
        write_json(out, &CheckJson::of(context, &config, &names, now))
    } else {
        write_text(out, context, &config, &names, now)
    }
}

fn write_json(out: &mut impl Write, value: &impl Serialize) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    Ok(writeln!(out)?)
}

/// Keys that are wrong are a fault; a store that lost its keys is worth knowing before new ones are made.
fn key_warning(store: &StoreSettings) -> Result<Option<String>> {
    match key::load(&store.key_file) {
        Err(KeyError::Missing(path)) if store.path.exists() => Ok(Some(format!(
            "저장소({})는 있는데 비밀 키 파일이 없어요: {}. 옮기지 않았다면 옮기세요. 새로 만들면 이미 보낸 편지의 수신거부 링크가 듣지 않아요",
            store.path.display(),
            path.display()
        ))),
        Ok(_) | Err(KeyError::Missing(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn location(source: &SourceSettings) -> String {
    match &source.location {
        Location::File(path) => path.display().to_string(),
        Location::Web(url) => url.to_string(),
    }
}

fn tls(mode: TlsMode) -> &'static str {
    match mode {
        TlsMode::StartTls => "starttls",
        TlsMode::Implicit => "implicit",
        TlsMode::None => "none",
    }
}

fn sections(digest: &Digest) -> String {
    let rules = digest.rules.sections.iter();
    rules.map(|rule| format!("{} {}", section_name(rule.kind), rule.max)).collect::<Vec<_>>().join(", ")
}

/// One line with its label; lines without one continue the one above.
fn row(out: &mut impl Write, label: &str, text: &str) -> std::io::Result<()> {
    let pad = " ".repeat(LABEL.saturating_sub(width::of(label)));
    writeln!(out, "{label}{pad}{}", plain(text))
}

fn write_text(
    out: &mut impl Write,
    context: &Context,
    config: &Config,
    overrides: &[&str],
    now: Instant,
) -> Result<()> {
    let (newsletter, sender) = (&config.masthead.newsletter, &config.masthead.sender);
    writeln!(out, "설정 {}에 고칠 곳이 없어요.\n", context.config_path.display())?;
    row(out, "뉴스레터", &format!("{} · {} · {}", newsletter.title, newsletter.home, newsletter.time_zone))?;
    row(out, "보내는 이", &format!("{} <{}>", sender.name, sender.email.as_str()))?;
    let advertising = if newsletter.advertising {
        "예. 제목 맨 앞에 (광고)를 붙이고 전화와 주소를 실어요"
    } else {
        "아니요. 영리 목적의 광고가 아닌 편지로 보내요"
    };
    row(out, "광고", advertising)?;
    for source in &config.sources {
        let poll = chrono::Duration::from_std(source.poll).map(show_span).unwrap_or_default();
        row(
            out,
            "출처",
            &format!("{} · {} · {} · 간격 {poll}", source.name, source.kind.as_str(), location(source)),
        )?;
    }
    for digest in &config.digests {
        write_digest(out, digest, newsletter.time_zone, now)?;
    }
    write_machinery(out, config, overrides)?;
    for warning in &config.warnings {
        row(out, "주의", warning)?;
    }
    Ok(())
}

fn write_digest(out: &mut impl Write, digest: &Digest, zone: Tz, now: Instant) -> Result<()> {
    row(out, "다이제스트", &format!("{} · {}", digest.name, digest.schedule.describe()))?;
    let runs = digest.schedule.upcoming(now, RUNS);
    let runs: Vec<String> = runs.into_iter().map(|at| dates::minute(at, zone)).collect();
    row(out, "", &format!("다음 발행: {}", runs.join(", ")))?;
    row(
        out,
        "",
        &format!("꼭지: {} (모두 {}–{}편)", sections(digest), digest.rules.min_posts, digest.rules.max_posts),
    )?;
    if let Some(of) = &digest.best_of {
        row(out, "", &format!("받는 이: {of}의 독자 가운데 월간 모음만 받겠다고 한 사람"))?;
    }
    Ok(row(out, "", &format!("제목 틀: {}", digest.subject))?)
}

fn write_machinery(out: &mut impl Write, config: &Config, overrides: &[&str]) -> Result<()> {
    let relay = &config.relay;
    let login = match &relay.login {
        Some(login) => format!("로그인 {}", login.user),
        None => "로그인 없음".to_owned(),
    };
    let tls = tls(relay.tls);
    row(
        out,
        "SMTP",
        &format!("{}:{} · {tls} · {login} · 연결 {}개", relay.host, relay.port, relay.connections),
    )?;
    let dkim = config.dkim.as_ref().map_or("여기서 서명하지 않음".to_owned(), |dkim| {
        format!("{}._domainkey.{}", dkim.selector, dkim.domain)
    });
    row(out, "DKIM", &dkim)?;
    let links = config.links.as_ref().map_or("없음(수신거부는 메일로)", |url| url.as_str());
    row(out, "링크", links)?;
    row(out, "웹", &format!("{}에서 열어요", config.web.listen))?;
    let admin =
        config.admin.listen.map_or("열지 않음".to_owned(), |listen| format!("{listen}에서 열어요"));
    row(out, "운영 페이지", &admin)?;
    let (store, key) = (config.store.path.display(), config.store.key_file.display());
    row(out, "저장소", &format!("{store} · 비밀 키 {key}"))?;
    let own = if overrides.is_empty() {
        "내장 틀".to_owned()
    } else {
        format!("바꾼 틀: {}", overrides.join(", "))
    };
    Ok(row(out, "틀", &own)?)
}
