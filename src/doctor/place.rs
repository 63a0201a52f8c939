//! Pure: the machine: room on the disk, who may send from the store, and the time of day.

use chrono::Duration;

use super::Finding;
use crate::clock::Instant;
use crate::schedule::span;

/// Under this an edition to a few thousand readers and the database's log may not fit.
const TIGHT: u64 = 200 * 1024 * 1024;
/// A worry, not yet a fault.
const SCARCE: u64 = 1024 * 1024 * 1024;
const MIB: u64 = 1024 * 1024;

/// Room left where the store lies, in bytes.
pub fn room(folder: &str, free: u64) -> Finding {
    const TOPIC: &str = "디스크";
    const WHY: &str = "남은 공간이 없으면 장부를 적지 못해 발송을 멈춰요.";
    let shown = if free >= SCARCE { format!("{} GB", free / SCARCE) } else { format!("{} MB", free / MIB) };
    let found = format!("{shown} 남았어요.");
    match free {
        free if free < TIGHT => Finding::mend(TOPIC, folder, found),
        free if free < SCARCE => Finding::look(TOPIC, folder, found),
        _ => return Finding::good(TOPIC, folder, found),
    }
    .because(WHY)
    .advise("쓰지 않는 파일을 지우거나 [store] path를 넓은 디스크로 옮기세요.")
}

/// Whether the store may send from here: `claimed` is the place that has the right, `here` this one.
pub fn right_to_send(store: &str, claimed: Option<&str>, here: &str) -> Option<Finding> {
    let path = |place: &str| place.split_once(' ').map_or(place.to_owned(), |(_, path)| path.to_owned());
    let other = claimed.filter(|claimed| *claimed != here)?;
    let finding = Finding::mend(
        "저장소",
        store,
        format!("{}에서 보내던 저장소를 옮기거나 복사한 것이라 여기서는 보내지 않아요.", path(other)),
    )
    .because("두 곳에서 같은 편지가 나가면 독자가 두 번 받아요.")
    .advise("그쪽이 더 보내지 않는 것을 확인하고 아래 명령을 실행하세요.")
    .set("moabom adopt");
    Some(finding)
}

const TOPIC: &str = "시계";
const SET: &str = "timedatectl set-ntp true";

/// A clock elsewhere.
pub struct Elsewhere {
    /// The host asked.
    pub host: String,
    /// What it told; none where it tells no time. An error says in Korean why it could not be asked.
    pub time: Result<Option<Instant>, String>,
}

/// This machine's time against the last thing recorded, and against a server's where one told it.
pub fn time(now: Instant, last_record: Option<Instant>, elsewhere: &Elsewhere) -> Vec<Finding> {
    let mut findings = Vec::new();
    // As the schedule does: a little is a step of the clock, more would repeat or lose slots.
    if let Some(last) = last_record.filter(|last| *last - now > Duration::hours(1)) {
        let found = format!("이 기기의 시계가 장부의 마지막 기록보다 {} 늦어요.", span(last - now));
        findings.push(
            Finding::mend(TOPIC, "장부의 마지막 기록", found)
                .because("시계가 뒤로 가 있으면 발행할 때를 알 수 없어 발행을 멈춰요.")
                .advise("시계를 맞추세요. 시계가 앞섰을 때 읽고 건너뛴 기록은 저절로 바로잡지만, 그때 발행까지 했다면 그 시각까지 기다리거나 백업에서 되살리세요.")
                .set(SET),
        );
    }
    let host = elsewhere.host.clone();
    match &elsewhere.time {
        Ok(Some(there)) => findings.push(against(host, now - *there)),
        Ok(None) => {}
        Err(cause) => findings.push(
            Finding::look(
                TOPIC,
                host,
                format!("블로그의 서버에 물어 시계를 견주려 했지만 읽지 못했어요: {cause}"),
            )
            .because("시계가 틀리면 편지의 날짜와 발행 시각이 어긋나요.")
            .advise("인터넷 연결과 [newsletter] home의 주소를 확인하세요."),
        ),
    }
    if findings.is_empty() {
        findings.push(Finding::good(
            TOPIC,
            "장부의 마지막 기록",
            "시계가 장부의 기록보다 뒤로 가 있지 않아요.",
        ));
    }
    findings
}

/// The distance from another's time; small ones are the network's.
fn against(host: String, off: Duration) -> Finding {
    let found = match off > Duration::zero() {
        true => format!("이 기기의 시계가 {} 빨라요.", span(off)),
        false => format!("이 기기의 시계가 {} 늦어요.", span(-off)),
    };
    let finding = match off.abs() {
        off if off < Duration::minutes(2) => return Finding::good(TOPIC, host, "다른 서버의 시계와 맞아요."),
        off if off < Duration::minutes(30) => Finding::look(TOPIC, host, found),
        _ => Finding::mend(TOPIC, host, found),
    };
    finding
        .because("편지의 날짜와 발행 시각이 어긋나고, 많이 어긋나면 인증서와 서명도 틀린 것으로 보여요.")
        .advise("시계를 맞추세요.")
        .set(SET)
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use crate::clock::from_millis;

    #[test]
    fn little_room_is_told_before_there_is_none() {
        let state = |free| room("/data", free).state;
        assert_eq!(
            (state(5 << 30), state(500 << 20), state(10 << 20)),
            (State::Good, State::Look, State::Mend)
        );
    }

    #[test]
    fn a_copy_names_the_place_that_sent_before() {
        assert_eq!(right_to_send("s", None, "m /a"), None);
        assert_eq!(right_to_send("s", Some("m /a"), "m /a"), None);
        let finding = right_to_send("s", Some("m /old/s"), "m /a").expect("a copy");
        assert!(finding.state == State::Mend && finding.found.starts_with("/old/s"));
    }

    #[test]
    fn a_clock_is_judged_by_what_is_recorded_and_by_another() {
        let now = from_millis(1_700_000_000_000);
        let states = |last: Option<i64>, there: Option<i64>| {
            let last = last.map(|minutes| now + Duration::minutes(minutes));
            let there = there.map(|minutes| now + Duration::minutes(minutes));
            time(now, last, &Elsewhere { host: "x.com".to_owned(), time: Ok(there) })
                .iter()
                .map(|finding| finding.state)
                .collect::<Vec<_>>()
        };
        assert_eq!(states(Some(30), None), [State::Good]);
        assert_eq!(states(Some(61), None), [State::Mend]);
        assert_eq!(states(None, Some(1)), [State::Good]);
        assert_eq!(states(None, Some(-10)), [State::Look]);
        assert_eq!(states(None, Some(90)), [State::Mend]);
        assert_eq!(states(Some(120), Some(120)), [State::Mend, State::Mend]);
    }
}
