//! Effect: what became of a digest at a step, and why an edition could not be published.

use crate::clock::Instant;
use crate::model::EditionId;
use crate::store::StoreError;

/// Why an edition could not be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// No such digest is configured.
    #[error("설정에 없는 다이제스트예요: `{name}`. 있는 것: {known}")]
    UnknownDigest {
        /// As asked for.
        name: String,
        /// Those there are.
        known: String,
    },
    /// A slot by hand lies in the future.
    #[error(
        "`--at`이 지금보다 뒤예요. 발행은 지금까지의 시각으로만 할 수 있어요. 앞날의 모습은 `preview --at`으로 보세요"
    )]
    Future,
    /// A slot by hand lies so far back that it can only be a slip.
    #[error("`--at`이 1년보다 오래전이에요. 연도를 확인하세요")]
    Ancient,
    /// A slot by hand lies before the last edition's cut-off.
    #[error("`--at`이 제{number}호를 마감한 시각보다 앞서요. 그 뒤의 시각으로 발행하세요")]
    BeforeLast {
        /// That edition's number.
        number: i64,
    },
    /// The letter could not be rendered; nothing was written.
    #[error("다이제스트 `{digest}`의 제{number}호를 그리지 못해 발행하지 않았어요: {cause}")]
    Render {
        /// The digest.
        digest: String,
        /// The number it would have had.
        number: i64,
        /// What the renderer said.
        cause: String,
    },
    /// The clock stands far behind the last slot.
    #[error(
        "시계가 다이제스트 `{digest}`의 마지막 예정 시각보다 {minutes}분 뒤처져 있어 발행을 멈췄어요. 이 기기의 시각을 맞추세요"
    )]
    ClockBehind {
        /// The digest.
        digest: String,
        /// By how much.
        minutes: i64,
    },
    /// Posts or editions kept changing while the edition was planned.
    #[error(
        "다이제스트 `{digest}`의 호를 준비하는 동안 글이나 발행호가 거듭 바뀌어 발행하지 못했어요. 잠시 뒤 다시 하세요"
    )]
    Unsettled {
        /// The digest.
        digest: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a digest.
#[derive(Debug)]
pub enum Outcome {
    /// An edition was frozen.
    Published {
        /// The digest.
        digest: String,
        /// Its row.
        edition: EditionId,
        /// 제N호.
        number: i64,
        /// Its slot.
        slot_at: Instant,
        /// Deliveries queued.
        recipients: u64,
        /// Made up for a missed slot.
        late: bool,
    },
    /// The slot published nothing and has its row.
    Skipped {
        /// The digest.
        digest: String,
        /// The slot.
        slot_at: Instant,
        /// Why, one Korean sentence.
        reason: String,
    },
    /// The slot was on record already.
    Already {
        /// The digest.
        digest: String,
        /// That row.
        edition: EditionId,
        /// Its number; none if it was skipped.
        number: Option<i64>,
    },
    /// Nothing is due.
    NotDue {
        /// The digest.
        digest: String,
        /// The next slot.
        next: Option<Instant>,
    },
    /// This digest failed; the others went on. A due slot stays due until it is too late.
    Failed {
        /// The digest.
        digest: String,
        /// Why.
        error: PublishError,
    },
}
