//! Pure: one Korean sentence on why a candidate is in or out. Each says the rule that decided, with its numbers.

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

/// Why a candidate is in or out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reason {
    /// In, at this place (from 1) of a section.
    Picked {
        kind: SectionKind,
        place: usize,
        looked_back: bool,
    },
    Hidden,
    Missing,
    Issued {
        number: i64,
    },
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
    BelowFloor,
    /// Nothing speaks against it, but no section is for such a post.
    NoSection,
}

/// `반응 4개와 댓글 1개`, or nothing where nothing was gained.
fn counts(gain: &Scored) -> Option<String> {
    match (gain.reactions, gain.comments) {
        (0, 0) => None,
        (reactions, 0) => Some(format!("반응 {reactions}개")),
        (0, comments) => Some(format!("댓글 {comments}개")),
        (reactions, comments) => Some(format!("반응 {reactions}개와 댓글 {comments}개")),
    }
}

/// `이번 기간에 반응 4개와 댓글 1개가 늘어`, ready for what follows from it.
fn because(gain: &Scored) -> String {
    let Some(counts) = counts(gain) else { return "늘어난 반응은 없지만".to_owned() };
    match gain.basis {
        Basis::Window => format!("이번 기간에 {counts}가 늘어"),
        Basis::Appeared => format!("올라온 뒤로 {counts}가 생겨"),
        Basis::Lifetime => format!("앞선 관측이 없어 지금까지의 {counts}로 셈하여"),
    }
}

/// The sentence.
pub(super) fn sentence(reason: Reason, gain: &Scored, rules: &Rules) -> String {
    match reason {
        Reason::Picked { kind: SectionKind::Pinned, .. } => "직접 고정해 둔 글이에요.".to_owned(),
        Reason::Picked { kind: SectionKind::New, place, looked_back: true } => {
            format!("첫 호라 가장 최근 글 {}편까지를 새 글로 보았고 그중 {place}번째예요.", rules.look_back)
        }
        Reason::Picked { kind: SectionKind::New, place, looked_back: false } => {
            format!("아직 싣지 않은 새 글로, 최근에 올라온 순서로 {place}번째예요.")
        }
        Reason::Picked { kind: SectionKind::Top, place, .. } => {
            format!("{} '{}' {place}위예요.", because(gain), section_name(SectionKind::Top))
        }
        Reason::Picked { kind: SectionKind::Late, place, .. } => {
            format!(
                "전부터 있던 글인데 {} '{}' {place}위예요.",
                because(gain),
                section_name(SectionKind::Late)
            )
        }
        Reason::Hidden => "글을 숨겨 두었어요.".to_owned(),
        Reason::Missing => "출처의 글 목록에서 사라졌어요.".to_owned(),
        Reason::Issued { number } => format!("제{number}호에 이미 실렸어요."),
        Reason::TooYoung { age } => format!(
            "올라온 지 {}분밖에 안 되어 {}분이 지날 때까지 기다려요.",
            age.num_minutes().max(0),
            rules.grace.num_minutes()
        ),
        Reason::SectionFull { kind: SectionKind::Pinned, max, .. } => {
            format!("직접 고정해 두었지만 '{}' 자리 {max}개가 다 찼어요.", section_name(SectionKind::Pinned))
        }
        Reason::SectionFull { kind: SectionKind::New, rank, max } => format!(
            "새 글이지만 최근에 올라온 순서로 {rank}번째라 '{}' 자리 {max}개에 들지 못했어요.",
            section_name(SectionKind::New)
        ),
        Reason::SectionFull { kind, rank, max } => {
            format!("{} {rank}위지만 '{}' 자리 {max}개에 들지 못했어요.", because(gain), section_name(kind))
        }
        Reason::EditionFull { kind } => format!(
            "'{}'에 맞는 글이지만 한 호에 싣는 {}편이 먼저 찼어요.",
            section_name(kind),
            rules.max_posts
        ),
        Reason::NoGain => match gain.basis {
            Basis::Window => "이번 기간에 늘어난 반응이나 댓글이 없어요.".to_owned(),
            Basis::Appeared => "올라온 뒤로 반응이나 댓글이 아직 없어요.".to_owned(),
            Basis::Lifetime => "새 글이 아니고 지금까지 받은 반응이나 댓글도 없어요.".to_owned(),
        },
        Reason::BelowFloor => {
            format!("{} 점수가 {:.3}이지만 기준 {:.3}보다 낮아요.", because(gain), gain.score, rules.floor)
        }
        Reason::NoSection => "이 다이제스트에는 이 글에 맞는 꼭지가 없어요.".to_owned(),
    }
}
