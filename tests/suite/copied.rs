//! A store that was copied or moved does not send until a person says so.

use std::process::Output;

use crate::support::keeper::Keeper;
use crate::support::system::System;

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_copied_store_sends_nothing_until_it_is_adopted_and_the_first_one_nothing_after() {
    let keeper = Keeper::start(0);
    let first = System::new(keeper.port(), 2);
    first.publish_to(3);
    first.run(&["deliver"]);
    first.run(&["posts", "list"]);
    let copy = System::new(keeper.port(), 2);
    std::fs::create_dir(copy.path("data")).expect("a folder");
    for file in ["moabom.sqlite", "moabom.sqlite.key"] {
        let (from, to) = (first.path("data").join(file), copy.path("data").join(file));
        std::fs::copy(from, to).expect("copied");
    }
    copy.run(&["subscribers", "add", "later@example.com", "--consent", "2026-10-01"]);
    for step in ["deliver", "run"] {
        let refused = copy.try_run(&[step]).expect_err("refused");
        assert_eq!(refused.status.code(), Some(1), "{step}");
        assert!(said(&refused).contains("moabom adopt"), "{step}: {}", said(&refused));
    }
    copy.verify();
    copy.run(&["adopt"]);
    copy.run(&["deliver"]);
    first.run(&["deliver"]);
    assert_eq!(keeper.total(), 3, "each letter left once");

    // The same store moved back counts as moved again.
    std::fs::copy(copy.path("data/moabom.sqlite"), first.path("data/moabom.sqlite")).expect("copied");
    assert!(said(&first.try_run(&["deliver"]).expect_err("refused")).contains("moabom adopt"));
}
