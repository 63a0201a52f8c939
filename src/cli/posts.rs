//! Effect: `moabom posts`: list, show, top, pin, hide.

mod show;
mod table;
mod top;

use std::io::Write;

use anyhow::{Result, bail};
use chrono_tz::Tz;
use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use super::Misuse;
use super::sample::chosen;
use super::why::{plain, stamp};
use crate::clock::Instant;
use crate::model::PostId;
use crate::model::post::Reactions;
use crate::publish::{Digest, Masthead};
use crate::source::SourceSettings;
use crate::store::Store;
use crate::store::posts::{ListedPost, PostFilter, PostOrder};

/// `moabom posts …`
#[derive(Clone, Debug, Subcommand)]
pub enum PostsCommand {
    /// 글을 새 것부터 보여 줘요
    List {
        /// JSON으로
        #[arg(long)]
        json: bool,
        /// 이 출처의 글만
        #[arg(long, value_name = "이름")]
        source: Option<String>,
        /// 이만큼만
        #[arg(long, value_name = "편")]
        limit: Option<usize>,
        /// 출처에서 없어진 글까지
        #[arg(long)]
        all: bool,
    },
    /// 글 하나를 그동안의 반응과 함께 보여 줘요
    Show {
        /// 글의 id (`posts list`의 첫 칸)
        id: i64,
        /// JSON으로
        #[arg(long)]
        json: bool,
    },
    /// 반응이 많은 글부터 보여 줘요
    Top {
        /// reactions: 지금까지의 반응, 그다음 댓글. score: 다이제스트가 고르는 점수
        #[arg(long, value_name = "기준", default_value = "reactions")]
        by: TopBy,
        /// 어느 다이제스트의 점수인지 (적지 않으면 첫 번째)
        #[arg(long, value_name = "이름")]
        digest: Option<String>,
        /// 이만큼만
        #[arg(long, value_name = "편", default_value_t = 10)]
        limit: usize,
        /// JSON으로
        #[arg(long)]
        json: bool,
    },
    /// 글을 고정해 다음 호의 맨 앞에 실어요
    Pin {
        /// 글의 id
        id: i64,
        /// 고정을 풀어요
        #[arg(long)]
        undo: bool,
    },
    /// 글을 숨겨 앞으로의 호에 싣지 않아요
    Hide {
        /// 글의 id
        id: i64,
        /// 다시 보여요
        #[arg(long)]
        undo: bool,
    },
}

/// What `--by` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TopBy {
    /// 지금까지의 반응, 그다음 댓글
    Reactions,
    /// 다이제스트가 고르는 점수
    Score,
}

/// What the commands work with.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    /// The store.
    pub store: &'a Store,
    /// The digests, for `top --by score`.
    pub digests: &'a [Digest],
    /// The sources.
    pub sources: &'a [SourceSettings],
    /// What stands on every letter; planning takes it along.
    pub masthead: &'a Masthead,
    /// Zone of the times shown.
    pub zone: Tz,
}

/// Runs the command.
pub fn run(deps: &Deps<'_>, command: &PostsCommand, now: Instant, out: &mut impl Write) -> Result<()> {
    match command {
        PostsCommand::List { json, source, limit, all } => {
            if let Some(name) = source {
                check_source(deps, name)?;
            }
            let filter = PostFilter { source: source.clone(), missing: *all, visible: false, limit: *limit };
            let found = deps.store.read(|ledger| ledger.posts(&filter, PostOrder::Newest))?;
            if *json { print_json(&found, deps.zone, out) } else { table::print(&found, deps.zone, out) }
        }
        PostsCommand::Show { id, json } => show::run(deps, PostId(*id), *json, out),
        PostsCommand::Top { by: TopBy::Score, digest, limit, json } => {
            top::by_score(deps, digest.as_deref(), *limit, *json, now, out)
        }
        PostsCommand::Top { by: TopBy::Reactions, digest, limit, json } => {
            digest.as_deref().map(|name| chosen(deps.digests, Some(name))).transpose()?;
            let filter = PostFilter { visible: true, limit: Some(*limit), ..PostFilter::default() };
            let found = deps.store.read(|ledger| ledger.posts(&filter, PostOrder::Reactions))?;
            if *json { print_json(&found, deps.zone, out) } else { table::print(&found, deps.zone, out) }
        }
        PostsCommand::Pin { id, undo } => {
            let (id, since) = (PostId(*id), (!undo).then_some(now));
            let known = deps.store.write(move |ledger| ledger.set_pinned(id, since))?;
            let done = if *undo {
                "고정을 풀었어요"
            } else {
                "고정했어요. 아직 실리지 않은 글이면 다음 호에 먼저 실어요"
            };
            report(deps.store, known, id, done, out)
        }
        PostsCommand::Hide { id, undo } => {
            let (id, since) = (PostId(*id), (!undo).then_some(now));
            let known = deps.store.write(move |ledger| ledger.set_hidden(id, since))?;
            let done = if *undo {
                "다시 보여요. 다음 호부터 실을 수 있어요"
            } else {
                "숨겼어요. 앞으로의 호에 싣지 않아요. 되돌리려면 `--undo`를 붙이세요"
            };
            report(deps.store, known, id, done, out)
        }
    }
}

fn report(store: &Store, known: bool, id: PostId, done: &str, out: &mut impl Write) -> Result<()> {
    match store.read(|ledger| ledger.listed_post(id))? {
        Some(post) if known => Ok(writeln!(out, "글 {id}번 '{}': {done}.", plain(&post.title))?),
        _ => no_such(id),
    }
}

fn no_such<T>(id: PostId) -> Result<T> {
    bail!("글 {id}번이 없어요. `posts list --all`의 첫 칸에서 id를 찾으세요")
}

/// Refuses a source that neither the configuration nor the store knows: its list would look like an empty one.
fn check_source(deps: &Deps<'_>, name: &str) -> Result<()> {
    let configured = deps.sources.iter().map(|source| source.name.as_str());
    if configured.clone().any(|known| known == name)
        || deps.store.read(|ledger| ledger.sources())?.iter().any(|known| known.name == name)
    {
        return Ok(());
    }
    Err(Misuse::unknown("출처", name, configured).into())
}

/// One row of `posts list --json` (design section 12; stable).
#[derive(Debug, Serialize)]
struct PostJson<'a> {
    id: PostId,
    source: &'a str,
    title: &'a str,
    author: Option<&'a str>,
    url: Option<&'a str>,
    published_at: Option<String>,
    first_seen_at: String,
    reactions: u64,
    comments: u64,
    /// Each one whole, in the source's order.
    emoji: Vec<&'a str>,
}

fn symbols(reactions: &Reactions) -> Vec<&str> {
    reactions.emoji.iter().map(|emoji| emoji.symbol.as_str()).collect()
}

fn row(post: &ListedPost, zone: Tz) -> PostJson<'_> {
    PostJson {
        id: post.id,
        source: &post.source,
        title: &post.title,
        author: post.author.as_deref(),
        url: post.url.as_deref(),
        published_at: post.published_at.map(|at| stamp(at, zone)),
        first_seen_at: stamp(post.first_seen_at, zone),
        reactions: post.reactions.total,
        comments: post.comments,
        emoji: symbols(&post.reactions),
    }
}

fn print_json(posts: &[ListedPost], zone: Tz, out: &mut impl Write) -> Result<()> {
    let rows: Vec<PostJson<'_>> = posts.iter().map(|post| row(post, zone)).collect();
    serde_json::to_writer_pretty(&mut *out, &rows)?;
    Ok(writeln!(out)?)
}
