//! `moabom posts` as the operator and other programs read it.

use chrono_tz::Tz;
use moabom::cli::posts::{Deps, PostsCommand, TopBy, run};
use moabom::cli::why;
use moabom::model::EmailAddress;
use moabom::model::Sender;
use moabom::publish::{Digest, Masthead, plan};
use moabom::render::Newsletter;
use moabom::schedule::Schedule;
use moabom::select::Rules;
use serde_json::Value;

use super::ingest::{World, blog, counted, day, page, post};

struct Shell {
    world: World,
    digests: Vec<Digest>,
    masthead: Masthead,
}

impl Shell {
    fn new() -> Shell {
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
            rules: Rules::default(),
            max_late: chrono::Duration::hours(12),
            best_of: None,
            approval: None,
        };
        let shell = Shell {
            world: World::new(),
            digests: vec![weekly],
            masthead: Masthead { newsletter, sender, links: None },
        };
        let mut posts = blog(8);
        posts[1] = counted(posts[1].clone(), &["👍", "🤩", "😍", "😘"], 5, 1);
        posts[4] = counted(posts[4].clone(), &["❤️"], 5, 3);
        posts[6] = counted(posts[6].clone(), &["👨‍👩‍👧‍👦"], 2, 9);
        shell.world.ingest(posts, day(0));
        shell
    }

    fn try_run(&self, command: PostsCommand) -> anyhow::Result<String> {
        let deps = Deps {
            store: &self.world.store,
            digests: &self.digests,
            sources: &[],
            masthead: &self.masthead,
            zone: Tz::Asia__Seoul,
        };
        let mut out = Vec::new();
        run(&deps, &command, day(1), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn run(&self, command: PostsCommand) -> String {
        self.try_run(command).unwrap()
    }

    fn json(&self, command: PostsCommand) -> Vec<Value> {
        serde_json::from_str::<Value>(&self.run(command)).unwrap().as_array().unwrap().clone()
    }
}

fn list(json: bool) -> PostsCommand {
    PostsCommand::List { json, source: None, limit: None, all: false }
}

fn top(by: TopBy, json: bool) -> PostsCommand {
    PostsCommand::Top { by, digest: None, limit: 10, json }
}

fn titles(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["title"].as_str().unwrap()).collect()
}

#[test]
fn the_json_list_has_its_promised_shape_and_whole_emoji() {
    let shell = Shell::new();
    let rows = shell.json(list(true));
    assert_eq!(rows.len(), 8);
    assert_eq!(titles(&rows)[..2], ["글 8", "글 7"]);
    let mut keys: Vec<&str> = rows[1].as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let mut promised = [
        "id",
        "source",
        "title",
        "author",
        "url",
        "published_at",
        "first_seen_at",
        "reactions",
        "comments",
        "emoji",
    ];
    promised.sort_unstable();
    assert_eq!(keys, promised);
    assert_eq!(rows[1]["emoji"], serde_json::json!(["👍", "🤩", "😍", "😘"]));
    assert_eq!(rows[6]["emoji"], serde_json::json!(["👨‍👩‍👧‍👦"]));
    assert_eq!(rows[1]["first_seen_at"], "2026-11-02T08:00:00+09:00");
    assert_eq!((&rows[1]["url"], &rows[1]["published_at"]), (&Value::Null, &Value::Null));
    let total: u64 = rows.iter().map(|row| row["reactions"].as_u64().unwrap()).sum();
    assert_eq!(total, 12);
}

#[test]
fn the_table_shows_the_same_posts() {
    let shell = Shell::new();
    let table = shell.run(list(false));
    for text in ["글 8", "글 1", "👍🤩😍😘 5", "❤️ 5", "2026-11-02 08:00"] {
        assert!(table.contains(text), "{text} in\n{table}");
    }
    let empty = Shell { world: World::new(), ..Shell::new() };
    assert!(empty.run(list(false)).contains("ingest"));
    assert_eq!(empty.run(list(true)), "[]\n");
}

#[test]
fn removed_posts_leave_the_list_unless_asked_for() {
    let shell = Shell::new();
    let mut posts = blog(8);
    posts.remove(3);
    moabom::ingest::run_once(&shell.world.store, "blog", page(posts), day(1)).unwrap();
    assert_eq!(shell.json(list(true)).len(), 7);
    let all = |json| PostsCommand::List { json, source: Some("blog".to_owned()), limit: None, all: true };
    assert_eq!(shell.json(all(true)).len(), 8);
    assert!(shell.run(all(false)).contains("없어짐"));
    let unknown = PostsCommand::List { json: true, source: Some("x".to_owned()), limit: None, all: true };
    assert!(shell.try_run(unknown).unwrap_err().to_string().contains("없는 출처예요: `x`"));
}

#[test]
fn top_goes_by_reactions_then_comments_then_the_newest() {
    let shell = Shell::new();
    let rows = shell.json(top(TopBy::Reactions, true));
    assert_eq!(titles(&rows)[..5], ["글 4", "글 7", "글 2", "글 8", "글 6"]);
    let two = PostsCommand::Top { by: TopBy::Reactions, digest: None, limit: 2, json: true };
    assert_eq!(shell.json(two).len(), 2);
}

#[test]
fn top_by_score_shows_the_numbers_of_the_preview() {
    let shell = Shell::new();
    let rows = shell.json(top(TopBy::Score, true));
    assert_eq!(rows.len(), 8);
    let store = &shell.world.store;
    let plan = store.read(|ledger| plan(ledger, &shell.digests[0], &shell.masthead, day(1), day(1))).unwrap();
    let preview = serde_json::to_string(&why::json(&plan, None)).unwrap();
    let preview: Value = serde_json::from_str(&preview).unwrap();
    let sections =
        preview["sections"].as_array().unwrap().iter().flat_map(|one| one["posts"].as_array().unwrap());
    let mut shown: Vec<&Value> = sections.chain(preview["left_out"].as_array().unwrap()).collect();
    for row in &rows {
        let at = shown.iter().position(|one| one["id"] == row["id"]).unwrap();
        let one = shown.swap_remove(at);
        assert_eq!((&one["score"], &one["why"]), (&row["score"], &row["why"]));
    }
    let scores: Vec<f64> = rows.iter().map(|row| row["score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b));
    let table = shell.run(top(TopBy::Score, false));
    assert!(table.contains("점수") && table.contains("글 4"));
    let unknown = PostsCommand::Top { by: TopBy::Score, digest: Some("x".to_owned()), limit: 1, json: false };
    assert!(shell.try_run(unknown).unwrap_err().to_string().contains("weekly"));
}

#[test]
fn pinning_and_hiding_can_be_undone() {
    let shell = Shell::new();
    let id = shell.world.id_of("글 4");
    for (undo, marked) in [(false, true), (false, true), (true, false), (true, false)] {
        shell.run(PostsCommand::Pin { id, undo });
        shell.run(PostsCommand::Hide { id, undo });
        let table = shell.run(list(false));
        assert_eq!((table.contains("고정"), table.contains("숨김")), (marked, marked), "{table}");
        assert_eq!(shell.json(top(TopBy::Reactions, true)).len(), if marked { 7 } else { 8 });
    }
}

#[test]
fn pinning_promises_no_place_to_a_post_that_was_carried_before() {
    let shell = Shell::new();
    let said = shell.run(PostsCommand::Pin { id: shell.world.id_of("글 4"), undo: false });
    assert!(said.contains("아직 실리지 않은 글이면"), "{said}");
}

#[test]
fn an_unknown_post_is_an_error_with_advice() {
    let shell = Shell::new();
    for command in [
        PostsCommand::Show { id: 99, json: false },
        PostsCommand::Pin { id: -1, undo: false },
        PostsCommand::Hide { id: i64::MAX, undo: true },
    ] {
        let error = shell.try_run(command).unwrap_err().to_string();
        assert!(error.contains("글 ") && error.contains("posts list"), "{error}");
    }
}

#[test]
fn show_tells_of_a_post_over_time() {
    let shell = Shell::new();
    let mut posts = blog(8);
    posts[1] = counted(posts[1].clone(), &["👍", "🤩", "😍", "😘"], 8, 0);
    posts.push(post("\u{1b}[31m빨간 제목\u{202E}", "몸."));
    shell.world.ingest(posts, day(1));
    let id = shell.world.id_of("글 7");
    let text = shell.run(PostsCommand::Show { id, json: false });
    for part in ["글 7", "출처 blog", "봄이", "2026-11-03 08:00", "8 (+3)", "0 (-1)"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let json: Value = serde_json::from_str(&shell.run(PostsCommand::Show { id, json: true })).unwrap();
    assert_eq!(json["observations"].as_array().unwrap().len(), 2);
    assert_eq!(json["observations"][1]["reactions"], 8);
    assert!(!shell.run(list(false)).contains('\u{1b}'));
}

#[test]
fn a_post_is_shown_with_a_summary_of_whole_sentences() {
    let shell = Shell::new();
    let body = "모아봄은 블로그의 글을 모아 편지로 보냅니다. 편지는 한 주에 한 번 나갑니다. 반응이 많았던 글도 함께 담습니다.";
    let mut posts = blog(8);
    posts[2].body = body.to_owned();
    moabom::ingest::run_once(&shell.world.store, "blog", page(posts), day(1)).unwrap();
    let id = shell.world.id_of("글 6");
    let shown = shell.run(PostsCommand::Show { id, json: false });
    assert!(shown.contains("요약\n- 모아봄은 블로그의 글을 모아 편지로 보냅니다.\n- "), "{shown}");
    let json: Value = serde_json::from_str(&shell.run(PostsCommand::Show { id, json: true })).unwrap();
    assert_eq!(json["summary"][0], "모아봄은 블로그의 글을 모아 편지로 보냅니다.");
    assert_eq!(json["body"], body);
}
