//! Effect: what a run did, or why it broke off.

use crate::clock::Instant;
use crate::model::DeliveryId;
use crate::store::StoreError;
use crate::store::deliveries::Ending;

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// 250 after the dot.
    pub sent: u64,
    /// To be tried again.
    pub deferred: u64,
    /// Refused for good.
    pub bounced: u64,
    /// No longer to be mailed.
    pub suppressed: u64,
    /// Out of time, or not sendable.
    pub expired: u64,
    /// Perhaps with the relay.
    pub unknown: u64,
    /// Put off because their destination is held.
    pub put_off: u64,
    /// What is held and why, in Korean.
    pub held: Vec<String>,
    /// Stopped before everything due was done.
    pub stopped: bool,
    /// When the next row falls due, as things stand.
    pub next_due: Option<Instant>,
}

impl Report {
    /// Rows that left the queue.
    pub fn settled(&self) -> u64 {
        self.sent
            + self.deferred
            + self.bounced
            + self.suppressed
            + self.expired
            + self.unknown
            + self.put_off
    }

    pub(super) fn count(&mut self, ending: Ending) {
        match ending {
            Ending::Sent => self.sent += 1,
            Ending::Deferred { .. } => self.deferred += 1,
            Ending::Bounced { .. } => self.bounced += 1,
            Ending::Unsubscribed | Ending::Suppressed => self.suppressed += 1,
            Ending::Expired => self.expired += 1,
            Ending::Unknown => self.unknown += 1,
            Ending::Released => {}
        }
    }
}

/// Why a run broke off. Whoever gets one starts a new [`Session`](super::Session) before sending again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliverError {
    /// The lease on a row is another's, or ran out while this process stood still.
    #[error(
        "발송 {0}번을 맡은 기한이 지났거나 다른 moabom이 맡아서, 두 번 보내지 않도록 발송을 멈췄어요. 같은 저장소로 보내는 다른 moabom이 있는지 확인한 뒤 다시 시작하세요"
    )]
    LeaseLost(DeliveryId),
    /// A result could not be recorded for long.
    #[error(
        "발송 {id}번의 결과({ending})를 저장소에 적지 못해 발송을 멈췄어요: {cause}. 디스크를 확인한 뒤 다시 시작하고, `deliveries list --state unknown`에서 이 발송을 살펴보세요",
        ending = name(*ending)
    )]
    Unrecorded {
        /// The row.
        id: DeliveryId,
        /// What was to be recorded.
        ending: Ending,
        /// What the store said.
        cause: StoreError,
    },
    /// The store takes no writes; nothing was under way.
    #[error("저장소에 쓸 수 없어 발송을 시작하지 않았어요: {0}")]
    NotWritable(StoreError),
    /// The store failed otherwise.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The runtime cannot be made.
    #[error("발송을 시작할 수 없어요: {0}")]
    Runtime(String),
}

impl DeliverError {
    /// Whether this is to be told rather than `earlier`: before all else a result of which nobody but the relay knows.
    pub(super) fn outweighs(&self, earlier: &DeliverError) -> bool {
        let weight = |error: &DeliverError| match error {
            DeliverError::Unrecorded { ending: Ending::Sent, .. } => 2,
            DeliverError::Unrecorded { .. } => 1,
            _ => 0,
        };
        weight(self) > weight(earlier)
    }
}

fn name(ending: Ending) -> &'static str {
    match ending {
        Ending::Sent => "릴레이가 받음",
        Ending::Deferred { .. } => "미룸",
        Ending::Bounced { .. } => "반송",
        Ending::Unsubscribed | Ending::Suppressed => "발송 안 함",
        Ending::Expired => "기한 지남",
        Ending::Unknown => "알 수 없음",
        Ending::Released => "되돌림",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_that_could_not_be_recorded_is_told_whatever_else_failed_first() {
        let full = DeliverError::NotWritable(StoreError::Closed);
        let lost =
            |id, ending| DeliverError::Unrecorded { id: DeliveryId(id), ending, cause: StoreError::Closed };
        let (sent, bounced) = (lost(7, Ending::Sent), lost(8, Ending::Bounced { hard: true }));
        assert!(sent.outweighs(&full) && sent.outweighs(&DeliverError::LeaseLost(DeliveryId(1))));
        assert!(sent.outweighs(&bounced) && bounced.outweighs(&full));
        assert!(!full.outweighs(&sent) && !bounced.outweighs(&sent) && !sent.outweighs(&sent));
    }
}
