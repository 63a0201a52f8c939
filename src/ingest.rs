//! Effect: the step that keeps what a source lists: posts by identity, an observation where counts changed.
//!
//! One transaction per page. A page that was seen before writes nothing but when it was read.

mod falls;
mod keep;
mod poll;

pub use poll::{PollError, Polled, poll};

use chrono::Duration;

use crate::clock::Instant;
use crate::schedule::{CLOCK_TOLERANCE, span};
use crate::source::FetchedPage;
use crate::store::sources::SourceState;
use crate::store::{Ledger, Store, StoreError};

/// From this many listed posts on, a page that lists under half is told of.
const MANY: usize = 10;

/// A clock that lost more than this since the last reading may have been ahead then.
const LEAP: Duration = Duration::days(365);

/// A blog that has a post this new is written at the time that the clock says.
const LATELY: Duration = Duration::days(31);

/// Counts of a post that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its title now.
    pub title: String,
    /// Reactions before and now.
    pub reactions: (u64, u64),
    /// Comments before and now.
    pub comments: (u64, u64),
}

/// What an ingest saw and did. Titles in the page's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The source's first ingest: what it lists is the baseline.
    pub first: bool,
    /// Posts on the page.
    pub listed: usize,
    /// Posts never seen before.
    pub new: Vec<String>,
    /// Posts under a new title: before, now.
    pub retitled: Vec<(String, String)>,
    /// Posts whose body, author, address or date changed, but not their title.
    pub edited: Vec<String>,
    /// Known posts whose counts changed.
    pub observed: Vec<Change>,
    /// Posts the source no longer lists.
    pub missing: Vec<String>,
    /// Posts that were missing and are listed again.
    pub returned: Vec<String>,
    /// Posts whose counts fell so far that the fall is not believed yet.
    pub held: usize,
    /// What the operator should know, one Korean sentence each.
    pub notes: Vec<String>,
}

impl Report {
    /// Whether the page differed in anything from what was kept.
    pub fn is_unchanged(&self) -> bool {
        self.new.is_empty()
            && self.retitled.is_empty()
            && self.edited.is_empty()
            && self.observed.is_empty()
            && self.missing.is_empty()
            && self.returned.is_empty()
    }
}

/// Why a page was not kept. The store is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// The clock stands far behind the last reading.
    #[error(
        "시계가 마지막으로 읽은 시각보다 {minutes}분 뒤처져 있어, 출처 `{source_name}`에서 읽은 것을 적지 않았어요. 이 기기의 시각을 맞추세요"
    )]
    ClockBehind {
        /// The source.
        source_name: String,
        /// By how much.
        minutes: i64,
    },
    /// A source that listed posts lists none at all.
    #[error(
        "출처 `{source_name}`에 글이 하나도 없어요. 지난번에는 {before}편이 있었으니 잘못된 페이지로 보고 아무것도 바꾸지 않았어요. 출처의 주소나 파일을 확인하세요"
    )]
    Emptied {
        /// The source.
        source_name: String,
        /// Posts it listed before.
        before: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps what `page`, read at `now` from the source of that name, lists.
pub fn run_once(
    store: &Store,
    source_name: &str,
    page: FetchedPage,
    now: Instant,
) -> Result<Report, IngestError> {
    let name = source_name.to_owned();
    store.write(move |ledger| match ingest(ledger, &name, &page, now) {
        // both are found before anything is written
        Err(IngestError::Store(error)) => Err(error),
        other => Ok(other),
    })?
}

fn ingest(
    ledger: &Ledger<'_>,
    source_name: &str,
    page: &FetchedPage,
    now: Instant,
) -> Result<Report, IngestError> {
    let state = ledger.source_state(source_name)?;
    let last_read_at = state.as_ref().and_then(|state| state.last_read_at);
    let mut notes = page.notes.clone();
    let ahead = state.as_ref().filter(|_| last_read_at.is_some_and(|last| last - now > CLOCK_TOLERANCE));
    let now = match (last_read_at, ahead) {
        (Some(last), Some(state)) => {
            if !is_believed(ledger, state, page, now)? {
                let minutes = (last - now).num_minutes();
                return Err(IngestError::ClockBehind { source_name: source_name.to_owned(), minutes });
            }
            notes.push(format!(
                "지난번에 읽을 때 시계가 {} 앞서 있어, 그때 적은 날짜를 지금으로 바로잡았어요.",
                span(last - now)
            ));
            now
        }
        (Some(last), None) if last > now => {
            notes.push("시계가 지난번보다 조금 뒤처져 있어 지난번에 읽은 시각으로 적었어요.".to_owned());
            last
        }
        _ => now,
    };
    let kept = match &state {
        Some(state) => ledger.kept_posts(state.id)?,
        None => Vec::new(),
    };
    let before = kept.iter().filter(|post| !post.known.missing).count();
    if before > 0 && page.posts.is_empty() && !page.cut_off {
        return Err(IngestError::Emptied { source_name: source_name.to_owned(), before });
    }
    if before >= MANY && page.posts.len() * 2 < before && !page.cut_off && !page.window {
        notes.push(format!(
            "지난번에는 글이 {before}편이었는데 이번에는 {}편뿐이에요. 없어진 글은 다음 호에 싣지 않아요. 잘못된 페이지라면 출처를 바로잡고 다시 읽으세요.",
            page.posts.len()
        ));
    }
    if page.cut_off {
        notes.push("끊긴 자리 뒤의 글은 없어진 것으로 보지 않았어요.".to_owned());
    }
    if let Some(state) = ahead {
        ledger.bring_back(state.id, now)?;
    }
    let first = last_read_at.is_none();
    let source = ledger.source_read(source_name, page.title.as_deref(), page.description.as_deref(), now)?;
    let report = Report { first, listed: page.posts.len(), notes, ..Report::default() };
    Ok(keep::keep(ledger, source, &kept, page, report, now)?)
}

/// Whether a clock far behind the last reading is right, and was ahead then. Either is wrong, and to believe the wrong one
/// would redate true history: it takes a leap of over a year with nothing kept in the year after now, no edition since,
/// and no listed post from later. Before the source was first read it also takes a listed post written lately.
fn is_believed(
    ledger: &Ledger<'_>,
    state: &SourceState,
    page: &FetchedPage,
    now: Instant,
) -> Result<bool, StoreError> {
    let present = now + CLOCK_TOLERANCE;
    let leapt = state.last_read_at.is_some_and(|last| last - now > LEAP);
    let newest = page.posts.iter().filter_map(|post| post.published_at).max();
    if !leapt || newest.is_some_and(|newest| newest > present) {
        return Ok(false);
    }
    if ledger.published_after(present)? || ledger.kept_between(present, now + LEAP)? {
        return Ok(false);
    }
    let known = state.first_read_at.is_some_and(|first| first <= now);
    Ok(known || newest.is_some_and(|newest| now - newest < LATELY))
}
