//! What choosing promises, over random blogs.

use std::collections::BTreeSet;

use chrono::Duration;
use moabom::clock::{Instant, from_millis};
use moabom::model::edition::SectionKind;
use moabom::model::post::Reactions;
use moabom::model::{PostId, SourceId};
use moabom::select::{Candidate, History, Issued, Rules, SectionRule, Selection, Tally, Verdict, select};
use proptest::prelude::*;

const NOW: i64 = 1_800_000_000_000;

fn ago(minutes: i64) -> Instant {
    from_millis(NOW - minutes * 60_000)
}

fn tally() -> impl Strategy<Value = Tally> {
    let count = prop_oneof![0u64..6, 0u64..2000, Just(u64::MAX)];
    (count, 0u64..9)
        .prop_map(|(total, comments)| Tally { reactions: Reactions { total, emoji: Vec::new() }, comments })
}

fn candidate() -> impl Strategy<Value = Candidate> {
    let dates = (proptest::option::of(-2000i64..40_000), 0i64..40_000);
    let flags =
        (any::<bool>(), prop::bool::weighted(0.1), prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    let issued = proptest::option::weighted(0.3, (1i64..9, 0i64..600_000));
    (dates, flags, tally(), proptest::option::of(tally()), issued, 0i64..20, 1i64..3).prop_map(
        |(dates, flags, now, before, issued, ingest_order, source)| Candidate {
            post: PostId(0),
            source: SourceId(source),
            title: format!("글 {}", ingest_order % 4),
            address: None,
            ingest_order,
            published_at: dates.0.map(ago),
            first_seen_at: ago(dates.1),
            baseline: flags.0,
            missing: flags.1,
            hidden: flags.2,
            pinned: flags.3,
            now,
            before,
            issued: issued.map(|(number, minutes)| Issued { number, at: ago(minutes) }),
        },
    )
}

fn blog() -> impl Strategy<Value = Vec<Candidate>> {
    prop::collection::vec(candidate(), 0..60).prop_map(|mut all| {
        for (id, one) in (1..).zip(&mut all) {
            one.post = PostId(id);
        }
        all
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    let kinds = [SectionKind::Pinned, SectionKind::New, SectionKind::Top, SectionKind::Late];
    let sections = prop::collection::vec((prop::sample::select(kinds.to_vec()), 0usize..6), 0..6);
    (sections, 0usize..4, 0usize..16).prop_map(|(sections, min_posts, max_posts)| Rules {
        sections: sections.into_iter().map(|(kind, max)| SectionRule { kind, max }).collect(),
        min_posts,
        max_posts,
        ..Rules::default()
    })
}

fn history() -> impl Strategy<Value = History> {
    (any::<bool>(), proptest::option::of(0i64..20_000), proptest::option::of(0i64..4)).prop_map(
        |(first, from, lead)| History {
            first,
            window_from: from.map(ago),
            last_lead: lead.map(|n| format!("글 {n}")),
        },
    )
}

fn chosen(selection: &Selection) -> Vec<PostId> {
    selection.picks().map(|(_, pick)| pick.post).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_candidate_is_explained_exactly_once(all in blog(), rules in rules(), history in history()) {
        let selection = select(&all, &rules, &history, ago(0));
        let picks = selection.picks().map(|(_, pick)| pick);
        let judged: Vec<_> = picks.chain(&selection.left_out).collect();
        let posts: BTreeSet<PostId> = judged.iter().map(|one| one.post).collect();
        prop_assert_eq!(posts.len(), judged.len());
        prop_assert_eq!(posts.len(), all.len());
        for one in judged {
            prop_assert!(one.score.is_finite() && one.score >= 0.0);
            prop_assert!(one.why.ends_with("요.") && one.why.matches("요.").count() == 1, "{}", one.why);
        }
    }

    #[test]
    fn no_ineligible_post_is_chosen_and_no_limit_is_passed(all in blog(), rules in rules(), history in history()) {
        let selection = select(&all, &rules, &history, ago(0));
        let chosen = chosen(&selection);
        prop_assert!(chosen.len() <= rules.max_posts);
        let publishes = selection.verdict == Verdict::Publish;
        prop_assert_eq!(publishes, !chosen.is_empty() && chosen.len() >= rules.min_posts);
        for post in all.iter().filter(|one| chosen.contains(&one.post)) {
            prop_assert!(!post.hidden && !post.missing);
            prop_assert!(post.issued.is_none_or(|issued| ago(0) - issued.at >= rules.cooldown));
        }
        for section in &selection.sections {
            prop_assert!(!section.picks.is_empty());
        }
    }

    #[test]
    fn the_order_of_the_candidates_does_not_matter(
        (all, shuffled) in blog().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        rules in rules(),
        history in history(),
    ) {
        prop_assert_eq!(select(&all, &rules, &history, ago(0)), select(&shuffled, &rules, &history, ago(0)));
    }

    #[test]
    fn another_lead_than_last_time_is_found_where_there_is_one(all in blog(), history in history()) {
        let selection = select(&all, &Rules::default(), &history, ago(0));
        let picks: Vec<_> = selection.picks().map(|(_, pick)| pick.title.clone()).collect();
        if let (Some(last), Some(lead)) = (&history.last_lead, picks.first()) {
            prop_assert!(lead != last || picks.iter().all(|title| title == last));
        }
    }
}

#[test]
fn a_long_archive_is_judged_quickly() {
    let all: Vec<Candidate> = (0..100_000)
        .map(|id| Candidate {
            post: PostId(id),
            source: SourceId(1),
            title: format!("글 {id}"),
            address: None,
            ingest_order: id,
            published_at: None,
            first_seen_at: ago(id % 9_000 + 40),
            baseline: id % 2 == 0,
            missing: false,
            hidden: false,
            pinned: false,
            now: Tally { reactions: Reactions { total: (id % 97) as u64, emoji: Vec::new() }, comments: 0 },
            before: Some(Tally::default()),
            issued: None,
        })
        .collect();
    let history = History { first: false, window_from: Some(ago(10_080)), last_lead: None };
    let began = std::time::Instant::now();
    let selection = select(&all, &Rules::default(), &history, ago(0));
    println!("100,000 candidates judged in {:?}", began.elapsed());
    assert_eq!(selection.left_out.len() + selection.picks().count(), all.len());
    let cooldown = Duration::days(180);
    assert_eq!(Rules::default().cooldown, cooldown);
}
