//! Effect: 발행호: the list, one with its states, and holding, resuming and cancelling it. GET asks, POST does.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::deliveries;
use super::desk::Desk;
use super::pages::{framed, see};
use super::shares::{EditionRow, edition_row, title};
use super::visitor::Visitor;
use crate::model::EditionId;
use crate::model::edition::EditionState;
use crate::select::section_name;
use crate::status::words::{edition_state, moment, plain};
use crate::store::editions::StateChange;
use crate::store::{Ledger, StoreError};
use crate::web::archive::letter::for_everyone;

/// Editions on a page.
const ON_PAGE: usize = 20;
/// Longest reason, in characters.
const REASON: usize = 200;

#[derive(Deserialize)]
pub(super) struct Asked {
    past: usize,
}

#[derive(Serialize)]
struct ListView {
    heading: &'static str,
    editions: Vec<EditionRow>,
    newer: Option<usize>,
    older: Option<usize>,
}

pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let past = asked.map_or(0, |Query(asked)| asked.past);
    desk.answer(visitor, "editions.html", move |desk, ledger| {
        let mut found = ledger.editions_after(past, ON_PAGE + 1)?;
        let more = found.len() > ON_PAGE;
        found.truncate(ON_PAGE);
        let (zone, now) = (desk.zone(), desk.now());
        Ok(Some(ListView {
            heading: "발행호",
            editions: found.iter().map(|one| edition_row(one, zone, now)).collect(),
            newer: (past > 0).then(|| past.saturating_sub(ON_PAGE)),
            older: more.then(|| past.saturating_add(ON_PAGE)),
        }))
    })
    .await
}

#[derive(Serialize)]
struct EditionView {
    heading: String,
    row: EditionRow,
    /// What happened to the slot, and when.
    settled: (&'static str, String),
    subject: Option<String>,
    acts: Vec<Act>,
    posts: Vec<PostView>,
    /// Deliveries that are not sent, by state.
    looks: Vec<deliveries::Choice>,
}

#[derive(Serialize)]
struct PostView {
    id: i64,
    title: String,
    section: &'static str,
    why: String,
}

type Id = Result<Path<i64>, PathRejection>;

pub(super) async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor, id: Id) -> Response {
    let Ok(Path(id)) = id else { return desk.pages.missing(&visitor) };
    desk.answer(visitor, "edition.html", move |desk, ledger| view(desk, ledger, EditionId(id))).await
}

fn view(desk: &Desk, ledger: &Ledger<'_>, id: EditionId) -> Result<Option<EditionView>, StoreError> {
    let Some(found) = ledger.edition_overview(id)? else { return Ok(None) };
    let (zone, now) = (desk.zone(), desk.now());
    let edition = &found.edition;
    let posts = ledger.edition_posts(id)?.into_iter().map(|post| PostView {
        id: post.post.0,
        title: plain(&post.title),
        section: section_name(post.section),
        why: post.why,
    });
    Ok(Some(EditionView {
        heading: title(edition),
        settled: (settled(edition.state), moment(edition.frozen_at, zone, now)),
        subject: ledger.edition_content(id)?.map(|content| plain(&content.subject)),
        acts: Act::ALL.into_iter().filter(|act| act.allowed(edition.state)).collect(),
        row: edition_row(&found, zone, now),
        posts: posts.collect(),
        looks: deliveries::choices(&format!("/editions/{id}/deliveries"), &found.counts, None),
    }))
}

fn settled(state: EditionState) -> &'static str {
    if state == EditionState::Skipped { "건너뜀" } else { "발행" }
}

pub(super) async fn letter(State(desk): State<Arc<Desk>>, visitor: Visitor, id: Id) -> Response {
    let Ok(Path(id)) = id else { return desk.pages.missing(&visitor) };
    match desk.read(&visitor, move |_, ledger| ledger.edition_content(EditionId(id))).await {
        // Its links lead nowhere: they are nobody's.
        Ok(Some(content)) => framed(for_everyone(&content.html, "about:blank")),
        Ok(None) => desk.pages.missing(&visitor),
        Err(failed) => failed,
    }
}

/// What can be done with an edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Act {
    Pause,
    Resume,
    Cancel,
}

impl Act {
    const ALL: [Act; 3] = [Act::Pause, Act::Resume, Act::Cancel];

    fn word(self) -> &'static str {
        match self {
            Act::Pause => "pause",
            Act::Resume => "resume",
            Act::Cancel => "cancel",
        }
    }

    /// What the store allows, too.
    fn allowed(self, state: EditionState) -> bool {
        match self {
            Act::Pause => state == EditionState::Sending,
            Act::Resume => state == EditionState::Paused,
            Act::Cancel => matches!(state, EditionState::Sending | EditionState::Paused),
        }
    }

    /// Heading, what it means, and the button.
    fn asked(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Act::Pause => (
                "발송을 멈출까요?",
                "이미 서버로 넘어간 메일은 되돌릴 수 없고, 아직 나가지 않은 메일은 이어서 보낼 때까지 기다려요.",
                "멈추기",
            ),
            Act::Resume => (
                "이어서 보낼까요?",
                "아직 나가지 않은 메일을 보내기 시작해요. 멈춘 까닭이 해결되었는지 먼저 확인하세요.",
                "이어서 보내기",
            ),
            Act::Cancel => (
                "발송을 취소할까요?",
                "아직 나가지 않은 메일은 보내지 않아요. 취소한 호는 되돌릴 수 없고 보관함에서도 사라져요.",
                "취소하기",
            ),
        }
    }
}

#[derive(Serialize)]
struct AskView {
    heading: &'static str,
    what: String,
    text: &'static str,
    button: &'static str,
    act: &'static str,
    id: i64,
    /// Whether a reason is asked for.
    reasoned: bool,
    left: String,
}

type IdAct = Result<Path<(i64, Act)>, PathRejection>;

pub(super) async fn ask(State(desk): State<Arc<Desk>>, visitor: Visitor, path: IdAct) -> Response {
    let Ok(Path((id, act))) = path else { return desk.pages.missing(&visitor) };
    let found = desk.read(&visitor, move |_, ledger| ledger.edition_overview(EditionId(id))).await;
    let one = match found {
        Ok(Some(one)) => one,
        Ok(None) => return desk.pages.missing(&visitor),
        Err(failed) => return failed,
    };
    if !act.allowed(one.edition.state) {
        return refused(&desk, &visitor, id, act, one.edition.state);
    }
    let (heading, text, button) = act.asked();
    let row = edition_row(&one, desk.zone(), desk.now());
    let view = AskView {
        heading,
        what: title(&one.edition),
        text,
        button,
        act: act.word(),
        id,
        reasoned: act != Act::Resume,
        left: row.label,
    };
    desk.pages.show(&visitor, "confirm.html", &view)
}

#[derive(Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    reason: String,
}

pub(super) async fn act(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    path: IdAct,
    given: Result<Form<Given>, FormRejection>,
) -> Response {
    let Ok(Path((id, act))) = path else { return desk.pages.missing(&visitor) };
    let reason = given.map_or_else(|_| String::new(), |Form(given)| given.reason);
    let reason: String = plain(reason.trim()).chars().take(REASON).collect();
    let (edition, now) = (EditionId(id), desk.now());
    let or = |words: &str| if reason.is_empty() { words.to_owned() } else { reason.clone() };
    let (paused, cancelled) = (or("운영자가 멈췄어요"), or("운영자가 취소했어요"));
    let done = desk.write(&visitor, move |ledger| match act {
        Act::Pause => ledger.pause_edition(edition, &paused),
        Act::Resume => ledger.resume_edition(edition),
        Act::Cancel => ledger.cancel_edition(edition, &cancelled, now),
    });
    match done.await {
        Ok(StateChange::Changed) => {
            tracing::info!(%edition, act = act.word(), "the operator changed an edition");
            see(&visitor.way_back(&format!("/editions/{id}"), "", act.word(), now))
        }
        Ok(StateChange::NoSuchEdition) => desk.pages.missing(&visitor),
        Ok(StateChange::Refused(state)) => refused(&desk, &visitor, id, act, state),
        Err(failed) => failed,
    }
}

fn refused(desk: &Desk, visitor: &Visitor, id: i64, act: Act, state: EditionState) -> Response {
    let allowed = match act {
        Act::Pause => "보내는 중일 때만 멈출 수 있어요.",
        Act::Resume => "멈춰 있을 때만 이어서 보낼 수 있어요.",
        Act::Cancel => "보내는 중이거나 멈춰 있을 때만 취소할 수 있어요.",
    };
    let text = format!("이 발행호는 지금 ‘{}’ 상태예요. {allowed}", edition_state(state));
    let back = format!("/editions/{id}");
    desk.pages.say(visitor, StatusCode::CONFLICT, "할 수 없어요", &text, Some(&back))
}
