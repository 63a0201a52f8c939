//! Effect: `moabom demo`: the whole way with nothing set up: a blog is read, an edition published, three letters sent.
//!
//! It is a configured system like any other, in a folder of its own that is gone afterwards; only its relay is special.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use chrono::Duration;
use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::open::{Context, Opened};
use super::{Misuse, is_no_file, publish, sample, signal};
use crate::clock::{Clock, Instant};
use crate::config::io_words;
use crate::deliver::{self, Session};
use crate::demo::inbox::Inbox;
use crate::demo::{PAGE_BEFORE, PAGE_NOW, READERS};
use crate::ingest;
use crate::model::subscriber::SubscriptionState;
use crate::model::{EmailAddress, SuppressionKey};
use crate::publish::{Outcome, publish_by_hand};
use crate::source::page_text;
use crate::store::subscribers::NewSubscriber;
use crate::web;

const SOURCE: &str = "demo";
const DIGEST: &str = "weekly";
/// Ports people remember; any free one where they are taken.
const SMTP_PORT: u16 = 2525;
const PAGES_PORT: u16 = 8025;
const INBOX_PORT: u16 = 8026;
/// Between two looks for what the pages queued.
const PACE: std::time::Duration = std::time::Duration::from_millis(500);

/// `moabom demo`
#[derive(Clone, Debug, Default, Args)]
pub struct DemoArgs {
    /// 견본 대신 읽을 블로그 글 목록 (페이지를 텍스트로 저장한 파일)
    #[arg(long, value_name = "파일")]
    pub source: Option<PathBuf>,
    /// 보낸 뒤 바로 끝내요
    #[arg(long)]
    pub once: bool,
    /// 받은 메일을 .eml과 .html로 남길 폴더 (--once만 적으면 moabom-demo)
    #[arg(long, value_name = "폴더")]
    pub out: Option<PathBuf>,
}

/// Runs the demo.
pub fn run(args: &DemoArgs, clock: &Clock, out: &mut impl Write) -> Result<()> {
    let page = args.source.as_deref().map(read_page).transpose()?;
    let folder = args.out.clone().or_else(|| args.once.then(|| PathBuf::from("moabom-demo")));
    if let Some(folder) = &folder {
        // Before anything is done: whether the mails can be left there.
        fs::create_dir_all(folder).with_context(|| unwritable(folder))?;
    }
    let stop = signal::stop_token().context("신호를 받을 준비를 하지 못했어요")?;
    let stage = Stage::build(page.as_deref().unwrap_or(PAGE_NOW), clock, &stop)?;
    let now = clock.now();
    let opened = stage.context.open()?;

    match &page {
        None => {
            // New posts are let rest for a while, so the second reading was an hour ago, as it were.
            read(&opened, PAGE_BEFORE, now - Duration::days(7))?;
            read(&opened, PAGE_NOW, now - Duration::hours(1))?;
        }
        Some(text) => read(&opened, text, now)?,
    }
    subscribe(&opened, now)?;
    let outcome = publish_by_hand(&opened.publisher(), DIGEST, None, now)?;
    let zone = opened.config.masthead.newsletter.time_zone;
    if !matches!(outcome, Outcome::Published { .. }) {
        bail!("{}", publish::outcome_line(&outcome, zone));
    }
    writeln!(out, "{}", publish::outcome_line(&outcome, zone))?;
    send(&opened, clock, &stop)?;

    let mails = stage.inbox.mails();
    writeln!(out, "내장 우편함이 SMTP로 메일 {}통을 받았어요.", mails.len())?;
    if mails.len() != READERS.len() {
        bail!("메일 {}통을 보냈는데 {}통만 도착했어요.", READERS.len(), mails.len());
    }
    if let Some(folder) = folder {
        leave(&stage.inbox, &folder)?;
        writeln!(out, "받은 메일을 여기에 두었어요: {}", folder.display())?;
    }
    if !args.once {
        stage.serve(&opened, &stop, out)?;
    }
    Ok(())
}

/// Everything around the system: its folder, its relay, its ports.
struct Stage {
    context: Context,
    runtime: Runtime,
    inbox: Inbox,
    inbox_page: TcpListener,
    pages: TcpListener,
    _folder: Folder,
}

impl Stage {
    fn build(page: &str, clock: &Clock, stop: &CancellationToken) -> Result<Stage> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (smtp, pages, inbox_page) = runtime.block_on(async {
            Ok::<_, anyhow::Error>((bind(SMTP_PORT).await?, bind(PAGES_PORT).await?, bind(INBOX_PORT).await?))
        })?;
        let inbox = Inbox::default();
        let folder = Folder::new()?;
        let config_path = folder.0.join("moabom.toml");
        let title = page.lines().next().unwrap_or_default();
        let text = config(&folder.0, title, smtp.local_addr()?, pages.local_addr()?);
        fs::write(folder.0.join("page.txt"), page)?;
        fs::write(&config_path, text)?;
        runtime.spawn(inbox.clone().serve(smtp, stop.clone()));
        let context = Context { config_path, clock: clock.clone() };
        Ok(Stage { context, runtime, inbox, inbox_page, pages, _folder: folder })
    }

    /// Shows the inbox and the reader pages until `stop`.
    fn serve(self, opened: &Opened, stop: &CancellationToken, out: &mut impl Write) -> Result<()> {
        let (store, keys) = (opened.store.clone(), opened.keys.clone());
        let (drawn, shown) = (opened.clone(), opened.clone());
        let (confirmations, newest) = (move || drawn.confirmations(), move || Ok(shown.clone()));
        let pages =
            web::router(super::run::pages(&self.context, &opened.config, store, keys, confirmations, newest));
        let letters = web::inbox::router(self.inbox.clone())?;
        writeln!(out, "브라우저에서 열어 보세요: http://{}/", self.inbox_page.local_addr()?)?;
        writeln!(out, "구독 신청도 해 볼 수 있어요: http://{}/subscribe", self.pages.local_addr()?)?;
        writeln!(out, "편지의 수신거부 링크도 눌러 볼 수 있어요. 끝내려면 Ctrl-C를 누르세요.")?;
        out.flush()?;
        let serving = async {
            tokio::try_join!(
                web::serve(self.inbox_page, letters, stop.clone()),
                web::serve(self.pages, pages, stop.clone())
            )
        };
        // Whoever signs up on the pages finds the mail in the inbox.
        std::thread::scope(|scope| {
            let posting = scope.spawn(|| post(opened, &self.context.clock, stop));
            let served = self.runtime.block_on(serving).context("페이지를 열어 두지 못했어요");
            stop.cancel();
            let posted = posting.join().unwrap_or_else(|_| Err(anyhow!("보내는 일이 뜻밖에 멈췄어요")));
            served.map(drop).and(posted)
        })
    }
}

async fn bind(port: u16) -> Result<TcpListener> {
    let loopback = Ipv4Addr::LOCALHOST;
    match TcpListener::bind((loopback, port)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((loopback, 0)).await.context("이 컴퓨터 안의 빈 포트를 열지 못했어요"),
    }
}

/// A folder that is gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Folder> {
        let mut random = [0u8; 8];
        aws_lc_rs::rand::fill(&mut random).ok().context("난수를 얻지 못했어요")?;
        let path = std::env::temp_dir().join(format!("moabom-demo-{:016x}", u64::from_be_bytes(random)));
        fs::create_dir(&path).with_context(|| format!("임시 폴더를 만들지 못했어요: {}", path.display()))?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The demo's configuration. A JSON string is also a TOML one.
fn config(folder: &Path, title: &str, smtp: SocketAddr, pages: SocketAddr) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let file = |name: &str| quoted(&folder.join(name).display().to_string());
    format!(
        r#"[newsletter]
title = {title}
home = "https://blog.example.com/"
advertising = false

[sender]
name = {title}
email = "letter@example.com"

[[source]]
name = "{SOURCE}"
kind = "page-text"
location = {page}

[[digest]]
name = "{DIGEST}"
schedule = "0 9 * * MON"

[smtp]
host = "{host}"
port = {port}
tls = "none"

[web]
listen = "{pages}"
public_url = "http://{pages}/"

[store]
path = {store}
"#,
        title = quoted(if title.trim().is_empty() { "모아봄" } else { title.trim() }),
        page = file("page.txt"),
        host = smtp.ip(),
        port = smtp.port(),
        store = file("moabom.sqlite"),
    )
}

fn read(opened: &Opened, text: &str, at: Instant) -> Result<()> {
    let page = page_text::parse(text)?;
    for note in &page.notes {
        eprintln!("{note}");
    }
    let report = ingest::run_once(&opened.store, SOURCE, page, at)?;
    eprintln!("글 {}편을 읽었어요. 새 글 {}편.", report.listed, report.new.len());
    Ok(())
}

fn subscribe(opened: &Opened, now: Instant) -> Result<()> {
    let key = SuppressionKey::of(&opened.keys).context("비밀 키가 없어요")?;
    let readers = READERS.iter().map(|reader| EmailAddress::parse(reader)).collect::<Result<Vec<_>, _>>()?;
    opened.store.write(move |ledger| {
        let digests = [DIGEST.to_owned()];
        for reader in &readers {
            let new = NewSubscriber {
                address: reader,
                name: None,
                digests: &digests,
                state: SubscriptionState::Active,
                consent_at: now,
                source: "demo",
                wording: "체험용 구독자",
            };
            ledger.add_subscriber(&new, &key, now)?;
        }
        Ok(())
    })?;
    Ok(())
}

fn send(opened: &Opened, clock: &Clock, stop: &CancellationToken) -> Result<()> {
    let deps = opened.deliverer()?;
    let session = Session::start(&opened.store, clock.now(), deps.settings.unknown)?;
    let report = deliver::run_once(deps, &session, clock, stop.clone(), |_| {})?;
    match report.held.first() {
        Some(reason) => bail!("{reason}"),
        None => Ok(()),
    }
}

/// Sends what the pages queue, until `stop`.
fn post(opened: &Opened, clock: &Clock, stop: &CancellationToken) -> Result<()> {
    while !stop.is_cancelled() {
        let now = clock.now();
        if opened.store.read(|ledger| ledger.due_count(now))? > 0 {
            send(opened, clock, stop)?;
        }
        std::thread::park_timeout(PACE);
    }
    Ok(())
}

fn leave(inbox: &Inbox, folder: &Path) -> Result<()> {
    let failed = || unwritable(folder);
    for mail in inbox.mails() {
        let at = |kind: &str| folder.join(format!("{}.{kind}", mail.number));
        fs::write(at("eml"), &mail.bytes).with_context(failed)?;
        fs::write(at("html"), sample::part(&mail.bytes, true)?).with_context(failed)?;
    }
    Ok(())
}

fn unwritable(folder: &Path) -> String {
    format!("{}에 쓰지 못했어요. 폴더를 만들 수 있는지 확인하세요", folder.display())
}

fn read_page(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|cause| {
        let (shown, why) = (path.display(), io_words(&cause));
        let told = format!(
            "글 목록 파일을 읽지 못했어요: {shown}. 파일이 있는지, UTF-8인지 확인하세요 (까닭: {why})"
        );
        if is_no_file(&cause) { Misuse(told).into() } else { anyhow!(told) }
    })
}
