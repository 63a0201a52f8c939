//! Effect: what became of a digest, as `moabom publish` prints it.

use chrono_tz::Tz;

use super::preview::minute;
use crate::publish::Outcome;

/// One line for the operator; times in `zone`.
pub fn outcome_line(outcome: &Outcome, zone: Tz) -> String {
    match outcome {
        Outcome::Published { digest, number, recipients, slot_at, late, .. } => {
            let late = if *late {
                format!(" 놓친 예정 시각({})의 것이에요.", minute(*slot_at, zone))
            } else {
                String::new()
            };
            format!("{digest} 제{number}호를 발행했어요. 받을 사람은 {recipients}명이에요.{late}")
        }
        Outcome::Skipped { digest, slot_at, reason } => {
            format!("{digest} {} 건너뜀: {reason}", minute(*slot_at, zone))
        }
        Outcome::Already { digest, edition, number: Some(number) } => {
            format!("{digest}: 이 예정 시각은 제{number}호(id {edition})로 이미 발행했어요.")
        }
        Outcome::Already { digest, edition, number: None } => {
            format!(
                "{digest}: 이 예정 시각은 이미 건너뛰었어요(id {edition}). 까닭은 `editions show {edition}`에 있어요."
            )
        }
        Outcome::NotDue { digest, next: Some(next) } => {
            format!("{digest}: 아직 발행할 때가 아니에요. 다음 예정 시각은 {}예요.", minute(*next, zone))
        }
        Outcome::NotDue { digest, next: None } => format!("{digest}: 앞으로 예정된 시각이 없어요."),
        Outcome::Failed { digest, error } => format!("{digest}: {error}"),
    }
}
