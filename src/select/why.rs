//! Pure: one Korean sentence on why a candidate is in or out. Each says the rule that decided, with its numbers.

use std::fmt::{self, Write};

use chrono::Duration;

use super::score::Scored;
use super::{Basis, Rules};
use crate::model::edition::SectionKind;

/// A section's name as the operator's tables show it.
pub fn section_name(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::Pinned => "먼저 챙겨 볼 글",
        SectionKind::New => "새 글",
        SectionKind::Top => "반응이 많았던 글",
        SectionKind::Late => "뒤늦게 뜬 글",
    }
}

/// Whether a post stands in the letter where the order of its section put it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lead {
    Unmoved,
    /// It leads the letter, for the one before it would repeat the last edition's lead title.
    Taken,
    /// It would have led the letter, but for that.
    Given,
}

/// Why a candidate is in or out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reason {
    /// In, at this place (from 1) of the section's order, or of what the first edition looks back at.
    Picked {
        kind: SectionKind,
        place: usize,
        looked_back: bool,
        lead: Lead,
    },
    Hidden,
    Missing,
    Issued {
        number: i64,
    },
    /// A copy of it in another source is hidden.
    HiddenElsewhere,
    /// A copy of it from another source was issued.
    IssuedElsewhere {
        number: i64,
    },
    /// A copy of it in another source stands for it.
    SeenElsewhere,
    TooYoung {
        age: Duration,
    },
    /// It fitted a section, at this rank, but the section was full.
    SectionFull {
        kind: SectionKind,
        rank: usize,
        max: usize,
    },
    /// It fitted a section that had room, but the edition was full.
    EditionFull {
        kind: SectionKind,
    },
    NoGain,
    /// As that, and on the first run it is not among the newest few either.
    BeyondLookBack,
    BelowFloor,
    /// Nothing speaks against it, but no section is for such a post.
    NoSection,
}

/// `이번 기간에 반응 4개와 댓글 1개가 늘어`, ready for what follows from it.
struct Because<'a>(&'a Scored);

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gain = self.0;
        f.write_str(match gain.basis {
            Basis::Window => "이번 기간에 ",
            Basis::Appeared => "올라온 뒤로 ",
            Basis::Lifetime => "앞선 관측이 없어 지금까지의 ",
        })?;
        match (gain.reactions, gain.comments) {
            (reactions, 0) => write!(f, "반응 {reactions}개")?,
            (0, comments) => write!(f, "댓글 {comments}개")?,
            (reactions, comments) => write!(f, "반응 {reactions}개와 댓글 {comments}개")?,
        }
        f.write_str(match gain.basis {
            Basis::Window => "가 늘어",
            Basis::Appeared => "가 생겨",
            Basis::Lifetime => "로 셈하여",
        })
    }
}

/// The sentence.
pub(super) fn sentence(reason: Reason, gain: &Scored, rules: &Rules) -> String {
    // Room for nearly all of them at once: an archive of 100,000 posts has as many sentences.
    let mut text = String::with_capacity(160);
    // Writing to a string cannot fail.
    let _ = write_sentence(&mut text, reason, gain, rules);
    text
}

fn write_sentence(out: &mut String, reason: Reason, gain: &Scored, rules: &Rules) -> fmt::Result {
    match reason {
        Reason::Picked { kind, place, looked_back, lead } => {
            write_place(out, kind, place, looked_back, gain, rules)?;
            out.write_str(match (lead, kind) {
                (Lead::Unmoved, SectionKind::Pinned) => "이에요.",
                (Lead::Unmoved, _) => "예요.",
                (Lead::Taken, _) => "인데 첫 글의 제목이 지난 호와 겹치지 않게 맨 앞에 두었어요.",
                (Lead::Given, SectionKind::Pinned) => {
                    "이지만 제목이 지난 호의 첫 글과 같아 맨 앞을 내주었어요."
                }
                (Lead::Given, _) => "지만 제목이 지난 호의 첫 글과 같아 맨 앞을 내주었어요.",
            })
        }
        Reason::Hidden => out.write_str("글을 숨겨 두었어요."),
        Reason::Missing => out.write_str("출처의 글 목록에서 사라졌어요."),
        Reason::Issued { number } => write!(out, "제{number}호에 이미 실렸어요."),
        Reason::HiddenElsewhere => out.write_str("다른 출처에 있는 같은 주소의 글을 숨겨 두었어요."),
        Reason::IssuedElsewhere { number } => {
            write!(out, "다른 출처에서 온 같은 주소의 글이 제{number}호에 이미 실렸어요.")
        }
        Reason::SeenElsewhere => {
            out.write_str("다른 출처에 주소가 같은 글이 있어 같은 글로 보고 한 번만 실어요.")
        }
        Reason::TooYoung { age } => write!(
            out,
            "올라온 지 {}분밖에 안 되어 {}분이 지날 때까지 기다려요.",
            age.num_minutes().max(0),
            rules.grace.num_minutes()
        ),
        Reason::SectionFull { kind: SectionKind::Pinned, max, .. } => {
            write!(
                out,
                "직접 고정해 두었지만 '{}' 자리 {max}개가 다 찼어요.",
                section_name(SectionKind::Pinned)
            )
        }
        Reason::SectionFull { kind: SectionKind::New, rank, max } => write!(
            out,
            "새 글이지만 최근에 올라온 순서로 {rank}번째라 '{}' 자리 {max}개에 들지 못했어요.",
            section_name(SectionKind::New)
        ),
        Reason::SectionFull { kind, rank, max } => {
            write!(
                out,
                "{} {rank}위지만 '{}' 자리 {max}개에 들지 못했어요.",
                Because(gain),
                section_name(kind)
            )
        }
        Reason::EditionFull { kind } => write!(
            out,
            "'{}'에 맞는 글이지만 한 호에 싣는 {}편이 먼저 찼어요.",
            section_name(kind),
            rules.max_posts
        ),
        Reason::NoGain => match gain.basis {
            Basis::Window => out.write_str("이번 기간에 늘어난 반응이나 댓글이 없어요."),
            Basis::Appeared => out.write_str("올라온 뒤로 반응이나 댓글이 아직 없어요."),
            Basis::Lifetime => out.write_str("지금까지 받은 반응이나 댓글이 없어요."),
        },
        Reason::BeyondLookBack => write!(
            out,
            "첫 호가 새 글로 보는 최근 글 {}편에 들지 않고 {} 반응이나 댓글도 없어요.",
            rules.look_back,
            if gain.basis == Basis::Lifetime { "지금까지 받은" } else { "그동안 늘어난" }
        ),
        Reason::BelowFloor => {
            write!(
                out,
                "{} 점수가 {:.3}이지만 기준 {:.3}보다 낮아요.",
                Because(gain),
                gain.score,
                rules.floor
            )
        }
        Reason::NoSection => out.write_str("이 다이제스트에는 이 글에 맞는 꼭지가 없어요."),
    }
}

/// What a chosen post is, as far as its last noun: `… 2번째`, `… 1위`, `… 글`.
fn write_place(
    out: &mut String,
    kind: SectionKind,
    place: usize,
    looked_back: bool,
    gain: &Scored,
    rules: &Rules,
) -> fmt::Result {
    match kind {
        SectionKind::Pinned => out.write_str("직접 고정해 둔 글"),
        SectionKind::New if looked_back => write!(
            out,
            "첫 호라 전부터 있던 글도 최근 {}편까지 새 글로 보았고 그중 {place}번째",
            rules.look_back
        ),
        SectionKind::New => write!(out, "아직 싣지 않은 새 글로, 최근에 올라온 순서로 {place}번째"),
        SectionKind::Top => write!(out, "{} '{}' {place}위", Because(gain), section_name(kind)),
        SectionKind::Late => {
            write!(out, "전부터 있던 글인데 {} '{}' {place}위", Because(gain), section_name(kind))
        }
    }
}
