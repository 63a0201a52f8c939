//! Effect: `moabom doctor`: looks at everything a letter depends on, and says what to mend. Sends nothing, shows no secret.

mod files;
mod network;
mod page;
mod print;

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use serde::Serialize;

use super::Context;
use crate::config::{Config, ConfigError, variables};
use crate::doctor::{Finding, State};

/// `moabom doctor`
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
끝낼 때의 값: 0 고칠 것이 없음, 1 고쳐야 할 것이 있음.
릴레이에는 연결과 로그인까지만 하고, 수신거부 페이지는 열어 보기만 해요. 편지는 보내지 않아요.")]
pub struct DoctorArgs {
    /// 결과를 JSON으로
    #[arg(long)]
    pub json: bool,
    /// 이 기기의 DNS 서버 대신 물어볼 서버. 방금 바꾼 레코드를 볼 때 써요. 예: 1.1.1.1:53
    #[arg(long)]
    pub resolver: Option<SocketAddr>,
    /// 릴레이, DNS, 웹의 답을 기다리는 시간
    #[arg(long, default_value = "5", value_parser = seconds)]
    pub timeout: Duration,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "초를 숫자로 적으세요. 예: 5".to_owned())?;
    match (0.1..=60.0).contains(&number) {
        true => Ok(Duration::from_secs_f64(number)),
        false => Err("0.1에서 60 사이로 적으세요".to_owned()),
    }
}

#[derive(Serialize)]
struct Report<'a> {
    good: usize,
    look: usize,
    mend: usize,
    findings: &'a [Finding],
}

/// Looks, tells, and fails where something must be mended.
pub fn run(context: &Context, args: &DoctorArgs, out: &mut impl Write) -> Result<()> {
    let findings = examine(context, args)?;
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let (good, look, mend) = (count(State::Good), count(State::Look), count(State::Mend));
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &Report { good, look, mend, findings: &findings })?;
        writeln!(out)?;
    } else {
        print::write(&findings, out)?;
        writeln!(out, "\n좋아요 {good} · 살펴봐 주세요 {look} · 고쳐야 해요 {mend}")?;
    }
    out.flush()?;
    match mend {
        0 => Ok(()),
        count => bail!("고쳐야 할 것이 {count}가지 있어요. 위의 안내대로 고친 뒤 다시 살펴보세요."),
    }
}

fn examine(context: &Context, args: &DoctorArgs) -> Result<Vec<Finding>> {
    let file = context.config_path.display().to_string();
    let config = match Config::load(&context.config_path, variables()) {
        Ok(config) => config,
        Err(error) => return Ok(files::faults(&file, &error)),
    };
    let mut findings = vec![Finding::good(
        "설정",
        file.clone(),
        "고칠 곳이 없어요. 비밀번호와 서명 키 파일도 다른 사용자가 읽을 수 없어요.",
    )];
    findings
        .extend(config.warnings.iter().map(|warning| Finding::look("설정", file.clone(), warning.clone())));
    findings.push(files::templates(&config.templates));
    let now = context.clock.now();
    let last_record = files::store(&config.store, now, &mut findings);
    findings.push(files::room(&config.store.path));
    if !args.json {
        eprintln!("릴레이, DNS, 웹을 살펴보고 있어요.");
    }
    findings.extend(network::examine(&config, args, last_record, &context.clock)?);
    Ok(findings)
}

/// Faults of the file, told as `check` tells them.
fn config_faults(error: &ConfigError) -> Vec<(String, String, String)> {
    match error {
        ConfigError::Faults(faults) => faults.rows(),
        other => {
            let text = other.to_string();
            let (found, advice) = text.split_once("\n  → ").unwrap_or((&text, ""));
            vec![(String::new(), found.to_owned(), advice.to_owned())]
        }
    }
}
