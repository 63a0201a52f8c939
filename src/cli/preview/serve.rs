//! Effect: `moabom preview --serve`: looks at the digest anew for each request, and says when there is something new.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};

use crate::cli::open::{Context, Opened};
use crate::cli::sample::{chosen, part, rendered, sample};
use crate::cli::{dates, signal, test_send, why};
use crate::clock::Instant;
use crate::korean::counts::grouped;
use crate::publish::plan;
use crate::render::{BUDGET_BYTES, RenderError};
use crate::select::Verdict;
use crate::store::Store;
use crate::web;
use crate::web::preview::{Look, Trial};

/// People remember it; any free one where it is taken.
const PORT: u16 = 8027;

/// Serves the preview on loopback until told to stop.
pub(super) fn serve(context: &Context, digest: Option<&str>, out: &mut impl Write) -> Result<()> {
    let desk = Arc::new(Desk {
        context: context.clone(),
        digest: digest.map(str::to_owned),
        store: Mutex::default(),
        watched: Mutex::default(),
        last: Mutex::default(),
    });
    // What cannot be shown at all is told here and not in a browser.
    desk.look(None)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT))
        .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .context("이 컴퓨터 안의 빈 포트를 열지 못했어요")?;
    listener.set_nonblocking(true)?;
    let (looking, watching) = (Arc::clone(&desk), Arc::clone(&desk));
    let router = web::preview::router(
        Arc::new(move |at| looking.look_or_last(at)),
        Arc::new(move || watching.version()),
        Arc::new(move |address, confirmed| desk.trial(address, confirmed)),
    )?;
    let stop = signal::stop_token().context("신호를 받을 준비를 하지 못했어요")?;
    writeln!(out, "브라우저에서 열어 보세요: http://{}/", listener.local_addr()?)?;
    writeln!(out, "설정이나 편지 틀을 고치면 저절로 바뀌어요. 끝내려면 Ctrl-C를 누르세요.")?;
    out.flush()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        web::serve(listener, router, stop).await
    })?;
    Ok(())
}

/// What the looks share.
struct Desk {
    context: Context,
    digest: Option<String>,
    /// Kept open: opening and closing a store changes its files, and would look like news.
    store: Mutex<Option<Store>>,
    /// Files and folders whose change is news, as the last good configuration names them.
    watched: Mutex<Vec<PathBuf>>,
    last: Mutex<Look>,
}

impl Desk {
    fn look_or_last(&self, at: Option<&str>) -> Look {
        match self.look(at) {
            Ok(look) => {
                if look.html.is_some() {
                    self.last.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&look);
                }
                look
            }
            Err(error) => {
                let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let (fault, fault_line) = told(&error);
                Look { fault: Some(fault), fault_line, ..last }
            }
        }
    }

    fn look(&self, at: Option<&str>) -> Result<Look> {
        let opened = self.context.open_with(|path| self.store(path))?;
        let files = [opened.config.templates.clone(), opened.config.store.path.clone()];
        *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = files.to_vec();
        let zone = opened.config.masthead.newsletter.time_zone;
        let now = match at {
            Some(text) => dates::parse(text, zone).with_context(|| format!("시각 `{text}`"))?,
            None => self.context.clock.now(),
        };
        look_at(&opened, self.digest.as_deref(), now)
    }

    /// The trial letter of now for `address`: told of, and once that is confirmed, sent.
    fn trial(&self, address: &str, confirmed: bool) -> Trial {
        let answer = self.try_trial(address, confirmed);
        let (lines, fault) = match answer {
            Ok(lines) => (lines, None),
            Err(error) => (Vec::new(), Some(format!("{error:#}"))),
        };
        Trial { address: address.to_owned(), lines, fault, sent: confirmed }
    }

    fn try_trial(&self, address: &str, confirmed: bool) -> Result<Vec<String>> {
        let to = test_send::address(address)?;
        let opened = self.context.open_with(|path| self.store(path))?;
        let mut lines = Vec::new();
        let (digest, now) = (self.digest.as_deref(), self.context.clock.now());
        let mut warn = |warning: &str| lines.push(warning.to_owned());
        let trial = test_send::Trial::prepare(&opened, to, digest, now, &mut warn)?;
        if confirmed {
            return Ok(trial.send(&opened)?.into());
        }
        lines.insert(0, format!("제목: {}", trial.subject()));
        Ok(lines)
    }

    fn store(&self, path: &Path) -> Result<Store> {
        let mut kept = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = kept.as_ref().filter(|store| store.path() == path) {
            return Ok(store.clone());
        }
        let store = Store::open(path, self.context.clock.now())?;
        *kept = Some(store.clone());
        Ok(store)
    }

    /// When what was changed last, in one word.
    fn version(&self) -> String {
        let mut marks = vec![mark(&self.context.config_path)];
        for path in self.watched.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let mut log = path.clone().into_os_string();
            log.push("-wal");
            marks.extend([mark(path), mark(Path::new(&log))]);
            for folder in [path.clone(), path.join("digest")] {
                let files = fs::read_dir(folder).into_iter().flatten().flatten();
                let mut own: Vec<String> = files.map(|file| mark(&file.path())).collect();
                own.sort();
                marks.extend(own);
            }
        }
        let mut hasher = DefaultHasher::new();
        marks.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

/// What is wrong; a template's line apart, for it must not be broken over its caret.
fn told(error: &anyhow::Error) -> (String, Option<String>) {
    let text = format!("{error:#}");
    let of_template =
        error.chain().any(|cause| matches!(cause.downcast_ref(), Some(RenderError::Template(_))));
    match text.split_once('\n').filter(|_| of_template) {
        Some((said, line)) => (said.to_owned(), Some(line.to_owned())),
        None => (text, None),
    }
}

/// The look at a digest as of `now`.
pub(in crate::cli) fn look_at(opened: &Opened, digest: Option<&str>, now: Instant) -> Result<Look> {
    let zone = opened.config.masthead.newsletter.time_zone;
    let digest = chosen(&opened.config.digests, digest)?;
    let plan = opened.store.read(|ledger| plan(ledger, digest, &opened.config.masthead, now, now))?;
    let mut look = Look {
        digest: digest.name.clone(),
        at: why::minute(now, zone),
        warnings: opened.config.warnings.clone(),
        figures: vec![
            ("호".to_owned(), format!("제{}호", plan.number)),
            ("시각".to_owned(), why::minute(now, zone)),
        ],
        ..Look::default()
    };
    if let Verdict::Skip { reason } = &plan.selection.verdict {
        look.warnings.push(format!("이대로라면 보내지 않아요: {reason}"));
    }
    let content = match plan.letter.sections.is_empty() {
        true => None,
        false => Some(rendered(opened, &plan, &mut |warning| look.warnings.push(warning.to_owned()))?),
    };
    let Some(content) = content else {
        look.chosen = serde_json::to_value(why::json(&plan, None))?;
        return Ok(look);
    };
    let message = sample(opened, &plan, &content)?;
    let html = part(&message, true)?;
    look.chosen = serde_json::to_value(why::json(&plan, Some((&content, html.len()))))?;
    let kilobytes = |bytes: usize| format!("{:.1} KB", bytes as f64 / 1024.0);
    let share = html.len() * 100 / BUDGET_BYTES;
    let count = grouped(plan.selection.picks().count() as u64);
    look.figures.push(("실은 글".to_owned(), format!("{count}편")));
    look.figures.push(("HTML".to_owned(), format!("{} (예산의 {share}%)", kilobytes(html.len()))));
    look.figures.push(("보내는 크기".to_owned(), kilobytes(message.len())));
    look.html = Some(String::from_utf8_lossy(&html).into_owned());
    look.text = String::from_utf8_lossy(&part(&message, false)?).into_owned();
    look.source = String::from_utf8_lossy(&message).into_owned();
    look.headers = look.source.split("\r\n\r\n").next().unwrap_or_default().to_owned();
    look.subject = content.subject;
    look.preheader = content.preheader;
    Ok(look)
}

/// Length and time of change; nothing where there is no such file.
fn mark(path: &Path) -> String {
    let Ok(known) = fs::metadata(path) else { return "-".to_owned() };
    format!("{}:{:?}", known.len(), known.modified().ok())
}
