//! Effect: the command line. One small file per noun: args → step → print.

pub mod backup;
pub mod check;
pub mod completions;
pub mod deliver;
pub mod deliveries;
pub mod demo;
pub mod dkim;
pub mod editions;
pub mod ingest;
pub mod init;
mod open;
pub mod posts;
pub mod preview;
pub mod publish;
pub mod restore;
pub mod run;
pub mod schedule;
mod signal;
pub mod status;
pub mod subscribers;
pub mod verify;
pub mod why;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::clock::Clock;
pub use crate::korean::written_date as dates;
pub use open::Context;

/// 블로그의 새 글과 반응이 좋았던 글을 모아 구독자에게 메일로 보내요
#[derive(Debug, Parser)]
#[command(name = "moabom", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "처음이라면: moabom demo (준비 없이 한 통을 보내 봅니다) · moabom init (설정 만들기)")]
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
    Init(init::InitArgs),
    /// 설정을 살펴 잘못을 한꺼번에 알려 줘요
    Check(check::CheckArgs),
    /// 계속 돌면서 읽고, 때가 되면 발행하고, 보내요
    Run(run::RunArgs),
    /// 블로그를 한 번 읽어요
    Ingest(ingest::IngestArgs),
    /// 때가 된 다이제스트를 발행해요. 이름을 주면 지금 그것을 발행해요
    Publish(publish::PublishArgs),
    /// 보낼 것이 없을 때까지 보내요
    Deliver(deliver::DeliverArgs),
    /// 편지를 미리 봐요. 보내는 것과 같은 편지예요
    Preview(preview::PreviewArgs),
    /// 읽어 둔 글
    #[command(subcommand)]
    Posts(posts::PostsCommand),
    /// 구독자
    #[command(subcommand)]
    Subscribers(subscribers::Command),
    /// 발행호
    #[command(subcommand)]
    Editions(editions::EditionsCommand),
    /// 한 사람 한 사람에게 보낸 기록
    #[command(subcommand)]
    Deliveries(deliveries::DeliveriesCommand),
    /// 메일에 서명할 열쇠 (DKIM)
    #[command(subcommand)]
    Dkim(dkim::DkimCommand),
    /// 지금 어떤지 한 화면으로 보여 줘요
    Status(status::StatusArgs),
    /// 다이제스트마다 언제 발행하는지 풀어 말해 줘요
    Schedule(schedule::ScheduleArgs),
    /// 저장소와 비밀 키를 새 파일에 복사해요. `run`이 도는 동안에도 돼요
    Backup(backup::BackupArgs),
    /// 백업을 되살려요. 백업한 뒤에 보냈을 수 있는 것은 저절로 다시 보내지 않아요
    Restore(restore::RestoreArgs),
    /// 셸에서 Tab으로 명령을 채우게 하는 스크립트를 출력해요
    Completions(completions::CompletionsArgs),
    /// 저장소를 이 판의 스키마로 올려요. 다른 명령도 처음 열 때 알아서 해요
    Migrate,
    /// 장부의 약속이 모두 지켜졌는지 확인해요
    Verify(verify::VerifyArgs),
}

/// The operator asked for what cannot be done as asked: exit code 2. The text is for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Misuse(pub String);

/// Parses the arguments, runs the command, and says what came of it: 0 done, 1 failed, 2 misuse or faulty configuration.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
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
            eprintln!("{error:#}");
            ExitCode::from(if open::is_misuse(&error) { 2 } else { 1 })
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.into_iter().any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn dispatch(context: &Context, command: Command, out: &mut impl Write) -> Result<()> {
    match command {
        Command::Demo(args) => demo::run(&args, &context.clock, out),
        Command::Init(args) => init::run(context, &args, out),
        Command::Check(args) => check::run(context, args, out),
        Command::Run(args) => run::run(context, args),
        Command::Ingest(args) => ingest::run(context, &args, out),
        Command::Publish(args) => publish::run(context, &args, out),
        Command::Deliver(args) => deliver::command(context, args, out),
        Command::Preview(args) => preview::run(context, &args, out),
        Command::Posts(command) => {
            let (config, store) = (context.config()?, context.store()?);
            let zone = config.masthead.newsletter.time_zone;
            let deps =
                posts::Deps { store: &store, digests: &config.digests, masthead: &config.masthead, zone };
            posts::run(&deps, &command, context.clock.now(), out)
        }
        Command::Subscribers(command) => subscribers::command(context, &command, out),
        Command::Editions(command) => {
            let (zone, store) = (context.config()?.masthead.newsletter.time_zone, context.store()?);
            editions::run(&store, &command, zone, context.clock.now(), out)
        }
        Command::Deliveries(command) => {
            deliveries::run(&context.store()?, &command, context.clock.now(), out)
        }
        Command::Dkim(command) => dkim::run(&command),
        Command::Status(args) => status::run(context, args, out),
        Command::Schedule(args) => schedule::run(context, &args, out),
        Command::Backup(args) => backup::run(context, &args, out),
        Command::Restore(args) => restore::run(context, &args, out),
        Command::Completions(args) => completions::run(args, out),
        Command::Migrate => {
            let store = context.store()?;
            Ok(writeln!(out, "저장소의 스키마가 이 판과 맞아요: {}", store.path().display())?)
        }
        Command::Verify(args) => verify::run(context, args, out),
    }
}
