//! Effect: writing the difference between what a page lists and what is kept of its source.

use std::collections::{HashMap, HashSet};

use super::falls::{self, Seen};
use super::{Change, Report};
use crate::clock::Instant;
use crate::model::canonical::canonical;
use crate::model::post::FetchedPost;
use crate::model::{PostId, SourceId};
use crate::source::FetchedPage;
use crate::source::matching::{Known, Matching, Met, match_posts};
use crate::store::posts::{Counts, KeptPost, Move, PostRow};
use crate::store::{Ledger, StoreError};

/// Of this many of a window's last posts the newest is believed to stand at its end.
const WINDOW_END: usize = 3;

/// Matches the page with the kept posts (oldest first) and writes what differs; completes `report`.
pub(super) fn keep(
    ledger: &Ledger<'_>,
    source: SourceId,
    kept: &[KeptPost],
    page: &FetchedPage,
    mut report: Report,
    now: Instant,
) -> Result<Report, StoreError> {
    let known: Vec<&Known> = kept.iter().map(|post| &post.known).collect();
    let matching =
        match_posts(&known, &page.posts, page.cut_off || page.window, |place| match known.get(place) {
            Some(post) => ledger.post_body(post.id),
            None => Ok(String::new()),
        })?;
    let twice = matching.met.iter().filter(|met| matches!(met, Met::Twice(_))).count();
    if twice > 0 {
        report.notes.push(format!("같은 글이 두 번 이상 나와 {twice}번은 건너뛰었어요."));
    }
    let found = Found { kept, page, matching };
    found.mark_missing(ledger, &mut report, now)?;
    found.free_identities(ledger)?;
    found.update(ledger, source, &mut report, now)?;
    found.add(ledger, source, &mut report, now)?;
    Ok(report)
}

struct Found<'a> {
    kept: &'a [KeptPost],
    page: &'a FetchedPage,
    matching: Matching<'a>,
}

/// A fetched post that is a known one.
struct Pair<'a> {
    kept: &'a KeptPost,
    post: &'a FetchedPost,
    row: PostRow<'a>,
    /// The page broke off within this post.
    broken: bool,
}

impl Found<'_> {
    fn place(&self, f: usize) -> Met {
        self.matching.met.get(f).copied().unwrap_or(Met::New)
    }

    fn row<'b>(&'b self, f: usize, post: &'b FetchedPost) -> PostRow<'b> {
        let print = self.matching.prints.get(f).copied().unwrap_or_default();
        PostRow {
            identity: self.matching.identities.get(f).map_or("", |identity| identity),
            title: &post.title,
            author: post.author.as_deref(),
            url: post.url.as_deref(),
            published_at: post.published_at,
            body: Some((&post.body, print)),
        }
    }

    fn pairs(&self) -> impl Iterator<Item = Pair<'_>> {
        let last = self.page.posts.len().saturating_sub(1);
        self.page.posts.iter().enumerate().filter_map(move |(f, post)| {
            let Met::Known(k) = self.place(f) else { return None };
            let kept = self.kept.get(k)?;
            let broken = self.page.cut_off && f == last;
            Some(Pair { kept, post, row: self.row(f, post), broken })
        })
    }

    /// The kept posts that the page does not list. Those beyond a cut or a window's end may still exist.
    fn mark_missing(&self, ledger: &Ledger<'_>, report: &mut Report, now: Instant) -> Result<(), StoreError> {
        if self.page.gaps {
            return Ok(());
        }
        let mut listed = vec![false; self.kept.len()];
        let mut places = Vec::new();
        for met in &self.matching.met {
            if let Met::Known(k) = *met {
                places.push(k);
                listed.get_mut(k).into_iter().for_each(|listed| *listed = true);
            }
        }
        let end = if self.page.window {
            // Feeds bring old posts back when they are edited: of the last few the newest tells how far a window reaches.
            places.iter().rev().take(WINDOW_END).max()
        } else {
            places.last()
        };
        let from = match (self.page.cut_off || self.page.window, end) {
            (false, _) => 0,
            (true, Some(place)) => *place,
            (true, None) => self.kept.len(),
        };
        // A window that shows its posts by date lets a back-dated one slide out before others that came earlier.
        let dates = self.page.posts.iter().map(|post| post.published_at);
        let oldest = if self.page.window { dates.min().flatten() } else { None };
        let slid =
            |post: &KeptPost| oldest.zip(post.known.published_at).is_some_and(|(oldest, date)| date < oldest);
        let gone = self.kept.iter().zip(listed).enumerate().rev();
        for (_, (post, _)) in gone
            .filter(|(place, (post, listed))| *place >= from && !listed && !post.known.missing && !slid(post))
        {
            ledger.set_missing(post.known.id, Some(now))?;
            report.missing.push(post.known.title.clone());
        }
        Ok(())
    }

    /// Identities may change places among posts; none may stand twice on the way.
    fn free_identities(&self, ledger: &Ledger<'_>) -> Result<(), StoreError> {
        for pair in self.pairs().filter(|pair| pair.row.identity != pair.kept.known.identity) {
            ledger.free_identity(pair.kept.known.id)?;
        }
        Ok(())
    }

    /// The posts whose counts fell in a way that is not believed yet.
    fn hold_falls(
        &self,
        ledger: &Ledger<'_>,
        source: SourceId,
        report: &mut Report,
        now: Instant,
    ) -> Result<HashSet<PostId>, StoreError> {
        let seen: Vec<Seen> = self
            .pairs()
            .map(|pair| {
                let both = |counts: &Counts| (counts.reactions, counts.comments);
                Seen { post: pair.kept.known.id, before: both(&pair.kept.counts), now: both(&pair.counts()) }
            })
            .collect();
        let suspicious = falls::suspicious(&seen);
        let since = match (suspicious.is_empty(), ledger.falls_since(source)?) {
            (true, None) => return Ok(suspicious),
            (true, Some(_)) => None,
            (false, since) => Some(since.unwrap_or(now)),
        };
        let believed = since.is_none_or(|since| now - since >= falls::BELIEVED_AFTER);
        ledger.put_falls_since(source, since.filter(|_| !believed))?;
        if believed {
            return Ok(HashSet::new());
        }
        report.held = suspicious.len();
        report.notes.push(format!(
            "글 {}편의 반응이나 댓글 수가 갑자기 줄어 지난번 수를 그대로 두었어요. {}시간 뒤에도 그대로면 줄어든 수를 받아들여요.",
            suspicious.len(),
            falls::BELIEVED_AFTER.num_hours()
        ));
        Ok(suspicious)
    }

    fn update(
        &self,
        ledger: &Ledger<'_>,
        source: SourceId,
        report: &mut Report,
        now: Instant,
    ) -> Result<(), StoreError> {
        let held = self.hold_falls(ledger, source, report, now)?;
        let mut moves = Vec::new();
        for pair in self.pairs() {
            let id = pair.kept.known.id;
            if pair.kept.known.missing {
                ledger.set_missing(id, None)?;
                report.returned.push(pair.post.title.clone());
            }
            let row = pair.merged();
            if pair.differs(&row) {
                ledger.change_post(id, &row)?;
                moves.extend(pair.moved(&row));
                if row.title != pair.kept.known.title {
                    report.retitled.push((pair.kept.known.title.clone(), row.title.to_owned()));
                } else if pair.text_differs(&row) {
                    report.edited.push(row.title.to_owned());
                }
            }
            let counts = if held.contains(&id) { pair.risen() } else { pair.counts() };
            if counts != pair.kept.counts {
                ledger.observe(id, &counts, now)?;
                report.observed.push(Change {
                    title: row.title.to_owned(),
                    reactions: (shown(pair.kept.counts.reactions), shown(counts.reactions)),
                    comments: (shown(pair.kept.counts.comments), shown(counts.comments)),
                });
            }
        }
        self.keep_moves(ledger, moves, now)
    }

    /// Remembers the addresses that posts had before, but for those that another post of the page has now, and for those
    /// that differ in a query alone (the reader's session, say) where it is not what tells the page's posts apart.
    fn keep_moves(
        &self,
        ledger: &Ledger<'_>,
        moves: Vec<(String, String)>,
        now: Instant,
    ) -> Result<(), StoreError> {
        if moves.is_empty() {
            return Ok(());
        }
        let listed: HashSet<String> =
            self.page.posts.iter().filter_map(|post| post.url.as_deref().map(canonical)).collect();
        let mut pages: HashMap<&str, usize> = HashMap::new();
        for address in &listed {
            *pages.entry(without_query(address)).or_default() += 1;
        }
        let elsewhere = |from: &str, to: &str| {
            let page = without_query(to);
            page != without_query(from) || pages.get(page).is_some_and(|posts| *posts > 1)
        };
        let moves: Vec<Move> = moves
            .into_iter()
            .map(|(from, to)| Move { kept: !listed.contains(&from) && elsewhere(&from, &to), from, to })
            .collect();
        ledger.posts_moved(&moves, now)
    }

    /// New posts come above all that are kept, the oldest of them lowest. Those that stand below every known post of the
    /// page came into view at its end (a longer page, an earlier cut): they are old, and go below all, as baseline. At a
    /// cut they wait for a whole page: the last may be half a post.
    fn add(
        &self,
        ledger: &Ledger<'_>,
        source: SourceId,
        report: &mut Report,
        now: Instant,
    ) -> Result<(), StoreError> {
        let end = self.matching.met.iter().rposition(|met| matches!(met, Met::Known(_)));
        let news = self.page.posts.iter().enumerate().filter(|(f, _)| self.place(*f) == Met::New);
        let (mut old, fresh): (Vec<_>, Vec<_>) = news.partition(|(f, _)| end.is_some_and(|end| *f > end));
        if !old.is_empty() {
            let count = old.len();
            report.notes.push(if self.page.cut_off {
                old.clear();
                format!("끊긴 자리에 처음 보는 글이 {count}편 있어요. 페이지를 온전히 읽을 때 넣어요.")
            } else {
                format!("페이지 끝에 처음 보는 글이 {count}편 있어요. 예전 글로 보고 새 글로는 싣지 않아요.")
            });
        }
        let lowest = self.kept.first().map_or(0, |post| post.ingest_order);
        let highest = self.kept.last().map_or(0, |post| post.ingest_order);
        let below = (1..).zip(&old).map(|(step, (f, post))| (*f, *post, lowest - step, true));
        let above = (1..).zip(fresh.iter().rev());
        let above = above.map(|(step, (f, post))| (*f, *post, highest + step, report.first));
        for (f, post, order, baseline) in below.collect::<Vec<_>>().into_iter().rev().chain(above) {
            let id = ledger.add_post(source, &self.row(f, post), order, baseline, now)?;
            ledger.observe(id, &Counts::of(post), now)?;
        }
        report.new.extend(fresh.iter().chain(&old).map(|(_, post)| post.title.clone()));
        Ok(())
    }
}

impl<'a> Pair<'a> {
    /// What is to be kept: an author, address or date that the page does not give now stays as it was, so does a body
    /// that the page broke off in.
    fn merged(&self) -> PostRow<'a> {
        let known = &self.kept.known;
        let same_body = self.row.body.is_some_and(|(_, print)| {
            print == known.print || (self.broken && print.chars < known.print.chars)
        });
        PostRow {
            author: self.row.author.or(self.kept.author.as_deref()),
            url: self.row.url.or(known.url.as_deref()),
            published_at: self.row.published_at.or(known.published_at),
            body: self.row.body.filter(|_| !same_body),
            ..self.row
        }
    }

    fn text_differs(&self, row: &PostRow<'_>) -> bool {
        let known = &self.kept.known;
        row.body.is_some()
            || row.author != self.kept.author.as_deref()
            || row.url != known.url.as_deref()
            || row.published_at.map(|at| at.timestamp_millis())
                != known.published_at.map(|at| at.timestamp_millis())
    }

    /// The address it had and the one it has, where these are not ways to write the same.
    fn moved(&self, row: &PostRow<'_>) -> Option<(String, String)> {
        let (from, to) = (self.kept.known.url.as_deref().map(canonical)?, row.url.map(canonical)?);
        (from != to).then_some((from, to))
    }

    fn differs(&self, row: &PostRow<'_>) -> bool {
        let known = &self.kept.known;
        row.title != known.title || row.identity != known.identity || self.text_differs(row)
    }

    /// The counts now, but for those that fell.
    fn risen(&self) -> Counts {
        let (before, mut now) = (&self.kept.counts, self.counts());
        now.comments = now.comments.max(before.comments);
        if now.reactions < before.reactions {
            (now.reactions, now.emoji) = (before.reactions, before.emoji.clone());
        }
        now
    }

    /// The counts now: what the source did not tell stays. A page that broke off in this post may have lost their lines: they do not fall then.
    fn counts(&self) -> Counts {
        let (before, mut now) = (&self.kept.counts, Counts::of(self.post));
        if self.post.untold.comments {
            now.comments = before.comments;
        }
        if self.post.untold.reactions {
            (now.reactions, now.emoji) = (before.reactions, before.emoji.clone());
        }
        let lost = now.reactions < before.reactions || now.comments < before.comments;
        if self.broken && lost { before.clone() } else { now }
    }
}

fn without_query(address: &str) -> &str {
    address.split_once('?').map_or(address, |(page, _)| page)
}

fn shown(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
