//! The operator's look at an edition before it leaves, through the built daemon's parts: mail, page, word, silence.

use std::sync::Arc;

use chrono::Duration;
use chrono_tz::Tz;
use moabom::clock::Instant;
use moabom::compose::links::draft_url;
use moabom::inform;
use moabom::model::edition::{Content, EditionState, Silence};
use moabom::model::{EditionId, EmailAddress, PostId, Sender};
use moabom::publish::{self, Approval, Digest, LastCheck, Masthead, Outcome};
use moabom::render::{LetterInput, Newsletter, Renderer};
use moabom::schedule::Schedule;
use moabom::select::Rules;
use moabom::web::DraftDeps;

use super::ingest::{blog, page};
use super::people::Desk;
use super::web::{self as pages, Served};
use crate::support::smtp_server::SmtpServer;
use crate::support::world::{World, start_of_time};

/// The slot: 2026-11-23 11:00 in Seoul.
fn slot() -> Instant {
    start_of_time() + Duration::hours(2)
}

struct Office {
    world: World,
    server: SmtpServer,
    digests: Vec<Digest>,
    masthead: Masthead,
    renderer: Arc<Renderer>,
}

impl Office {
    fn new(silence: Silence) -> Office {
        let server = SmtpServer::start();
        let world = World::new(&server);
        world.add("reader@example.com");
        moabom::ingest::run_once(&world.store, "blog", page(blog(6)), world.clock.now() - Duration::days(2))
            .expect("read");
        let newsletter = Newsletter {
            title: "봄날의 노트".to_owned(),
            home: "https://blog.example/".parse().expect("a URL"),
            time_zone: Tz::Asia__Seoul,
            advertising: false,
        };
        let sender = Sender {
            name: "봄날".to_owned(),
            email: EmailAddress::parse("hello@sender.test").expect("an address"),
            reply_to: None,
            phone: None,
            address: None,
        };
        let links = Some("https://news.example.com/".parse().expect("a URL"));
        let weekly = Digest {
            name: "weekly".to_owned(),
            schedule: Schedule::parse("0 11 * * *", Tz::Asia__Seoul).expect("a schedule"),
            subject: "{{ lead.title }} 외 {{ rest }}편".to_owned(),
            rules: Rules { grace: Duration::zero(), ..Rules::default() },
            max_late: Duration::hours(12),
            best_of: None,
            approval: Some(Approval { ahead: Duration::hours(1), silence }),
        };
        let office = Office {
            world,
            server,
            digests: vec![weekly],
            masthead: Masthead { newsletter, sender, links },
            renderer: Arc::new(Renderer::new(&[]).expect("templates")),
        };
        // The schedule is in force from now on.
        assert!(matches!(office.publish()[..], [Outcome::NotDue { .. }]));
        office
    }

    fn publish(&self) -> Vec<Outcome> {
        let deps = publish::Deps {
            store: &self.world.store,
            masthead: &self.masthead,
            digests: &self.digests,
            render: |letter: &LetterInput| self.renderer.render(letter).map(Content::from),
        };
        publish::run_once(&deps, self.world.clock.now()).expect("published")
    }

    fn at(&self, at: Instant) -> Vec<Outcome> {
        self.world.clock.set(at);
        self.publish()
    }

    /// An hour before the slot: the edition is frozen and waits.
    fn draft(&self) -> EditionId {
        match self.at(slot() - Duration::hours(1))[..] {
            [Outcome::Published { edition, .. }] => edition,
            ref other => panic!("{other:?}"),
        }
    }

    fn inform(&self) -> inform::Report {
        let deps = inform::Deps {
            store: self.world.store.clone(),
            relay: self.world.relay.clone(),
            tls: self.world.deps().tls,
            letters: self.world.deps().letters,
            to: EmailAddress::parse("owner@example.com").expect("an address"),
            zone: Tz::Asia__Seoul,
            links: self.masthead.links.clone(),
            alarms: Vec::new(),
        };
        inform::run_once(&deps, self.world.clock.now(), &|| {}).expect("told")
    }

    fn serve(&self) -> Site {
        let (store, masthead, digests) =
            (self.world.store.clone(), self.masthead.clone(), self.digests.clone());
        let renderer = Arc::clone(&self.renderer);
        let drafts = DraftDeps {
            store: self.world.store.clone(),
            keys: vec![self.world.key.clone()],
            clock: self.world.clock.clone(),
            newsletter: "봄날의 <노트>".to_owned(),
            zone: Tz::Asia__Seoul,
            dropper: Arc::new(move |edition: EditionId, posts: &[PostId]| -> Result<LastCheck, String> {
                let deps = publish::Deps {
                    store: &store,
                    masthead: &masthead,
                    digests: &digests,
                    render: |letter: &LetterInput| renderer.render(letter).map(Content::from),
                };
                publish::drop_posts(&deps, edition, posts).map_err(|error| error.to_string())
            }),
        };
        let desk = Desk::new();
        let mut deps = pages::deps(&desk, vec![self.world.key.clone()]);
        deps.store = self.world.store.clone();
        deps.clock = self.world.clock.clone();
        deps.draft = Some(drafts);
        Site(Served::of(deps))
    }

    fn path(&self, edition: EditionId) -> String {
        let base = "https://news.example.com/".parse().expect("a URL");
        draft_url(&base, &self.world.key, edition).replace("https://news.example.com", "")
    }

    fn state(&self, edition: EditionId) -> EditionState {
        self.world.store.read(|ledger| ledger.edition(edition)).expect("read").expect("there").state
    }

    fn subject_and_text(&self, edition: EditionId) -> (String, String) {
        let content = self.world.store.read(|ledger| ledger.edition_content(edition)).expect("read");
        content.map(|content| (content.subject, content.text)).expect("content")
    }
}

/// The pages, served.
struct Site(Served);

impl Site {
    fn get(&self, path: &str) -> (u16, String) {
        told(&self.0.ask("GET", path))
    }

    fn post(&self, path: &str, body: &str) -> (u16, String) {
        told(&self.0.post(path, "application/x-www-form-urlencoded", body))
    }
}

fn told(answer: &str) -> (u16, String) {
    (pages::status(answer).parse().expect("a status"), pages::body(answer).to_owned())
}

#[test]
fn silence_sends_what_was_shown_at_its_time_and_not_before() {
    let office = Office::new(Silence::Send);
    let edition = office.draft();
    assert_eq!(office.state(edition), EditionState::Paused);
    assert_eq!(office.inform(), inform::Report { queued: 1, sent: 1, failure: None });
    assert_eq!(office.inform(), inform::Report::default(), "asked once");
    let asked = &office.server.kept_for("owner@example.com")[0];
    let asked = mail_parser::MessageParser::default().parse(&asked.bytes).expect("a mail");
    let text = asked.body_text(0).expect("a text");
    assert!(asked.subject().expect("a subject").contains("보낼까요? weekly 제1호"), "{:?}", asked.subject());
    assert!(text.contains(&format!("https://news.example.com{}", office.path(edition))), "{text}");
    assert!(text.contains("예정대로 보내요") && text.contains("글 6"), "{text}");
    let shown = office.subject_and_text(edition);

    office.at(slot() - Duration::minutes(1));
    office.world.deliver();
    assert!(office.server.kept_for("reader@example.com").is_empty(), "not before its time");
    assert!(matches!(office.at(slot())[..], [Outcome::NotDue { .. }]));
    assert_eq!(office.state(edition), EditionState::Sending);
    office.world.deliver();
    assert_eq!(office.server.kept_for("reader@example.com").len(), 1);
    assert_eq!(office.subject_and_text(edition), shown);
    // The next day has its own.
    assert!(matches!(office.at(slot() + Duration::hours(23))[..], [Outcome::Skipped { .. }]));
}

#[test]
fn silence_skips_where_it_is_set_so_and_nobody_gets_anything() {
    let office = Office::new(Silence::Skip);
    let edition = office.draft();
    office.at(slot());
    assert_eq!(office.state(edition), EditionState::Cancelled);
    office.world.deliver();
    assert!(office.server.kept_for("reader@example.com").is_empty());
    // Its posts are not used up: the next edition may hold them.
    assert!(matches!(office.at(slot() + Duration::hours(23))[..], [Outcome::Published { .. }]));
}

#[test]
fn the_page_shows_and_only_a_press_decides() {
    let office = Office::new(Silence::Skip);
    let edition = office.draft();
    let served = office.serve();
    let path = office.path(edition);
    for _ in 0..3 {
        let (status, body) = served.get(&path);
        assert_eq!(status, 200);
        assert!(
            body.contains("예정대로 보내기") && body.contains("글 6") && body.contains("sandbox"),
            "{body}"
        );
        assert!(body.contains("봄날의 &lt;노트&gt;"), "{body}");
        let (status, letter) = served.get(&format!("{path}/letter"));
        assert!(status == 200 && letter.contains("글 6") && !letter.contains("unsubscribe/"), "{letter}");
    }
    assert_eq!(office.state(edition), EditionState::Paused, "looking decides nothing");
    let (_, body) = served.post(&path, "word=send");
    assert!(body.contains("예정대로 보낼게요"), "{body}");
    assert!(served.post(&path, "word=send").1.contains("이미 그렇게"));
    assert_eq!(office.state(edition), EditionState::Paused, "it goes when its time comes");
    office.at(slot());
    assert_eq!(office.state(edition), EditionState::Sending);
    assert!(served.post(&path, "word=skip").1.contains("이미 정해진 뒤"));
    office.world.deliver();
    assert_eq!(office.server.kept_for("reader@example.com").len(), 1);
}

#[test]
fn a_title_that_turns_the_writing_round_turns_nothing_on_the_page() {
    let office = Office::new(Silence::Send);
    let edition = office.draft();
    office.world.meddle(
        "UPDATE edition_posts SET title = '글 ' || char(0x202E) || 'gpj.exe' || char(0x2066) || char(0x061C);
         UPDATE editions SET subject = char(0x202B) || subject",
    );
    let (status, body) = office.serve().get(&office.path(edition));
    assert!(status == 200 && body.contains("gpj.exe"), "{body}");
    let turns = |c: char| matches!(c, '\u{61C}' | '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    assert!(!body.contains(turns), "{body}");
    assert!(body.contains("<bdi>글  gpj.exe") && body.contains("제목: <bdi>"), "{body}");
}

#[test]
fn a_post_taken_out_is_gone_from_the_letter_and_the_rest_is_as_shown() {
    let office = Office::new(Silence::Send);
    let edition = office.draft();
    let served = office.serve();
    let path = office.path(edition);
    let posts = office.world.store.read(|ledger| ledger.edition_posts(edition)).expect("posts");
    let gone = &posts[1];
    let (_, body) = served.post(&path, &format!("post={}", gone.post));
    assert!(body.contains("뺐어요"), "{body}");
    assert!(served.post(&path, &format!("post={}", gone.post)).1.contains("이 호에 없어요"));
    assert!(served.post(&path, "post=999999").1.contains("이 호에 없어요"));
    let left = office.world.store.read(|ledger| ledger.edition_posts(edition)).expect("posts");
    let wanted: Vec<&str> =
        posts.iter().filter(|post| post.post != gone.post).map(|post| &*post.title).collect();
    assert_eq!(left.iter().map(|post| &*post.title).collect::<Vec<_>>(), wanted);
    assert_eq!(office.state(edition), EditionState::Paused);
    office.at(slot());
    office.world.deliver();
    let letter = &office.server.kept_for("reader@example.com")[0];
    let letter = mail_parser::MessageParser::default().parse(&letter.bytes).expect("a mail");
    let text = letter.body_text(0).expect("a text");
    assert!(!text.lines().any(|line| line.trim_start_matches("- ") == gone.title), "{text}");
    assert!(wanted.iter().all(|title| text.contains(title)), "{text}");
    assert!(served.post(&path, &format!("post={}", posts[0].post)).1.contains("이미 정해진 뒤"));
}

#[test]
fn a_skip_is_done_at_once_and_forged_or_foreign_links_find_nothing() {
    let office = Office::new(Silence::Send);
    let edition = office.draft();
    let served = office.serve();
    let path = office.path(edition);
    let mut flipped = path.clone().into_bytes();
    let last = flipped.len() - 3;
    flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).expect("ASCII");
    let unsubscribe = path.replace("/draft/", "/unsubscribe/");
    for wrong in [flipped.as_str(), "/draft/x", "/draft/", &office.path(EditionId(99))] {
        assert_eq!(served.get(wrong).0, 404, "{wrong}");
        assert_eq!(served.post(wrong, "word=skip").0, 404, "{wrong}");
    }
    assert_eq!(served.post(&unsubscribe, "").0, 200, "a draft's token leaves nobody");
    assert_eq!(office.world.number("SELECT count(*) FROM subscriptions WHERE state = 'active'"), 1);
    assert!(served.post(&path, "word=nonsense").1.contains("알 수 없어"));
    assert_eq!(office.state(edition), EditionState::Paused);
    assert!(served.post(&path, "word=skip").1.contains("건너뛰었어요"));
    assert_eq!(office.state(edition), EditionState::Cancelled);
    assert!(served.post(&path, "word=skip").1.contains("이미 그렇게"));
    assert!(served.post(&path, "word=send").1.contains("이미 정해진 뒤"));
    office.at(slot());
    office.world.deliver();
    assert!(office.server.kept_for("reader@example.com").is_empty());
}

#[test]
fn an_edition_that_waited_while_the_power_was_off_is_not_sent_too_late() {
    let office = Office::new(Silence::Send);
    let edition = office.draft();
    assert_eq!(office.inform().sent, 1, "the question");
    office.at(slot() + Duration::hours(13));
    assert_eq!(office.state(edition), EditionState::Cancelled);
    assert!(office.server.kept_for("reader@example.com").is_empty());
    assert_eq!(office.inform(), inform::Report { queued: 1, sent: 1, failure: None });
    let told = told_owner(&office);
    assert!(told[1].contains("보내지 않았어요") && told[1].contains("너무 지나"), "{}", told[1]);
    assert_eq!(office.inform().queued, 0);
}

#[test]
fn a_draft_that_would_keep_too_few_posts_stays_as_it_is() {
    let mut office = Office::new(Silence::Send);
    office.digests[0].rules.min_posts = 3;
    let edition = office.draft();
    let count = || office.world.store.read(|ledger| ledger.edition_posts(edition)).expect("posts");
    let served = office.serve();
    let path = office.path(edition);
    while count().len() > 3 {
        assert!(served.post(&path, &format!("post={}", count()[0].post)).1.contains("뺐어요"));
    }
    assert!(served.post(&path, &format!("post={}", count()[0].post)).1.contains("빼지 않았어요"));
    assert_eq!(count().len(), 3);
    // Its time comes while the operator presses: it goes on as it was.
    office.at(slot());
    assert_eq!(office.state(edition), EditionState::Sending);
    let deps = publish::Deps {
        store: &office.world.store,
        masthead: &office.masthead,
        digests: &office.digests,
        render: |letter: &LetterInput| office.renderer.render(letter).map(Content::from),
    };
    let dropped = publish::drop_posts(&deps, edition, &[count()[0].post]).expect("looked at");
    assert_eq!(dropped, LastCheck::Unchanged);
    assert_eq!(office.state(edition), EditionState::Sending);
}

#[test]
fn the_operator_is_told_of_what_is_held_and_done_once_and_not_of_readers() {
    let office = Office::new(Silence::Send);
    let edition = office.draft();
    office.at(slot());
    office.world.store.write(move |ledger| ledger.pause_edition(edition, "릴레이가 막았어요")).expect("held");
    assert_eq!(office.inform().sent, 1);
    assert_eq!(office.inform().sent, 0);
    // Let go and held again for the same reason: that is news.
    for _ in 0..2 {
        let again = office.world.store.write(move |ledger| {
            ledger.resume_edition(edition)?;
            ledger.pause_edition(edition, "릴레이가 막았어요")
        });
        again.expect("held again");
    }
    assert_eq!(office.inform().sent, 1);
    assert_eq!(office.inform().sent, 0);
    office.world.store.write(move |ledger| ledger.resume_edition(edition)).expect("resumed");
    office.world.deliver();
    assert_eq!(office.inform().sent, 1);
    let told: Vec<String> = office
        .server
        .kept_for("owner@example.com")
        .iter()
        .map(|kept| {
            let mail = mail_parser::MessageParser::default().parse(&kept.bytes).expect("a mail");
            let text = mail.body_text(0).expect("a text").into_owned();
            assert!(!text.contains("reader@example.com"), "{text}");
            format!("{}\n{text}", mail.subject().unwrap_or_default())
        })
        .collect();
    assert!(told[0].contains("발송이 멈췄어요") && told[0].contains("릴레이가 막았어요"), "{}", told[0]);
    assert!(told[1].contains("발송이 멈췄어요"), "{}", told[1]);
    assert!(told[2].contains("다 보냈어요") && told[2].contains("보냄 1"), "{}", told[2]);
}

#[test]
fn an_edition_held_for_another_reason_is_not_let_go_by_silence() {
    let office = Office::new(Silence::Send);
    let edition = office.draft();
    let held = office.world.store.write(move |ledger| {
        ledger.resume_edition(edition)?;
        ledger.pause_edition(edition, "릴레이가 막았어요")
    });
    held.expect("held");
    let served = office.serve();
    assert!(served.post(&office.path(edition), "word=send").1.contains("이미 정해진 뒤"));
    office.at(slot());
    assert_eq!(office.state(edition), EditionState::Paused);
    office.world.deliver();
    assert!(office.server.kept_for("reader@example.com").is_empty());
}

#[test]
fn a_mail_to_the_operator_that_fails_is_tried_again_later() {
    use crate::support::smtp_server::{Act, At};
    let office = Office::new(Silence::Send);
    office.draft();
    office.server.for_recipient("owner@example.com", At::Rcpt, Act::say("450 4.2.0 later"));
    let report = office.inform();
    assert_eq!((report.queued, report.sent), (1, 0));
    assert!(report.failure.expect("why").contains("450"));
    office.server.heal();
    assert_eq!(office.inform(), inform::Report::default(), "not at once");
    office.world.wait(6);
    assert_eq!(office.inform().sent, 1);
}

fn told_owner(office: &Office) -> Vec<String> {
    let kept = office.server.kept_for("owner@example.com");
    let told = kept.iter().map(|kept| {
        let mail = mail_parser::MessageParser::default().parse(&kept.bytes).expect("a mail");
        let text = mail.body_text(0).expect("a text").replace("\r\n", "\n");
        format!("{}\n{text}", mail.subject().unwrap_or_default())
    });
    told.collect()
}

#[test]
fn slots_skipped_at_once_make_one_mail_and_none_the_second_time() {
    let office = Office::new(Silence::Send);
    // Five days without power: what comes is the newest, the others are skipped.
    office.at(slot() + Duration::days(4));
    assert_eq!(office.world.number("SELECT count(*) FROM editions WHERE state = 'skipped'"), 4);
    assert_eq!(office.inform().sent, 2, "the question for the newest, and the skips");
    assert_eq!(office.inform(), inform::Report::default());
    let told = told_owner(&office);
    let skips = told.iter().find(|mail| mail.contains("건너뛰었어요: weekly 4번")).expect("told");
    assert_eq!(skips.matches("\n- ").count(), 4, "{skips}");
    assert!(skips.contains("moabom publish weekly"), "{skips}");
}

#[test]
fn on_monday_morning_the_operator_is_told_of_the_week_once() {
    let office = Office::new(Silence::Send);
    office.draft();
    office.at(slot());
    office.world.deliver();
    office.inform();
    let before = told_owner(&office).len();
    // The world begins on a Monday, at nine in Seoul.
    let monday = start_of_time() + Duration::days(7);
    office.world.clock.set(monday - Duration::minutes(61));
    assert_eq!(office.inform().queued, 0, "not before eight");
    office.world.clock.set(monday - Duration::minutes(59));
    assert_eq!(office.inform().sent, 1);
    assert_eq!(office.inform().queued, 0);
    let told = told_owner(&office);
    assert_eq!(told.len(), before + 1);
    let week = told.last().expect("a mail");
    assert!(week.contains("지난 한 주: 11월 23일–29일"), "{week}");
    assert!(week.contains("발행 1번 · 건너뜀 0번") && week.contains("제1호 · 보냄 1 ·"), "{week}");
    assert!(week.contains("weekly · 받는 중 1 ·") && !week.contains("reader@example.com"), "{week}");
    // A week in which nothing fell due is not told.
    office.world.clock.set(monday + Duration::days(7));
    assert_eq!(office.inform().queued, 0);
}
