//! Pure: which falling counts are not believed at once.
//!
//! Readers take back a reaction now and then. A post that loses half of many, or half of a blog that loses some at once,
//! is more often a page that was read while it was half made: ranked by, its return would look like a gain.

use std::collections::HashSet;

use chrono::Duration;

use crate::model::PostId;

/// A fall that lasts this long is believed.
pub(super) const BELIEVED_AFTER: Duration = Duration::hours(24);

/// A post that loses fewer than this is nothing to wonder at.
const MANY_LOST: i64 = 5;

/// This many posts, and half of those that had counts, do not fall at once.
const MANY_POSTS: usize = 5;

/// Reactions and comments.
pub(super) type Pair = (i64, i64);

/// A post's counts as kept and as seen now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) post: PostId,
    pub(super) before: Pair,
    pub(super) now: Pair,
}

impl Seen {
    fn falls(&self) -> bool {
        self.now.0 < self.before.0 || self.now.1 < self.before.1
    }

    fn plunges(&self) -> bool {
        let plunge = |before: i64, now: i64| before - now >= MANY_LOST && now <= before / 2;
        plunge(self.before.0, self.now.0) || plunge(self.before.1, self.now.1)
    }

    fn counted(&self) -> bool {
        self.before.0 > 0 || self.before.1 > 0
    }
}

/// The posts whose fall is suspicious.
pub(super) fn suspicious(seen: &[Seen]) -> HashSet<PostId> {
    let fallen = seen.iter().filter(|one| one.falls()).count();
    let counted = seen.iter().filter(|one| one.counted()).count();
    let all = fallen >= MANY_POSTS && fallen * 2 >= counted;
    seen.iter().filter(|one| one.plunges() || (all && one.falls())).map(|one| one.post).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(post: i64, before: Pair, now: Pair) -> Seen {
        Seen { post: PostId(post), before, now }
    }

    fn found(list: &[Seen]) -> Vec<i64> {
        let mut found: Vec<i64> = suspicious(list).into_iter().map(|post| post.0).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn a_reader_who_takes_one_back_is_believed() {
        assert!(
            found(&[seen(1, (5, 0), (4, 0)), seen(2, (1, 1), (0, 1)), seen(3, (9, 9), (9, 9))]).is_empty()
        );
        assert!(found(&[seen(1, (100, 0), (90, 0)), seen(2, (0, 0), (0, 0))]).is_empty());
    }

    #[test]
    fn a_post_that_loses_half_of_many_is_not() {
        assert_eq!(found(&[seen(1, (100, 3), (0, 3)), seen(2, (4, 0), (0, 0))]), [1]);
        assert_eq!(found(&[seen(1, (0, 10), (50, 2))]), [1]);
    }

    #[test]
    fn a_blog_whose_posts_fall_together_is_not() {
        let list: Vec<Seen> = (0..6).map(|n| seen(n, (n.min(3), 0), (0, 0))).collect();
        assert_eq!(found(&list), [1, 2, 3, 4, 5]);
        assert!(found(&list[..5]).is_empty());
    }
}
