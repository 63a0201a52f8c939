//! Effect: 글: the list with the growth of reactions, one post, pinning and hiding by POST.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::chart::{self, Foot, Line};
use super::desk::Desk;
use super::pages::see;
use super::visitor::Visitor;
use crate::clock::Instant;
use crate::korean::counts::grouped;
use crate::korean::excerpt::excerpt;
use crate::model::PostId;
use crate::model::post::Observation;
use crate::status::words::{moment, plain};
use crate::store::posts::{ListedPost, PostFilter, PostOrder};
use crate::store::{Ledger, StoreError};

/// Posts on a page.
const ON_PAGE: usize = 30;
/// Columns of the body shown.
const EXCERPT: usize = 240;
/// Observations shown of one post, the newest.
const SEEN: usize = 20;
/// Emoji shown of a post.
const EMOJI: usize = 6;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    past: usize,
    #[serde(default)]
    by: Order,
}

#[derive(Clone, Copy, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    #[default]
    New,
    Reactions,
}

#[derive(Serialize)]
struct ListView {
    heading: &'static str,
    by: Order,
    posts: Vec<PostRow>,
    newer: Option<usize>,
    older: Option<usize>,
}

/// A post as lists show it.
#[derive(Serialize)]
pub(super) struct PostRow {
    id: i64,
    title: String,
    source: String,
    author: Option<String>,
    date: String,
    url: Option<String>,
    emoji: String,
    reactions: String,
    comments: String,
    pinned: bool,
    hidden: bool,
    missing: Option<String>,
    spark: Option<Line>,
    /// How much the reactions grew since they were first seen.
    gained: Option<String>,
    /// The growth in words.
    grown: String,
}

pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let (past, by) = asked.map_or((0, Order::New), |Query(asked)| (asked.past, asked.by));
    desk.answer(visitor, "posts.html", move |desk, ledger| {
        let order = if by == Order::New { PostOrder::Newest } else { PostOrder::Reactions };
        let last = past.saturating_add(ON_PAGE);
        let filter = PostFilter { limit: Some(last.saturating_add(1)), ..PostFilter::default() };
        let found = ledger.posts(&filter, order)?;
        Ok(Some(ListView {
            heading: "글",
            by,
            posts: rows(desk, ledger, found.iter().skip(past).take(ON_PAGE))?,
            newer: (past > 0).then(|| past.saturating_sub(ON_PAGE)),
            older: (found.len() > last).then_some(last),
        }))
    })
    .await
}

/// The newest posts, at most `count`.
pub(super) fn newest(desk: &Desk, ledger: &Ledger<'_>, count: usize) -> Result<Vec<PostRow>, StoreError> {
    let filter = PostFilter { limit: Some(count), ..PostFilter::default() };
    rows(desk, ledger, ledger.posts(&filter, PostOrder::Newest)?.iter())
}

fn rows<'a>(
    desk: &Desk,
    ledger: &Ledger<'_>,
    posts: impl Iterator<Item = &'a ListedPost>,
) -> Result<Vec<PostRow>, StoreError> {
    posts.map(|post| Ok(row(desk, post, &ledger.observations(post.id)?, (120, 32)))).collect()
}

fn row(desk: &Desk, post: &ListedPost, seen: &[Observation], size: (u32, u32)) -> PostRow {
    let (zone, now) = (desk.zone(), desk.now());
    let emoji = post.reactions.emoji.iter().take(EMOJI).map(|emoji| emoji.symbol.as_str());
    PostRow {
        id: post.id.0,
        title: plain(&post.title),
        source: plain(&post.source),
        author: post.author.as_deref().map(plain),
        date: moment(post.published_at.unwrap_or(post.first_seen_at), zone, now),
        url: post.url.clone().filter(|url| url.starts_with("https://") || url.starts_with("http://")),
        emoji: plain(&emoji.collect::<String>()),
        reactions: grouped(post.reactions.total),
        comments: grouped(post.comments),
        pinned: post.pinned,
        hidden: post.hidden,
        missing: post.missing_since.map(|at| moment(at, zone, now)),
        spark: spark(seen, now, size),
        gained: gained(seen),
        grown: grown(seen),
    }
}

fn amount(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The reactions over time; what was seen last holds until now.
fn spark(seen: &[Observation], now: Instant, size: (u32, u32)) -> Option<Line> {
    let mut places: Vec<(i64, i64)> =
        seen.iter().map(|one| (one.observed_at.timestamp(), amount(one.reactions.total))).collect();
    let last = places.last().copied()?;
    places.push((now.timestamp().max(last.0), last.1));
    chart::line(&places, Foot::Least, size)
}

/// The reactions when first seen, and when last.
fn first_and_last(seen: &[Observation]) -> (u64, u64) {
    let total = |one: Option<&Observation>| one.map_or(0, |one| one.reactions.total);
    (total(seen.first()), total(seen.last()))
}

fn gained(seen: &[Observation]) -> Option<String> {
    let (first, last) = first_and_last(seen);
    last.checked_sub(first).filter(|gain| *gain > 0).map(|gain| format!("+{}", grouped(gain)))
}

/// `반응: 처음 3, 지금 12`: what the line shows.
fn grown(seen: &[Observation]) -> String {
    let (first, last) = first_and_last(seen);
    format!("반응: 처음 {}, 지금 {}", grouped(first), grouped(last))
}

#[derive(Serialize)]
struct PostView {
    heading: String,
    row: PostRow,
    text: String,
    /// What was seen of it at first: where the line begins.
    first: Option<Seen>,
    seen: Vec<Seen>,
    skipped: usize,
}

#[derive(Serialize)]
struct Seen {
    at: String,
    reactions: String,
    comments: String,
}

type Id = Result<Path<i64>, PathRejection>;

pub(super) async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor, id: Id) -> Response {
    let Ok(Path(id)) = id else { return desk.pages.missing(&visitor) };
    desk.answer(visitor, "post.html", move |desk, ledger| view(desk, ledger, PostId(id))).await
}

fn view(desk: &Desk, ledger: &Ledger<'_>, id: PostId) -> Result<Option<PostView>, StoreError> {
    let Some(post) = ledger.listed_post(id)? else { return Ok(None) };
    let seen = ledger.observations(id)?;
    let row_of = |one: &Observation| Seen {
        at: moment(one.observed_at, desk.zone(), desk.now()),
        reactions: grouped(one.reactions.total),
        comments: grouped(one.comments),
    };
    Ok(Some(PostView {
        heading: plain(&post.title),
        row: row(desk, &post, &seen, (600, 120)),
        text: plain(&excerpt(&ledger.post_body(id)?, &post.title, EXCERPT)),
        first: seen.first().map(row_of),
        seen: seen.iter().rev().take(SEEN).map(row_of).collect(),
        skipped: seen.len().saturating_sub(SEEN),
    }))
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mark {
    Pin,
    Unpin,
    Hide,
    Unhide,
}

#[derive(Deserialize)]
pub(super) struct Given {
    mark: Mark,
}

pub(super) async fn mark(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    id: Id,
    given: Result<Form<Given>, FormRejection>,
) -> Response {
    let Ok(Path(id)) = id else { return desk.pages.missing(&visitor) };
    let Ok(Form(Given { mark })) = given else {
        let text = "무엇을 할지 적히지 않았어요. 페이지를 새로 열고 다시 해 보세요.";
        return desk.pages.say(&visitor, StatusCode::BAD_REQUEST, "받지 않았어요", text, Some("/posts"));
    };
    let (post, now) = (PostId(id), desk.now());
    let done = desk.write(&visitor, move |ledger| match mark {
        Mark::Pin => ledger.set_pinned(post, Some(now)),
        Mark::Unpin => ledger.set_pinned(post, None),
        Mark::Hide => ledger.set_hidden(post, Some(now)),
        Mark::Unhide => ledger.set_hidden(post, None),
    });
    let word = match mark {
        Mark::Pin => "pin",
        Mark::Unpin => "unpin",
        Mark::Hide => "hide",
        Mark::Unhide => "unhide",
    };
    match done.await {
        Ok(true) => {
            tracing::info!(%post, mark = word, "the operator marked a post");
            see(&visitor.way_back(&format!("/posts/{id}"), "", word, now))
        }
        Ok(false) => desk.pages.missing(&visitor),
        Err(failed) => failed,
    }
}
