//! Pure: how an edition fares: whether its first row proved it, and when enough of its rows were refused to hold it.

use std::collections::VecDeque;

/// Refused first rows after which an edition is sent on all connections: they spoke of those readers only.
const CANARIES: u32 = 5;
/// An edition's results looked at together.
const WINDOW: usize = 200;
/// Its first results are judged by themselves.
const FIRST: usize = 50;
/// Refusals meant for the sender, at RCPT, after which the edition is held.
const SENDER_MARKS: usize = 3;

/// What the end of an edition's first row says of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// They can be sent.
    Taken,
    /// It was refused for its own sake.
    Refused,
    /// Nothing.
    None,
}

/// How far the pause of an edition by this run has come. Once it is committed, the store says whether the edition goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pause {
    #[default]
    No,
    Ruled,
    Committed,
}

/// An edition's last results: of rows that were tried for the first time, so that those few which come again and again
/// say nothing of the others.
#[derive(Default)]
pub(super) struct Window {
    /// A copy was taken, in this run or an earlier one: all connections may send it.
    pub(super) proved: bool,
    /// The first row is under way.
    canary_out: bool,
    /// First rows refused.
    canaries: u32,
    pub(super) pause: Pause,
    results: VecDeque<(bool, bool)>,
    seen: usize,
}

impl Window {
    /// `proved`: a copy was taken in an earlier run.
    pub(super) fn new(proved: bool) -> Window {
        Window { proved, ..Window::default() }
    }

    /// Whether another row may be begun.
    pub(super) fn is_open(&self) -> bool {
        self.pause == Pause::No && (self.proved || !self.canary_out)
    }

    pub(super) fn begin(&mut self) {
        if !self.proved {
            self.canary_out = true;
        }
    }

    /// The first row ended. True: others may have waited for it.
    pub(super) fn end_canary(&mut self, proof: Proof) -> bool {
        self.canaries += u32::from(proof == Proof::Refused);
        self.proved |= proof == Proof::Taken || self.canaries >= CANARIES;
        std::mem::take(&mut self.canary_out)
    }

    /// The edition is to be paused. False: it was ruled before.
    pub(super) fn rule_pause(&mut self) -> bool {
        let going = self.pause == Pause::No;
        if going {
            self.pause = Pause::Ruled;
        }
        going
    }

    /// Adds a result. Says, in Korean, why the edition is to be held, if so.
    pub(super) fn add(&mut self, permanent: bool, of_sender: bool) -> Option<String> {
        self.results.push_back((permanent, of_sender));
        self.seen += 1;
        if self.results.len() > WINDOW {
            self.results.pop_front();
        }
        let count = self.results.len();
        let refused = self.results.iter().filter(|(permanent, _)| *permanent).count();
        let marks = self.results.iter().filter(|(_, sender)| *sender).count();
        if marks >= SENDER_MARKS && of_sender {
            return Some(format!("발신자를 탓하는 거절이 {marks}번 있어 멈췄어요"));
        }
        let most = if self.seen <= FIRST { FIRST / 10 } else { WINDOW / 10 };
        let many = refused > most && (self.seen <= FIRST || self.seen >= WINDOW);
        (permanent && many)
            .then(|| format!("최근 결과 {count}건 가운데 {refused}건이 거절(5xx)되어 멈췄어요"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edition_is_held_after_a_tenth_of_its_first_results_is_refused() {
        let mut window = Window::default();
        let held: Vec<bool> = (0..6).map(|_| window.add(true, false).is_some()).collect();
        assert_eq!(held, [false, false, false, false, false, true]);
        let mut window = Window::default();
        assert!((0..1000).all(|n| window.add(n % 11 == 10, false).is_none()));
        assert!((0..30).any(|_| window.add(true, false).is_some()));
    }

    #[test]
    fn five_refused_first_rows_open_an_edition_and_five_of_which_nothing_is_known_do_not() {
        for (proof, proved) in [(Proof::None, false), (Proof::Refused, true)] {
            let mut window = Window::default();
            for _ in 0..5 {
                window.begin();
                window.end_canary(proof);
            }
            assert_eq!((window.proved, window.canary_out), (proved, false));
        }
    }

    #[test]
    fn three_refusals_of_the_sender_hold_an_edition() {
        let mut window = Window::default();
        assert!(window.add(true, true).is_none());
        assert!(window.add(false, false).is_none());
        assert!(window.add(true, true).is_none());
        assert!(window.add(true, true).is_some());
    }
}
