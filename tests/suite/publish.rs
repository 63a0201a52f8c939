//! The step that freezes editions, on a real store: windows, gains, missed slots, races, the last check.

use std::cell::Cell;
use std::sync::Barrier;

use chrono::{DateTime, Duration};
use chrono_tz::Tz;
use moabom::cli::{editions, why};
use moabom::clock::Instant;
use moabom::model::Sender;
use moabom::model::edition::{Content, EditionState, SectionKind};
use moabom::model::{EditionId, EmailAddress};
use moabom::publish::{
    Deps, Digest, LastCheck, Masthead, Outcome, PublishError, last_check, plan, publish_by_hand, run_once,
};
use moabom::render::{LetterInput, Newsletter};
use moabom::schedule::Schedule;
use moabom::select::{Rules, Verdict};
use moabom::store::Store;
use rusqlite::{Connection, params};

fn at(text: &str) -> Instant {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// The first ingest.
fn monday() -> Instant {
    at("2026-11-02T08:00:00+09:00")
}

fn week(n: i64) -> Instant {
    at("2026-11-02T09:00:00+09:00") + Duration::weeks(n)
}

/// A stand-in letter: its titles, line by line.
fn render(letter: &LetterInput) -> Result<Content, String> {
    let titles = letter.sections.iter().flat_map(|section| &section.posts).map(|post| post.title.clone());
    let text = titles.collect::<Vec<_>>().join("\n");
    let subject = format!("제{}호", letter.number);
    Ok(Content { subject, preheader: String::new(), html: text.clone(), text })
}

struct World {
    store: Store,
    db: Connection,
    masthead: Masthead,
    digests: Vec<Digest>,
    _folder: tempfile::TempDir,
}

impl World {
    /// A store with one active reader and a weekly digest.
    fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("moabom.db"), monday()).unwrap();
        let db = Connection::open(store.path()).unwrap();
        db.execute_batch("INSERT INTO sources (id, name) VALUES (1, 'blog')").unwrap();
        let newsletter = Newsletter {
            title: "모아봄".to_owned(),
            home: "https://blog.example/".parse().unwrap(),
            time_zone: Tz::Asia__Seoul,
            advertising: false,
        };
        let sender = Sender {
            name: "봄".to_owned(),
            email: EmailAddress::parse("bom@blog.example").unwrap(),
            reply_to: None,
            phone: None,
            address: None,
        };
        let weekly = Digest {
            name: "weekly".to_owned(),
            schedule: Schedule::parse("0 9 * * MON", Tz::Asia__Seoul).unwrap(),
            subject: "{{ lead.title }}".to_owned(),
            rules: Rules { floor: 0.0, ..Rules::default() },
            max_late: Duration::hours(12),
            best_of: None,
            approval: None,
        };
        let world = World {
            store,
            db,
            masthead: Masthead { newsletter, sender, links: None },
            digests: vec![weekly],
            _folder: folder,
        };
        world.reader(1, "active", &["granted"]);
        world
    }

    fn deps<R>(&self, render: R) -> Deps<'_, R> {
        Deps { store: &self.store, masthead: &self.masthead, digests: &self.digests, render }
    }

    fn run(&self, now: Instant) -> Outcome {
        let mut outcomes = run_once(&self.deps(render), now).unwrap();
        assert_eq!(outcomes.len(), 1, "{outcomes:?}");
        outcomes.remove(0)
    }

    fn reader(&self, id: i64, state: &str, acts: &[&str]) {
        self.db
            .execute(
                "INSERT INTO subscribers (id, address, address_key, created_at) VALUES (?1, ?2, ?2, 0)",
                params![id, format!("r{id}@mail.example")],
            )
            .unwrap();
        self.db
            .execute("INSERT INTO subscriptions (subscriber_id, digest, state, since) VALUES (?1, 'weekly', ?2, 0)", params![id, state])
            .unwrap();
        for (at, act) in acts.iter().enumerate() {
            self.db
                .execute(
                    "INSERT INTO consents (subscriber_id, digest, act, at, recorded_at, source, wording)
                     VALUES (?1, 'weekly', ?2, ?3, 0, 'cli', '1')",
                    params![id, act, at as i64],
                )
                .unwrap();
        }
    }

    fn post(&self, id: i64, title: &str, seen: Instant, baseline: bool) {
        self.db
            .execute(
                "INSERT INTO posts (id, source_id, identity, ingest_order, title, body, first_seen_at, baseline)
                 VALUES (?1, 1, ?1, ?1, ?2, '글이에요.', ?3, ?4)",
                params![id, title, seen.timestamp_millis(), baseline],
            )
            .unwrap();
    }

    fn observe(&self, id: i64, seen: Instant, reactions: i64, comments: i64) {
        self.db
            .execute(
                "INSERT INTO observations (post_id, observed_at, reactions, comments) VALUES (?1, ?2, ?3, ?4)",
                params![id, seen.timestamp_millis(), reactions, comments],
            )
            .unwrap();
        self.db
            .execute(
                "UPDATE posts SET reactions = ?2, comments = ?3 WHERE id = ?1",
                params![id, reactions, comments],
            )
            .unwrap();
    }

    /// Posts 1 to `n` as the first ingest found them, with 0 reactions.
    fn blog(&self, n: i64) {
        for id in 1..=n {
            self.post(id, &format!("글 {id}"), monday(), true);
            self.observe(id, monday(), 0, 0);
        }
    }

    fn section(&self, edition: EditionId, kind: SectionKind) -> Vec<i64> {
        let posts = self.store.read(|ledger| ledger.edition_posts(edition)).unwrap();
        posts.iter().filter(|post| post.section == kind).map(|post| post.post.0).collect()
    }

    fn count(&self, query: &str) -> i64 {
        self.db.query_row(query, [], |row| row.get(0)).unwrap()
    }
}

fn published(outcome: &Outcome) -> EditionId {
    match outcome {
        Outcome::Published { edition, .. } => *edition,
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_three_snapshots_each_edition_ranks_what_was_gained_since_the_last() {
    let mut world = World::new();
    world.digests[0].rules.look_back = 0;
    world.digests[0].rules.cooldown = Duration::zero();
    for id in 1..=4 {
        world.post(id, &format!("글 {id}"), monday(), true);
    }
    // Lifetime totals at three times; the gains below are taken from these rows by hand.
    let snapshots = [
        (monday(), [50, 20, 10, 1]),
        (week(0) + Duration::days(3), [51, 20, 13, 8]), // +1, 0, +3, +7
        (week(1) + Duration::days(3), [51, 32, 18, 8]), // 0, +12, +5, 0
    ];
    let observe = |n: usize| {
        let (seen, totals) = snapshots[n];
        (1..).zip(totals).for_each(|(id, total)| world.observe(id, seen, total, 0));
    };
    observe(0);
    let ranks = |at: Instant| {
        let outcome = publish_by_hand(&world.deps(render), "weekly", Some(at), at).unwrap();
        world.section(published(&outcome), SectionKind::Top)
    };
    // No earlier observation: lifetime totals, 50 > 20 > 10 > 1.
    assert_eq!(ranks(week(0)), [1, 2, 3, 4]);
    observe(1);
    // Gains +7 > +3 > +1; lifetime would say 1, 2, 3, 4.
    assert_eq!(ranks(week(1)), [4, 3, 1]);
    observe(2);
    // Gains +12 > +5; lifetime would say 1, 2, 3, 4.
    assert_eq!(ranks(week(2)), [2, 3]);
    // Nothing moved since: nothing to send.
    let outcome = publish_by_hand(&world.deps(render), "weekly", None, week(3)).unwrap();
    assert!(matches!(outcome, Outcome::Skipped { .. }), "{outcome:?}");
}

#[test]
fn the_first_edition_counts_gains_where_the_blog_was_watched_long_enough() {
    let world = World::new();
    world.blog(8);
    world.observe(1, monday(), 90, 0);
    world.observe(2, monday() + Duration::days(4), 3, 1);
    let plan_at = |at: Instant| {
        world.store.read(|ledger| plan(ledger, &world.digests[0], &world.masthead, at, at)).unwrap()
    };
    let watched = plan_at(week(1));
    assert_eq!(watched.window_from, Some(monday()));
    let top: Vec<i64> = watched
        .selection
        .picks()
        .filter(|(kind, _)| *kind == SectionKind::Top)
        .map(|(_, pick)| pick.post.0)
        .collect();
    assert_eq!(top, [2]);
    // An hour after the first ingest there is nothing to compare with.
    let fresh = plan_at(week(0));
    assert_eq!(fresh.window_from, None);
    let why: Vec<&str> = fresh.selection.picks().map(|(_, pick)| pick.why.as_str()).collect();
    assert!(why.iter().any(|why| why.contains("앞선 관측이 없어")), "{why:?}");
}

#[test]
fn a_source_added_later_brings_no_new_posts_and_counts_from_its_own_first_ingest() {
    let world = World::new();
    world.blog(6);
    publish_by_hand(&world.deps(render), "weekly", None, week(0)).unwrap();
    let added = week(0) + Duration::days(2);
    world.db.execute_batch("INSERT INTO sources (id, name) VALUES (2, 'second')").unwrap();
    for id in [21, 22] {
        world.post(id, &format!("둘째 글 {id}"), added, true);
        world.observe(id, added, 100 * id, 0);
    }
    world.db.execute("UPDATE posts SET source_id = 2 WHERE id > 20", []).unwrap();
    world.observe(21, added + Duration::days(1), 2103, 0);
    let outcome = publish_by_hand(&world.deps(render), "weekly", None, week(1)).unwrap();
    let posts = world.store.read(|ledger| ledger.edition_posts(published(&outcome))).unwrap();
    let whys: Vec<(i64, &str)> = posts.iter().map(|post| (post.post.0, post.why.as_str())).collect();
    assert_eq!(whys, [(21, "이번 기간에 반응 3개가 늘어 '반응이 많았던 글' 1위예요.")]);
}

#[test]
fn a_slot_is_published_once_and_only_from_the_first_start_on() {
    let world = World::new();
    world.blog(6);
    // Installed after Monday's slot: that one is none of our business.
    let start = week(0) + Duration::hours(1);
    assert!(matches!(world.run(start), Outcome::NotDue { next, .. } if next == Some(week(1))));
    let edition = published(&world.run(week(1)));
    assert!(matches!(world.run(week(1) + Duration::seconds(30)), Outcome::NotDue { .. }));
    assert!(matches!(world.run(week(1) - Duration::minutes(30)), Outcome::NotDue { .. }));
    let by_hand = publish_by_hand(&world.deps(render), "weekly", Some(week(1)), week(1)).unwrap();
    assert!(matches!(by_hand, Outcome::Already { edition: same, number: Some(1), .. } if same == edition));
    assert_eq!(world.count("SELECT COUNT(*) FROM editions"), 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM deliveries"), 1);
    // A clock two hours behind the last slot refuses to schedule.
    let behind = world.run(week(1) - Duration::hours(2));
    assert!(matches!(behind, Outcome::Failed { error: PublishError::ClockBehind { minutes: 120, .. }, .. }));
}

#[test]
fn a_clock_that_was_years_ahead_and_only_skipped_bars_nothing() {
    let world = World::new();
    world.blog(6);
    assert!(matches!(world.run(week(0) + Duration::hours(1)), Outcome::NotDue { .. }));
    published(&world.run(week(1)));
    // A start with the clock five years ahead: all that was missed is recorded as skipped.
    let missed = run_once(&world.deps(render), week(262) + Duration::days(3)).unwrap();
    assert!(missed.len() > 1 && missed.iter().all(|outcome| matches!(outcome, Outcome::Skipped { .. })));
    let skips = "SELECT COUNT(*) FROM editions WHERE state = 'skipped'";
    assert!(world.count(skips) > 1);
    // Right again: the slots to come are to come, and last week's stays as it was.
    assert!(
        matches!(world.run(week(1) + Duration::days(1)), Outcome::NotDue { next, .. } if next == Some(week(2)))
    );
    assert_eq!(world.count(skips), 0);
    assert_eq!(world.count("SELECT COUNT(*) FROM editions"), 1);
    assert!(matches!(world.run(week(2)), Outcome::Published { .. } | Outcome::Skipped { .. }));
    assert_eq!(world.count("SELECT COUNT(*) FROM editions"), 2);
}

#[test]
fn a_clock_that_was_ahead_when_all_began_bars_nothing() {
    let world = World::new();
    world.blog(6);
    assert!(matches!(world.run(week(300)), Outcome::NotDue { .. }));
    assert!(
        matches!(world.run(week(0) + Duration::hours(1)), Outcome::NotDue { next, .. } if next == Some(week(1)))
    );
    published(&world.run(week(1)));
}

#[test]
fn a_changed_schedule_publishes_nothing_for_the_past() {
    let mut world = World::new();
    world.blog(6);
    world.run(monday());
    world.digests[0].schedule = Schedule::parse("0 8 * * *", Tz::Asia__Seoul).unwrap();
    let later = week(0) + Duration::hours(2);
    assert!(matches!(world.run(later), Outcome::NotDue { next: Some(_), .. }));
    assert_eq!(world.count("SELECT COUNT(*) FROM editions"), 0);
}

#[test]
fn a_skipped_slot_leaves_its_row_and_does_not_move_the_window() {
    let world = World::new();
    world.blog(6);
    world.run(monday());
    published(&world.run(week(0)));
    let skipped = world.run(week(1));
    assert!(
        matches!(&skipped, Outcome::Skipped { reason, .. } if reason.contains("한 편도 없어")),
        "{skipped:?}"
    );
    // Gained before the skipped slot, and still counted after it.
    world.observe(1, week(0) + Duration::days(1), 4, 1);
    let edition = published(&world.run(week(2)));
    let posts = world.store.read(|ledger| ledger.edition_posts(edition)).unwrap();
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].why, "이번 기간에 반응 4개와 댓글 1개가 늘어 '반응이 많았던 글' 1위예요.");
    let rows = world.store.read(|ledger| ledger.editions(Some("weekly"))).unwrap();
    let numbers: Vec<_> = rows.iter().map(|row| (row.edition.number, row.edition.state)).collect();
    use EditionState::{Sending, Skipped};
    assert_eq!(numbers, [(Some(2), Sending), (None, Skipped), (Some(1), Sending)]);
}

#[test]
fn missed_slots_are_recorded_and_only_the_newest_is_made_up_for() {
    let world = World::new();
    world.blog(6);
    world.run(monday());
    published(&world.run(week(0)));
    world.post(7, "글 7", week(1), false);
    let outcomes = run_once(&world.deps(render), week(4) + Duration::hours(5)).unwrap();
    let skipped: Vec<Instant> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Skipped { slot_at, .. } => Some(*slot_at),
            _ => None,
        })
        .collect();
    assert_eq!(skipped, [week(1), week(2), week(3)]);
    assert!(matches!(outcomes.last(), Some(Outcome::Published { late: true, number: 2, .. })));
    // Thirteen hours are too many: the slot is skipped, visibly.
    let late = world.run(week(5) + Duration::hours(13));
    assert!(matches!(&late, Outcome::Skipped { reason, .. } if reason.contains("13시간")), "{late:?}");
    assert!(matches!(world.run(week(5) + Duration::hours(14)), Outcome::NotDue { .. }));
}

#[test]
fn two_publishers_at_once_make_one_edition() {
    for _ in 0..8 {
        let world = World::new();
        world.blog(6);
        world.reader(2, "active", &["granted"]);
        let (store, masthead, digests) = (&world.store, &world.masthead, &world.digests[..]);
        let together = Barrier::new(2);
        let publish = || {
            let meet = |letter: &LetterInput| {
                together.wait();
                render(letter)
            };
            let deps = Deps { store, masthead, digests, render: meet };
            publish_by_hand(&deps, "weekly", Some(week(0)), week(0)).unwrap()
        };
        let outcomes = std::thread::scope(|scope| {
            let threads = [scope.spawn(publish), scope.spawn(publish)];
            threads.map(|thread| thread.join().unwrap())
        });
        let wins = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Published { .. })).count();
        let sees = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Already { .. })).count();
        assert_eq!((wins, sees), (1, 1), "{outcomes:?}");
        assert_eq!(world.count("SELECT COUNT(*) FROM deliveries"), 2);
    }
}

#[test]
fn nothing_is_written_where_rendering_fails_and_the_slot_stays_due() {
    let world = World::new();
    world.blog(6);
    world.run(monday());
    let broken = |_: &LetterInput| Err::<Content, _>("알 수 없는 이름이에요: `post.tite`");
    let outcomes = run_once(&world.deps(broken), week(0)).unwrap();
    let Some(Outcome::Failed { error, .. }) = outcomes.first() else { panic!("{outcomes:?}") };
    assert!(error.to_string().contains("post.tite"), "{error}");
    assert_eq!(world.count("SELECT COUNT(*) FROM editions"), 0);
    published(&world.run(week(0) + Duration::minutes(1)));
}

#[test]
fn a_post_hidden_while_the_letter_was_rendered_is_not_frozen_into_it() {
    let world = World::new();
    world.blog(6);
    let tries = Cell::new(0);
    let hide = |letter: &LetterInput| {
        tries.set(tries.get() + 1);
        world.db.execute("UPDATE posts SET hidden_at = 1 WHERE id = 6", []).unwrap();
        render(letter)
    };
    let outcome = publish_by_hand(&world.deps(hide), "weekly", None, week(0)).unwrap();
    assert_eq!(world.section(published(&outcome), SectionKind::New), [5, 4, 3, 2, 1]);
    assert_eq!(tries.get(), 2);
}

#[test]
fn a_post_hidden_between_publish_and_send_is_dropped_by_the_last_check() {
    let world = World::new();
    world.blog(3);
    let edition = published(&publish_by_hand(&world.deps(render), "weekly", None, week(0)).unwrap());
    assert_eq!(last_check(&world.deps(render), edition).unwrap(), LastCheck::Unchanged);
    world.db.execute("UPDATE posts SET hidden_at = 1 WHERE id = 3", []).unwrap();
    let dropped = last_check(&world.deps(render), edition).unwrap();
    assert_eq!(dropped, LastCheck::Dropped(vec!["글 3".to_owned()]));
    assert_eq!(world.section(edition, SectionKind::New), [2, 1]);
    let content = world.store.read(|ledger| ledger.edition_content(edition)).unwrap().unwrap();
    assert_eq!(content.html, "글 2\n글 1");
    // Once a copy may have left, every reader gets the same letter.
    world.db.execute("UPDATE deliveries SET state = 'leased', epoch = 1", []).unwrap();
    world.db.execute("UPDATE posts SET missing_since = 1 WHERE id = 2", []).unwrap();
    assert_eq!(
        last_check(&world.deps(render), edition).unwrap(),
        LastCheck::TooLate(vec!["글 2".to_owned()])
    );
    // With nothing left the edition is held instead of sent empty.
    world.db.execute("UPDATE deliveries SET state = 'queued', epoch = 0", []).unwrap();
    world.db.execute("UPDATE posts SET hidden_at = 1", []).unwrap();
    assert!(matches!(last_check(&world.deps(render), edition).unwrap(), LastCheck::Held(_)));
    let state = world.store.read(|ledger| ledger.edition(edition)).unwrap().unwrap().state;
    assert_eq!(state, EditionState::Paused);
}

#[test]
fn a_letter_leads_to_its_own_page_in_the_archive() {
    let mut world = World::new();
    world.masthead.links = Some("https://letter.example/news/".parse().unwrap());
    world.blog(3);
    let seen = |letter: &LetterInput| {
        let html = letter.web_url.clone().unwrap_or_default();
        Ok::<_, String>(Content { html, ..render(letter)? })
    };
    let edition = published(&publish_by_hand(&world.deps(seen), "weekly", None, week(0)).unwrap());
    let html = || world.store.read(|ledger| ledger.edition_content(edition)).unwrap().unwrap().html;
    assert_eq!(html(), "https://letter.example/news/archive/weekly/1");
    // So it does after the last check drew it anew.
    world.db.execute("UPDATE posts SET hidden_at = 1 WHERE id = 3", []).unwrap();
    assert!(matches!(last_check(&world.deps(seen), edition).unwrap(), LastCheck::Dropped(_)));
    assert_eq!(html(), "https://letter.example/news/archive/weekly/1");
}

#[test]
fn an_edition_is_for_active_readers_whose_last_word_was_yes() {
    let world = World::new();
    world.blog(6);
    world.reader(2, "active", &[]);
    world.reader(3, "active", &["granted", "withdrawn"]);
    world.reader(4, "active", &["granted", "withdrawn", "granted", "notified"]);
    for (id, state) in [(5, "pending"), (6, "paused"), (7, "unsubscribed")] {
        world.reader(id, state, &["granted"]);
    }
    world.reader(8, "active", &["granted"]);
    world
        .db
        .execute("UPDATE subscribers SET address = NULL, address_key = NULL, erased_at = 1 WHERE id = 8", [])
        .unwrap();
    publish_by_hand(&world.deps(render), "weekly", None, week(0)).unwrap();
    let ids = "SELECT group_concat(subscriber_id) FROM (SELECT subscriber_id FROM deliveries ORDER BY 1)";
    let ids: String = world.db.query_row(ids, [], |row| row.get(0)).unwrap();
    assert_eq!(ids, "1,4");
}

#[test]
fn without_readers_the_slot_is_skipped_and_the_posts_wait() {
    let world = World::new();
    world.blog(6);
    world.db.execute("UPDATE subscriptions SET state = 'paused'", []).unwrap();
    let outcome = publish_by_hand(&world.deps(render), "weekly", None, week(0)).unwrap();
    assert!(matches!(&outcome, Outcome::Skipped { reason, .. } if reason.contains("구독자")), "{outcome:?}");
    world.db.execute("UPDATE subscriptions SET state = 'active'", []).unwrap();
    let outcome = publish_by_hand(&world.deps(render), "weekly", None, week(1)).unwrap();
    assert!(matches!(outcome, Outcome::Published { number: 1, .. }));
}

#[test]
fn by_hand_neither_the_future_nor_the_time_before_the_last_edition_can_be_published() {
    let world = World::new();
    world.blog(6);
    let publish = |at: Instant, now: Instant| publish_by_hand(&world.deps(render), "weekly", Some(at), now);
    assert!(matches!(publish(week(1), week(0)), Err(PublishError::Future)));
    publish(week(1), week(1)).unwrap();
    assert!(matches!(publish(week(0), week(2)), Err(PublishError::BeforeLast { number: 1 })));
    let unknown = publish_by_hand(&world.deps(render), "daily", None, week(2)).unwrap_err().to_string();
    assert!(unknown.contains("daily") && unknown.contains("weekly"), "{unknown}");
}

#[test]
fn an_edition_cancelled_before_any_copy_left_keeps_its_number_and_frees_its_posts() {
    let world = World::new();
    world.blog(6);
    let edition = published(&publish_by_hand(&world.deps(render), "weekly", None, week(0)).unwrap());
    world.store.write(move |ledger| ledger.cancel_edition(edition, "잘못 나갔어요", week(0))).unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM deliveries WHERE state = 'suppressed'"), 1);
    let again = publish_by_hand(&world.deps(render), "weekly", None, week(1)).unwrap();
    assert!(matches!(again, Outcome::Published { number: 2, .. }), "{again:?}");
    assert_eq!(world.section(published(&again), SectionKind::New), [6, 5, 4, 3, 2]);
}

#[test]
fn the_table_and_the_json_explain_every_post() {
    let world = World::new();
    world.blog(9);
    world.observe(1, monday(), 5, 2);
    let plan = world
        .store
        .read(|ledger| plan(ledger, &world.digests[0], &world.masthead, week(0), week(0)))
        .unwrap();
    assert_eq!(plan.selection.verdict, Verdict::Publish);
    let text = why::why_text(&plan, None);
    for id in 1..=9 {
        assert_eq!(text.matches(&format!("글 {id} ")).count(), 1, "{text}");
    }
    assert!(text.contains("앞선 관측이 없어 지금까지의 반응 5개와 댓글 2개로 셈하여"), "{text}");
    let widths: Vec<usize> =
        why::why_table(&plan, Some(100)).lines().map(unicode_width::UnicodeWidthStr::width).collect();
    assert!(widths.iter().all(|width| *width == widths[0] && *width <= 100), "{widths:?}");
    let content = render(&plan.letter).unwrap();
    let json = serde_json::to_value(why::json(&plan, Some((&content, 20_480)))).unwrap();
    assert_eq!(json["html_bytes"], 20_480);
    assert_eq!(json["slot"], "2026-11-02T09:00:00+09:00");
    assert_eq!(json["number"], 1);
    assert_eq!(json["sections"][0]["kind"], "new");
    let listed: usize = json["sections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|section| section["posts"].as_array().unwrap().len())
        .sum();
    assert_eq!(listed + json["left_out"].as_array().unwrap().len(), 9);
    assert!(json["left_out"][0]["why"].as_str().unwrap().ends_with("요."));
}

#[test]
fn editions_are_listed_shown_paused_resumed_and_cancelled() {
    use editions::EditionsCommand as Command;
    let world = World::new();
    world.blog(6);
    let id = published(&publish_by_hand(&world.deps(render), "weekly", None, week(0)).unwrap()).0;
    let run = |command: Command| {
        let mut out = Vec::new();
        editions::run(&world.store, &command, Tz::Asia__Seoul, week(0), &mut out)
            .map(|()| String::from_utf8(out).unwrap())
    };
    let json = run(Command::List { digest: None, json: true }).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["counts"]["queued"], 1);
    assert_eq!(json[0]["counts"].as_object().unwrap().len(), 9);
    assert_eq!((&json[0]["recipients"], &json[0]["state"]), (&1.into(), &"sending".into()));
    assert!(run(Command::List { digest: None, json: false }).unwrap().contains("발송 중"));
    assert!(run(Command::Show { id, json: false }).unwrap().contains("글 6"));
    run(Command::Pause { id, reason: None }).unwrap();
    assert!(run(Command::Pause { id, reason: None }).unwrap_err().to_string().contains("'멈춤'"));
    run(Command::Resume { id }).unwrap();
    run(Command::Cancel { id, reason: Some("오타".to_owned()) }).unwrap();
    assert!(run(Command::Resume { id }).unwrap_err().to_string().contains("'취소'"));
    assert!(run(Command::Show { id: 99, json: true }).unwrap_err().to_string().contains("editions list"));
    let shown = run(Command::Show { id, json: true }).unwrap();
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["reason"], &shown["counts"]["suppressed"]), (&"오타".into(), &1.into()));
}

/// Title, reactions, comments of each post of the real page, newest first, where it lies beside the repository.
fn real_page() -> Option<Vec<(String, i64, i64)>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/seed/haebom-page.txt");
    let text = std::fs::read_to_string(path).ok()?;
    let lines: Vec<&str> = text.lines().collect();
    let authors: Vec<usize> = (4..lines.len()).filter(|line| lines[*line] == "Haebom").collect();
    let numbers = |from: usize| {
        let mut counts = (0, 0);
        let mut rest = lines[from..].iter();
        let mut next = rest.next();
        if let Some(comments) = next.and_then(|line| line.parse().ok()) {
            counts.1 = comments;
            next = rest.next();
        }
        if next.is_some_and(|line| line.chars().count() < 20 && !line.is_ascii())
            && let Some(reactions) = rest.next().and_then(|line| line.parse().ok())
        {
            counts.0 = reactions;
        }
        counts
    };
    Some(
        authors
            .iter()
            .map(|line| {
                let (reactions, comments) = numbers(line + 1);
                (lines[line - 2].to_owned(), reactions, comments)
            })
            .collect(),
    )
}

#[test]
fn every_post_of_the_real_page_is_explained_and_gains_outrank_totals() {
    let Some(page) = real_page() else {
        println!("the real page is not beside the repository: nothing was checked");
        return;
    };
    assert_eq!(page.len(), 35);
    assert_eq!(page.iter().map(|post| post.1).sum::<i64>(), 54);
    assert_eq!(page.iter().map(|post| post.2).sum::<i64>(), 31);
    let mut world = World::new();
    world.digests[0].rules.floor = Rules::default().floor;
    for (id, (title, reactions, comments)) in (1..).zip(page.iter().rev()) {
        world.post(id, title, monday(), true);
        world.observe(id, monday(), *reactions, *comments);
    }
    let plan_at = |at: Instant| {
        world.store.read(|ledger| plan(ledger, &world.digests[0], &world.masthead, at, at)).unwrap()
    };
    let explained = |at: Instant| {
        let plan = plan_at(at);
        println!("{}", why::why_text(&plan, None));
        assert_eq!(plan.selection.picks().count() + plan.selection.left_out.len(), 35);
        plan.edition_posts()
    };
    let first = explained(week(0));
    // The best by lifetime reactions, then comments, apart from the five newest, which stand in `new`.
    let mut by_total: Vec<(i64, i64, i64)> =
        (1..=30).map(|id| (id, page[35 - id as usize].1, page[35 - id as usize].2)).collect();
    by_total.sort_by_key(|(id, reactions, comments)| {
        let score = (*reactions as f64).ln_1p() + 0.3 * (*comments as f64).ln_1p();
        (std::cmp::Reverse((score * 1e9) as i64), std::cmp::Reverse(*id))
    });
    let top: Vec<i64> =
        first.iter().filter(|post| post.section == SectionKind::Top).map(|post| post.post.0).collect();
    assert_eq!(top, by_total[..5].iter().map(|one| one.0).collect::<Vec<_>>());
    publish_by_hand(&world.deps(render), "weekly", Some(week(0)), week(0)).unwrap();
    // Of the posts not yet issued, the three with the lowest totals gain most.
    let issued: Vec<i64> = first.iter().map(|post| post.post.0).collect();
    let quiet: Vec<i64> =
        by_total.iter().rev().map(|one| one.0).filter(|id| !issued.contains(id)).take(3).collect();
    for (gain, id) in (3..).zip(&quiet) {
        let (_, reactions, comments) = page[35 - *id as usize];
        world.observe(*id, week(0) + Duration::days(2), reactions + gain, comments);
    }
    let second: Vec<i64> = explained(week(1)).iter().map(|post| post.post.0).collect();
    assert_eq!(second, quiet.iter().rev().copied().collect::<Vec<_>>());
}
