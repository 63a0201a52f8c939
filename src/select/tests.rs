//! Pure: tests of choosing.

use super::*;
use crate::clock::from_millis;

pub(super) fn hours(hours: i64) -> Instant {
    from_millis(1_800_000_000_000 + hours * 3_600_000)
}

fn tally(reactions: u64, comments: u64) -> Tally {
    Tally { reactions: Reactions { total: reactions, emoji: Vec::new() }, comments }
}

pub(super) fn counts(mut candidate: Candidate, reactions: u64, comments: u64) -> Candidate {
    candidate.now = tally(reactions, comments);
    candidate
}

/// An old post (first seen at hour −1000) with counts at the start of the window and now.
pub(super) fn candidate(id: i64, before: (u64, u64), now: (u64, u64)) -> Candidate {
    Candidate {
        post: PostId(id),
        source: SourceId(1),
        title: format!("글 {id}"),
        address: None,
        ingest_order: id,
        published_at: None,
        first_seen_at: hours(-1000),
        baseline: true,
        missing: false,
        hidden: false,
        pinned: false,
        now: tally(now.0, now.1),
        before: Some(tally(before.0, before.1)),
        issued: None,
    }
}

fn arrived(id: i64, hour: i64, now: (u64, u64)) -> Candidate {
    Candidate { baseline: false, first_seen_at: hours(hour), before: None, ..candidate(id, (0, 0), now) }
}

fn weekly() -> History {
    History { first: false, window_from: Some(hours(0)), last_lead: None }
}

fn ids(selection: &Selection, kind: SectionKind) -> Vec<i64> {
    selection.picks().filter(|(section, _)| *section == kind).map(|(_, pick)| pick.post.0).collect()
}

fn why(selection: &Selection, id: i64) -> &str {
    let picks = selection.picks().map(|(_, pick)| pick);
    let all: Vec<&Judged> = picks.chain(&selection.left_out).filter(|one| one.post.0 == id).collect();
    assert_eq!(all.len(), 1, "post {id} is explained {} times", all.len());
    &all[0].why
}

#[test]
fn gains_count_not_lifetime_totals() {
    let candidates =
        [candidate(1, (900, 90), (900, 90)), candidate(2, (0, 0), (4, 1)), candidate(3, (50, 3), (52, 3))];
    let rules = Rules { floor: 0.0, ..Rules::default() };
    let selection = select(&candidates, &rules, &weekly(), hours(168));
    assert_eq!(ids(&selection, SectionKind::Top), [2, 3]);
    assert_eq!(why(&selection, 2), "이번 기간에 반응 4개와 댓글 1개가 늘어 '반응이 많았던 글' 1위예요.");
    assert_eq!(why(&selection, 3), "이번 기간에 반응 2개가 늘어 '반응이 많았던 글' 2위예요.");
    assert_eq!(why(&selection, 1), "이번 기간에 늘어난 반응이나 댓글이 없어요.");
}

#[test]
fn lifetime_counts_stand_in_on_the_first_run_and_the_reason_says_so() {
    let mut candidates: Vec<Candidate> = (1..=8).map(|id| candidate(id, (0, 0), (0, 0))).collect();
    for one in &mut candidates {
        one.before = None;
    }
    candidates[0].now = tally(5, 2);
    let history = History { first: true, ..History::default() };
    let selection = select(&candidates, &Rules::default(), &history, hours(0));
    assert_eq!(ids(&selection, SectionKind::New), [8, 7, 6, 5, 4]);
    assert_eq!(ids(&selection, SectionKind::Top), [1]);
    assert_eq!(
        why(&selection, 1),
        "앞선 관측이 없어 지금까지의 반응 5개와 댓글 2개로 셈하여 '반응이 많았던 글' 1위예요."
    );
    assert_eq!(why(&selection, 8), "첫 호라 전부터 있던 글도 최근 5편까지 새 글로 보았고 그중 1번째예요.");
    assert_eq!(
        why(&selection, 2),
        "첫 호가 새 글로 보는 최근 글 5편에 들지 않고 지금까지 받은 반응이나 댓글도 없어요."
    );
}

#[test]
fn the_first_edition_counts_what_it_looks_back_at_apart_from_what_arrived() {
    let mut candidates: Vec<Candidate> = (1..=8).map(|id| candidate(id, (0, 0), (0, 0))).collect();
    candidates.extend((11..=14).map(|id| arrived(id, 1, (0, 0))));
    candidates[7].pinned = true;
    let rules = Rules {
        sections: vec![
            SectionRule { kind: SectionKind::Pinned, max: 1 },
            SectionRule { kind: SectionKind::New, max: 10 },
        ],
        ..Rules::default()
    };
    let selection = select(&candidates, &rules, &History { first: true, ..weekly() }, hours(24));
    assert_eq!(ids(&selection, SectionKind::New), [14, 13, 12, 11, 7, 6, 5, 4]);
    assert_eq!(why(&selection, 14), "아직 싣지 않은 새 글로, 최근에 올라온 순서로 1번째예요.");
    // The newest of the five is pinned, so the next is the second of them.
    for (id, place) in [(7, 2), (4, 5)] {
        let told = format!("첫 호라 전부터 있던 글도 최근 5편까지 새 글로 보았고 그중 {place}번째예요.");
        assert_eq!(why(&selection, id), told);
    }
}

#[test]
fn what_was_there_at_the_first_ingest_never_becomes_new_later() {
    let candidates = [candidate(1, (0, 0), (0, 0)), arrived(2, 10, (0, 0)), arrived(3, -5, (0, 0))];
    let selection = select(&candidates, &Rules::default(), &weekly(), hours(168));
    // Number 3 came before the window and was never issued: it is still new.
    assert_eq!(ids(&selection, SectionKind::New), [2, 3]);
}

#[test]
fn every_barrier_is_told_by_its_true_reason() {
    let mut candidates: Vec<Candidate> = (1..=4).map(|id| candidate(id, (0, 0), (9, 9))).collect();
    candidates[0].hidden = true;
    candidates[1].missing = true;
    candidates[2].issued = Some(Issued { number: 11, at: hours(0) });
    candidates.push(Candidate { first_seen_at: hours(168) - Duration::minutes(12), ..arrived(5, 0, (0, 0)) });
    let selection = select(&candidates, &Rules::default(), &weekly(), hours(168));
    assert_eq!(why(&selection, 1), "글을 숨겨 두었어요.");
    assert_eq!(why(&selection, 2), "출처의 글 목록에서 사라졌어요.");
    assert_eq!(why(&selection, 3), "제11호에 이미 실렸어요.");
    assert_eq!(why(&selection, 5), "올라온 지 12분밖에 안 되어 30분이 지날 때까지 기다려요.");
    assert_eq!(selection.picks().count(), 1);
    // After its cooldown a post may return, but never as new.
    let later = select(&candidates, &Rules::default(), &weekly(), hours(24 * 181));
    assert!(ids(&later, SectionKind::Top).contains(&3));
}

#[test]
fn sections_fill_in_order_and_the_overflow_knows_its_rank() {
    let mut candidates: Vec<Candidate> = (1..=7).map(|id| arrived(id, id, (0, 0))).collect();
    candidates.extend((11..=18).map(|id| candidate(id, (0, 0), (id as u64, 0))));
    candidates[0].pinned = true;
    let selection = select(&candidates, &Rules { floor: 0.0, ..Rules::default() }, &weekly(), hours(168));
    assert_eq!(ids(&selection, SectionKind::Pinned), [1]);
    assert_eq!(ids(&selection, SectionKind::New), [7, 6, 5, 4, 3]);
    assert_eq!(ids(&selection, SectionKind::Top), [18, 17, 16, 15, 14]);
    assert_eq!(ids(&selection, SectionKind::Late), [13, 12]);
    assert_eq!(
        why(&selection, 2),
        "새 글이지만 최근에 올라온 순서로 6번째라 '새 글' 자리 5개에 들지 못했어요."
    );
    assert_eq!(
        why(&selection, 11),
        "이번 기간에 반응 11개가 늘어 8위지만 '반응이 많았던 글' 자리 5개에 들지 못했어요."
    );
    assert_eq!(
        why(&selection, 13),
        "전부터 있던 글인데 이번 기간에 반응 13개가 늘어 '뒤늦게 뜬 글' 1위예요."
    );
}

#[test]
fn too_few_posts_skip_and_too_many_stop() {
    let candidates: Vec<Candidate> = (1..=4).map(|id| arrived(id, id, (0, 0))).collect();
    let strict = Rules { min_posts: 5, ..Rules::default() };
    let selection = select(&candidates, &strict, &weekly(), hours(168));
    let reason = "실을 글이 4편뿐이라 최소 5편이 안 되어 이번 호를 건너뛰어요.".to_owned();
    assert_eq!(selection.verdict, Verdict::Skip { reason });
    let short = Rules { max_posts: 2, ..Rules::default() };
    let selection = select(&candidates, &short, &weekly(), hours(168));
    assert_eq!(ids(&selection, SectionKind::New), [4, 3]);
    assert_eq!(why(&selection, 1), "'새 글'에 맞는 글이지만 한 호에 싣는 2편이 먼저 찼어요.");
    let none = select(&[], &Rules { min_posts: 0, ..Rules::default() }, &weekly(), hours(168));
    assert!(matches!(none.verdict, Verdict::Skip { .. }));
}

#[test]
fn the_lead_title_is_not_the_last_editions() {
    let mut candidates: Vec<Candidate> = (1..=3).map(|id| arrived(id, id, (0, 0))).collect();
    candidates[2].title = "주간 회고".to_owned();
    let history = History { last_lead: Some("주간 회고".to_owned()), ..weekly() };
    let selection = select(&candidates, &Rules::default(), &history, hours(168));
    assert_eq!(ids(&selection, SectionKind::New), [2, 3, 1]);
    assert_eq!(
        why(&selection, 2),
        "아직 싣지 않은 새 글로, 최근에 올라온 순서로 2번째인데 첫 글의 제목이 지난 호와 겹치지 않게 맨 앞에 두었어요."
    );
    assert_eq!(
        why(&selection, 3),
        "아직 싣지 않은 새 글로, 최근에 올라온 순서로 1번째지만 제목이 지난 호의 첫 글과 같아 맨 앞을 내주었어요."
    );
    assert_eq!(why(&selection, 1), "아직 싣지 않은 새 글로, 최근에 올라온 순서로 3번째예요.");
    // Alone in its section, it gives way to the next section's first.
    let alone = [candidates[2].clone(), candidate(9, (0, 0), (50, 0))];
    let selection = select(&alone, &Rules::default(), &history, hours(168));
    assert_eq!(selection.picks().map(|(_, pick)| pick.post.0).collect::<Vec<_>>(), [9, 3]);
    assert_eq!(
        why(&selection, 9),
        "이번 기간에 반응 50개가 늘어 '반응이 많았던 글' 1위인데 첫 글의 제목이 지난 호와 겹치지 않게 맨 앞에 두었어요."
    );
    assert!(why(&selection, 3).ends_with("맨 앞을 내주었어요."));
    // With nothing else to lead, it leads.
    let selection = select(&candidates[2..], &Rules::default(), &history, hours(168));
    assert_eq!(selection.picks().count(), 1);
    assert_eq!(why(&selection, 3), "아직 싣지 않은 새 글로, 최근에 올라온 순서로 1번째예요.");
    // A pinned one gives way as well, and leads as well.
    let mut pinned = candidates.clone();
    pinned[2].pinned = true;
    pinned[1].pinned = true;
    let selection = select(&pinned, &Rules::default(), &history, hours(168));
    assert_eq!(ids(&selection, SectionKind::Pinned), [2, 3]);
    assert_eq!(
        why(&selection, 2),
        "직접 고정해 둔 글인데 첫 글의 제목이 지난 호와 겹치지 않게 맨 앞에 두었어요."
    );
    assert_eq!(
        why(&selection, 3),
        "직접 고정해 둔 글이지만 제목이 지난 호의 첫 글과 같아 맨 앞을 내주었어요."
    );
}

#[test]
fn ties_go_by_date_then_by_ingest_order() {
    let mut candidates: Vec<Candidate> = (1..=4).map(|id| candidate(id, (0, 0), (3, 0))).collect();
    candidates[1].published_at = Some(hours(-999)); // after its first sight: not to be believed
    for one in &mut candidates[..1] {
        one.published_at = Some(hours(-2000));
    }
    let rules = Rules { gravity: 0.0, ..Rules::default() };
    let selection = select(&candidates, &rules, &weekly(), hours(168));
    assert_eq!(ids(&selection, SectionKind::Top), [4, 3, 2, 1]);
}

#[test]
fn no_post_is_called_a_late_bloomer_on_lifetime_counts_alone() {
    let mut candidates: Vec<Candidate> = (1..=20).map(|id| candidate(id, (0, 0), (id as u64, 0))).collect();
    let watched = History { first: true, window_from: Some(hours(-1000)), last_lead: None };
    let selection = select(&candidates, &Rules::default(), &watched, hours(0));
    assert_eq!(ids(&selection, SectionKind::Late), [10, 9]);
    for one in &mut candidates {
        one.before = None;
    }
    let unwatched = History { first: true, ..History::default() };
    let selection = select(&candidates, &Rules::default(), &unwatched, hours(0));
    assert_eq!(ids(&selection, SectionKind::Top), [15, 14, 13, 12, 11]);
    assert!(ids(&selection, SectionKind::Late).is_empty());
}
