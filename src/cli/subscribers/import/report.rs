//! Effect: what became of a file of subscribers, counted and told.

use std::io::{self, Write};

use serde::Serialize;

use super::Import;

/// What became of the rows of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Report {
    /// Rows with anything in them.
    pub(super) rows: u64,
    /// New people.
    pub(super) accepted: u64,
    /// People who were there, or came earlier in the file, and now have a further digest.
    pub(super) joined: u64,
    /// Rows whose address came earlier in the file.
    pub(super) duplicate: u64,
    /// People who were there with all of it.
    pub(super) already: u64,
    /// Addresses that must not be mailed.
    pub(super) suppressed: u64,
    /// Rows the file itself marks as gone or not agreed, there or in another row of the address.
    pub(super) left: u64,
    /// Rows without a day of consent.
    pub(super) without_consent: u64,
    /// Rows that cannot be read.
    pub(super) invalid: u64,
}

pub(super) fn print(report: &Report, args: &Import, out: &mut dyn Write) -> io::Result<()> {
    let refused = report.invalid > 0 && !args.keep_going;
    let head = match (args.dry_run, refused) {
        (true, _) => "시험 실행이라 아무것도 바꾸지 않았어요. 실제로 하면:",
        (false, true) => "가져오지 않았어요. 읽은 결과:",
        (false, false) => "가져왔어요:",
    };
    writeln!(out, "{head}")?;
    for (word, count) in [
        ("읽은 행", report.rows),
        ("새 구독자", report.accepted),
        ("다이제스트 추가", report.joined),
        ("파일 안 중복", report.duplicate),
        ("이미 있음", report.already),
        ("발송 금지", report.suppressed),
        ("해지·미동의 상태", report.left),
        ("동의일 없음", report.without_consent),
        ("잘못된 행", report.invalid),
    ] {
        writeln!(out, "  {word}: {count}")?;
    }
    Ok(())
}

/// The talk of an import. An `err` that broke must not stop it halfway, so the error is kept for the end.
pub(super) struct Talk<'a> {
    err: &'a mut dyn Write,
    result: io::Result<()>,
}

impl<'a> Talk<'a> {
    pub(super) fn to(err: &'a mut dyn Write) -> Talk<'a> {
        Talk { err, result: Ok(()) }
    }

    pub(super) fn say(&mut self, line: &str) {
        if self.result.is_ok() {
            self.result = writeln!(self.err, "{line}");
        }
    }

    pub(super) fn end(self) -> io::Result<()> {
        self.result
    }
}

/// So many lines are kept while the store is written.
const KEPT: usize = 1_000;

/// What is to be said once the store is free again: nobody may wait for a terminal while it is being written.
#[derive(Debug, Default)]
pub(super) struct Held {
    lines: Vec<String>,
    more: u64,
}

impl Held {
    pub(super) fn keep(&mut self, line: String) {
        if self.lines.len() < KEPT {
            self.lines.push(line);
        } else {
            self.more += 1;
        }
    }

    pub(super) fn say(self, talk: &mut Talk<'_>) {
        self.lines.iter().for_each(|line| talk.say(line));
        if self.more > 0 {
            talk.say(&format!("그 밖에 {}건", self.more));
        }
    }
}
