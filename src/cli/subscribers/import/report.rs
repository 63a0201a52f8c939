//! Effect: what became of a file of subscribers, counted and told.

use std::fmt;
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

/// Why a row stayed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Why {
    /// It cannot be read.
    Invalid,
    /// It has no day of consent.
    WithoutConsent,
    /// The address must not be mailed.
    Suppressed,
    /// The file says elsewhere that the person left, or the person is subscribed here although the row says so.
    Left,
}

/// A row that stayed out and of which there is something to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct LeftOut {
    row: u64,
    #[serde(rename = "kind")]
    why: Why,
    /// Where in the row, if not in all of it: `3열(구독일)`.
    place: Option<String>,
    reason: String,
}

impl LeftOut {
    pub(super) fn whole(row: u64, why: Why, reason: impl Into<String>) -> LeftOut {
        LeftOut { row, why, place: None, reason: reason.into() }
    }

    pub(super) fn at(self, place: Option<String>) -> LeftOut {
        LeftOut { place, ..self }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.as_ref().map(|place| format!(" {place}")).unwrap_or_default();
        write!(f, "{}행{place}: {}", self.row, self.reason)
    }
}

/// So many rows are named in JSON, and so many lines are kept while the store is written.
const KEPT: usize = 1_000;

/// The rows that stayed out, for JSON: the first in the order in which they were found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Outside {
    left_out: Vec<LeftOut>,
    /// How many more there are.
    more_left_out: u64,
}

/// The report as JSON.
#[derive(Serialize)]
pub(super) struct ReportJson<'a> {
    #[serde(flatten)]
    pub(super) report: &'a Report,
    #[serde(flatten)]
    pub(super) outside: &'a Outside,
}

/// The talk of an import. An `err` that broke must not stop it halfway, so the error is kept for the end.
pub(super) struct Talk<'a> {
    err: &'a mut dyn Write,
    result: io::Result<()>,
    outside: Outside,
}

impl<'a> Talk<'a> {
    pub(super) fn to(err: &'a mut dyn Write) -> Talk<'a> {
        Talk { err, result: Ok(()), outside: Outside::default() }
    }

    pub(super) fn say(&mut self, line: &str) {
        if self.result.is_ok() {
            self.result = writeln!(self.err, "{line}");
        }
    }

    /// Says why a row stays out.
    pub(super) fn leave_out(&mut self, row: LeftOut) {
        self.say(&row.to_string());
        if self.outside.left_out.len() < KEPT {
            self.outside.left_out.push(row);
        } else {
            self.outside.more_left_out += 1;
        }
    }

    pub(super) fn end(mut self) -> io::Result<Outside> {
        self.outside.left_out.sort_by_key(|left| left.row);
        self.result.map(|()| self.outside)
    }
}

/// What is to be said once the store is free again: nobody may wait for a terminal while it is being written.
#[derive(Debug, Default)]
pub(super) struct Held {
    said: Vec<Said>,
    more: u64,
    more_left_out: u64,
}

#[derive(Debug)]
enum Said {
    Line(String),
    LeftOut(LeftOut),
}

impl Held {
    pub(super) fn keep(&mut self, line: String) {
        self.hold(Said::Line(line));
    }

    pub(super) fn leave_out(&mut self, row: LeftOut) {
        self.hold(Said::LeftOut(row));
    }

    fn hold(&mut self, said: Said) {
        if self.said.len() < KEPT {
            self.said.push(said);
        } else {
            self.more += 1;
            self.more_left_out += u64::from(matches!(said, Said::LeftOut(_)));
        }
    }

    pub(super) fn say(self, talk: &mut Talk<'_>) {
        for said in self.said {
            match said {
                Said::Line(line) => talk.say(&line),
                Said::LeftOut(row) => talk.leave_out(row),
            }
        }
        if self.more > 0 {
            talk.say(&format!("그 밖에 {}건", self.more));
        }
        talk.outside.more_left_out += self.more_left_out;
    }
}
