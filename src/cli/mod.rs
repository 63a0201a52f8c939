//! Effect: the command line. One small file per noun: args → step → print.

pub mod admin;
pub mod adopt;
pub mod backup;
pub mod check;
pub mod completions;
mod correct;
pub mod deliver;
pub mod deliveries;
pub mod demo;
pub mod dkim;
pub mod doctor;
pub mod editions;
pub mod export;
mod following;
pub mod ingest;
pub mod init;
pub mod keys;
pub mod law;
mod log;
pub mod man;
mod open;
pub mod posts;
pub mod preview;
pub mod publish;
pub mod restore;
pub mod run;
mod sample;
pub mod schedule;
mod signal;
pub mod status;
pub mod subscribers;
pub mod templates;
pub mod test_send;
mod usage;
pub mod verify;
pub mod web;
pub mod why;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::clock::Clock;
use crate::config::{io_words, nearest};
pub use crate::korean::written_date as dates;
use crate::store::Store;
pub use open::Context;

/// 블로그의 새 글과 반응이 좋았던 글을 모아 구독자에게 메일로 보내요
#[derive(Debug, Parser)]
#[command(name = "moabom", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "처음이라면: moabom demo (준비 없이 한 통을 보내 봐요) · moabom init (설정 만들기)")]
pub struct Cli {
    /// 설정 파일
    #[arg(long, global = true, value_name = "PATH", default_value = "config/moabom.toml")]
    pub config: PathBuf,
    /// 할 일
    #[command(subcommand)]
    pub command: Command,
}

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 준비 없이 보기: 견본 블로그로 만든 편지를 내장 우편함으로 실제로 보내요
    Demo(demo::DemoArgs),
    /// 설정 파일을 만들어요. 있는 파일은 건드리지 않아요
    Init(Box<init::InitArgs>),
    /// 설정을 살펴 잘못을 한꺼번에 알려 줘요
    Check(check::CheckArgs),
    /// 보내기 전에 설정, 저장소, 시계, 릴레이, DNS, 수신거부 페이지를 살펴요. 아무것도 보내지 않아요
    Doctor(doctor::DoctorArgs),
    /// 계속 돌면서 읽고, 때가 되면 발행하고, 보내요. SIGHUP을 받으면 설정을 다시 읽어요
    Run(run::RunArgs),
    /// 독자의 페이지(수신거부, 구독 신청, 보관함)만 열어 두어요. `run`은 이것까지 해요
    Web(web::WebArgs),
    /// 블로그를 한 번 읽어요
    Ingest(ingest::IngestArgs),
    /// 때가 된 다이제스트를 발행해요. 이름을 주면 지금 그것을 발행해요
    Publish(publish::PublishArgs),
    /// 보낼 것이 없을 때까지 보내요
    #[command(after_help = "\
`run`을 켜 둘 수 없어 cron으로 돌린다면 이 차례로 두고, 독자의 페이지는 `moabom web`으로 열어 두세요:
  moabom ingest; moabom publish; moabom deliver
구독 확인 메일과 법이 정한 통지도 `deliver`가 보내요.")]
    Deliver(deliver::DeliverArgs),
    /// 편지를 미리 봐요. 보내는 것과 같은 편지예요
    Preview(preview::PreviewArgs),
    /// 지금의 편지를 적은 주소 하나에만 시험으로 보내요. 장부에는 남지 않아요
    TestSend(test_send::TestSendArgs),
    /// 편지 틀
    #[command(subcommand)]
    Templates(templates::TemplatesCommand),
    /// 읽어 둔 글
    #[command(subcommand)]
    Posts(posts::PostsCommand),
    /// 구독자
    #[command(subcommand)]
    Subscribers(subscribers::Command),
    /// 발행호
    #[command(subcommand)]
    Editions(correct::EditionsRoom),
    /// 한 사람 한 사람에게 보낸 기록
    #[command(subcommand)]
    Deliveries(deliveries::DeliveriesCommand),
    /// 메일에 서명할 키 (DKIM)
    #[command(subcommand)]
    Dkim(dkim::DkimCommand),
    /// 링크에 서명하는 비밀 키
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// 법이 정한 통지와 표시 가운데 할 것과 빠진 것을 알려 줘요
    Law(law::LawArgs),
    /// 지금 어떤지 한 화면으로 보여 줘요
    Status(status::StatusArgs),
    /// 다이제스트마다 언제 발행하는지 풀어 말해 줘요
    Schedule(schedule::ScheduleArgs),
    /// 저장소와 비밀 키를 새 파일에 복사해요. `run`이 도는 동안에도 돼요
    Backup(backup::BackupArgs),
    /// 글, 편지, 구독자, 장부를 모두 열린 형식의 파일로 내보내요. `run`이 도는 동안에도 돼요
    Export(export::ExportArgs),
    /// 백업을 되살려요. 백업한 뒤에 보냈을 수 있는 것은 저절로 다시 보내지 않아요
    Restore(restore::RestoreArgs),
    /// 웹 브라우저로 보는 운영 페이지
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// 셸에서 Tab으로 명령을 채우게 하는 스크립트를 출력해요
    Completions(completions::CompletionsArgs),
    /// 명령마다 설명서(man)를 폴더에 써요
    Man(man::ManArgs),
    /// 옮기거나 복사한 저장소가 이제부터 보내게 해요
    Adopt,
    /// 저장소를 이 판의 스키마로 올려요. 다른 명령도 처음 열 때 알아서 해요
    Migrate,
    /// 장부의 약속이 모두 지켜졌는지 확인해요
    Verify(verify::VerifyArgs),
}

/// The operator asked for what cannot be done as asked: exit code 2. The text is for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Misuse(pub String);

impl Misuse {
    /// A name that the configuration does not hold, with the one that may have been meant. `noun` ends in a vowel.
    fn unknown<'a>(noun: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Misuse {
        let known: Vec<&str> = known.into_iter().collect();
        let meant = nearest(name, known.iter().copied()).map(|meant| format!(" 혹시 `{meant}`?"));
        let (name, meant, known) = (why::plain(name), meant.unwrap_or_default(), known.join(", "));
        Misuse(format!("설정에 없는 {noun}예요: `{name}`.{meant} 있는 것: {known}"))
    }
}

/// Parses the arguments, runs the command, and says what came of it: 0 done, 1 failed, 2 misuse or faulty configuration.
pub fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            match usage::told(&error) {
                Some(told) => eprintln!("{told}"),
                None => {
                    let shown = usage::shown(&error, console::colors_enabled());
                    let _ = io::stdout().write_all(shown.as_bytes());
                }
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let context = Context { config_path: cli.config, clock: Clock::System };
    let mut out = io::stdout().lock();
    let result = dispatch(&context, cli.command, &mut out).and_then(|()| Ok(out.flush()?));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output went away (`| head`): nothing is wrong.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            log::say(tracing::Level::ERROR, &told(&error));
            ExitCode::from(if open::is_misuse(&error) { 2 } else { 1 })
        }
    }
}

/// The command line, as clap reads it with Korean words around it.
fn parse() -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&usage::in_korean(Cli::command()).try_get_matches()?)
}

/// The error and its causes in one line; the system's own words for a failed file or socket in Korean.
fn told(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let said = cause.to_string();
        line = match system_words(cause) {
            // Alone it comes from printing: whatever reads a file or a socket says which.
            Some(words) if line.is_empty() => format!("결과를 쓰지 못했어요: {words}"),
            Some(words) if line.contains(&said) => line.replace(&said, &words),
            Some(words) if line.contains(&words) => line,
            Some(words) => format!("{line} (까닭: {words})"),
            None if line.is_empty() => said,
            None if line.contains(&said) => line,
            None => format!("{line}: {said}"),
        };
    }
    line
}

fn system_words(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    Some(match system_kind(cause)? {
        io::ErrorKind::NotFound => "그런 파일이나 폴더가 없어요".to_owned(),
        io::ErrorKind::PermissionDenied => "권한이 없어요".to_owned(),
        kind => match cause.downcast_ref::<io::Error>() {
            Some(error) => io_words(error),
            None => io_words(&kind.into()),
        },
    })
}

/// A JSON writer keeps the system's error to itself and shows its kind only.
fn system_kind(cause: &(dyn std::error::Error + 'static)) -> Option<io::ErrorKind> {
    let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
    json.or_else(|| cause.downcast_ref::<io::Error>().map(io::Error::kind))
}

/// What was named as a file is not there, or is a folder: misuse rather than a failure.
fn is_no_file(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory
    )
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().filter_map(system_kind).any(|kind| kind == io::ErrorKind::BrokenPipe)
}

fn dispatch(context: &Context, command: Command, out: &mut impl Write) -> Result<()> {
    match command {
        Command::Demo(args) => demo::run(&args, &context.clock, out),
        Command::Init(args) => init::run(context, &args, out),
        Command::Check(args) => check::run(context, args, out),
        Command::Doctor(args) => doctor::run(context, &args, out),
        Command::Run(args) => run::run(context, args),
        Command::Web(args) => web::run(context, args),
        Command::Ingest(args) => ingest::run(context, &args, out),
        Command::Publish(args) => publish::run(context, &args, out),
        Command::Deliver(args) => deliver::command(context, args, out),
        Command::Preview(args) => preview::run(context, &args, out),
        Command::TestSend(args) => test_send::run(context, &args, out),
        Command::Templates(command) => templates::run(context, &command, out),
        Command::Posts(command) => {
            let (config, store) = (context.config()?, context.store()?);
            let zone = config.masthead.newsletter.time_zone;
            let deps = posts::Deps {
                store: &store,
                digests: &config.digests,
                sources: &config.sources,
                masthead: &config.masthead,
                zone,
            };
            posts::run(&deps, &command, context.clock.now(), out)
        }
        Command::Subscribers(command) => subscribers::command(context, &command, out),
        Command::Editions(correct::EditionsRoom::Correct(args)) => correct::run(context, &args, out),
        Command::Editions(correct::EditionsRoom::Ledger(command)) => {
            let (config, store) = (context.config()?, context.store()?);
            let zone = config.masthead.newsletter.time_zone;
            let digests: Vec<&str> = config.digests.iter().map(|digest| digest.name.as_str()).collect();
            editions::check(&store, &command, &digests)?;
            editions::run(&store, &command, zone, context.clock.now(), out)
        }
        Command::Deliveries(command) => {
            let config = context.config()?;
            let store = Store::open(&config.store.path, context.clock.now())?;
            let key = || open::suppression_key(&config, &store);
            deliveries::run(&store, &key, &command, context.clock.now(), out)
        }
        Command::Law(args) => law::run(context, args, out),
        Command::Dkim(command) => dkim::run(&command),
        Command::Keys(command) => keys::run(context, command, out),
        Command::Status(args) => status::run(context, args, out),
        Command::Schedule(args) => schedule::run(context, &args, out),
        Command::Backup(args) => backup::run(context, &args, out),
        Command::Export(args) => export::run(context, &args, out),
        Command::Restore(args) => restore::run(context, &args, out),
        Command::Admin(command) => admin::run(context, &command, out),
        Command::Completions(args) => completions::run(args, out),
        Command::Man(args) => man::run(context, &args, out),
        Command::Adopt => adopt::run(context, out),
        Command::Migrate => {
            let store = context.store()?;
            Ok(writeln!(out, "저장소의 스키마가 이 판과 맞아요: {}", store.path().display())?)
        }
        Command::Verify(args) => verify::run(context, args, out),
    }
}
