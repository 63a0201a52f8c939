//! Pure: how far a session with the relay came, without a letter in it.

use super::Finding;
use crate::model::delivery::Stage;
use crate::model::reply::{Cause, Reply, TlsFault};

const TOPIC: &str = "릴레이";
const WHY: &str = "이 서버에 맡기지 못하면 편지가 한 통도 나가지 않아요.";

/// The relay as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `[smtp] host`.
    pub host: String,
    /// `[smtp] port`.
    pub port: u16,
    /// Letters leave this machine in clear: `tls = "none"`.
    pub plain: bool,
    /// Whether there is a login.
    pub has_login: bool,
}

/// Where a session stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// At which stage.
    pub stage: Stage,
    /// What kind of failure.
    pub cause: Cause,
    /// What the relay said.
    pub reply: Option<Reply>,
    /// Why the handshake failed, where one was tried.
    pub tls: Option<TlsFault>,
}

/// Judges a session that came to its end (`Ok`) or stopped.
pub fn judge(target: &Target, outcome: &Result<(), Stop>) -> Finding {
    let at = format!("{}:{}", target.host, target.port);
    let stop = match outcome {
        Ok(()) => return Finding::good(TOPIC, at, reached(target)),
        Err(stop) => stop,
    };
    let said = match &stop.reply {
        Some(reply) => format!(" 릴레이의 답: {reply}"),
        None => String::new(),
    };
    let (found, advice, line) = explained(target, stop);
    let finding = Finding::mend(TOPIC, at, format!("{found}{said}")).because(WHY).advise(advice);
    match line {
        Some(line) => finding.set(line),
        None => finding,
    }
}

fn reached(target: &Target) -> &'static str {
    match (target.plain, target.has_login) {
        (true, false) => "연결돼요. 이 기기의 서버라 암호화와 로그인 없이 맡겨요. 편지는 보내지 않았어요.",
        (true, true) => {
            "연결과 로그인이 돼요. 이 기기의 서버라 암호화는 하지 않아요. 편지는 보내지 않았어요."
        }
        (false, false) => "연결과 암호화(TLS)가 돼요. 로그인은 설정되어 있지 않아요. 편지는 보내지 않았어요.",
        (false, true) => "연결, 암호화(TLS), 로그인이 모두 돼요. 편지는 보내지 않았어요.",
    }
}

type Words = (String, String, Option<String>);

/// What is the case, what to do, and the line to set.
fn explained(target: &Target, stop: &Stop) -> Words {
    let words = |found: &str, advice: &str, line: Option<&str>| {
        (found.to_owned(), advice.to_owned(), line.map(str::to_owned))
    };
    match (stop.stage, stop.cause) {
        (stage, Cause::Timeout) => silent(target, stage),
        (Stage::Connect, Cause::Io) => words(
            "연결되지 않아요.",
            "[smtp]의 host와 port를 확인하고, 인터넷 연결과 메일 서버가 살아 있는지 보세요.",
            None,
        ),
        (Stage::Connect | Stage::Ehlo, Cause::Protocol | Cause::Io) => words(
            "SMTP 인사를 들을 수 없었어요.",
            "그 포트가 처음부터 TLS로 말하면(보통 465) tls를 implicit으로 바꾸세요. 아니면 포트를 확인하세요.",
            Some("tls = \"implicit\""),
        ),
        (Stage::Connect | Stage::Ehlo, _) => words(
            "연결은 되지만 릴레이가 이 기기를 거절해요.",
            "릴레이 회사에 이 서버의 IP를 허용해 두었는지, 그 IP가 차단 목록에 있는지, [smtp] hello가 맞는지 확인하세요.",
            None,
        ),
        (Stage::Tls, _) => handshake(target, stop),
        (Stage::Auth, Cause::Unsupported) => words(
            "릴레이가 쓸 수 있는 로그인 방식(PLAIN, LOGIN)을 알리지 않아요.",
            "tls가 켜져 있는지, 로그인을 받는 포트(587, 465)인지 확인하세요. 로그인이 없는 서버면 user를 지우세요.",
            None,
        ),
        (Stage::Auth, Cause::Refused) if stop.reply.as_ref().is_some_and(Reply::is_permanent) => words(
            "로그인이 거절됐어요.",
            "[smtp]의 user와 비밀번호를 확인하세요. 2단계 인증을 쓰는 계정은 앱 비밀번호를 새로 만들어야 해요.",
            None,
        ),
        (stage, _) => words(
            &format!("{} 단계에서 멈췄어요.", stage_word(stage)),
            "릴레이의 답을 보고 [smtp] 설정을 확인하거나 몇 분 뒤에 다시 해 보세요.",
            None,
        ),
    }
}

/// No answer in time: another way to speak, or a port that is shut.
fn silent(target: &Target, stage: Stage) -> Words {
    let found = format!("{} 단계에서 정해진 시간 안에 답이 없었어요.", stage_word(stage));
    let advice = "[smtp]의 host와 port를 확인하고, 방화벽이나 통신사가 그 포트를 막는지 보세요.";
    match target.port {
        465 => (
            found,
            format!("{advice} 465번은 처음부터 TLS로 말하니 tls가 implicit이어야 해요."),
            Some("tls = \"implicit\"".to_owned()),
        ),
        25 => (found, format!("{advice} 25번은 막힌 곳이 많아요."), Some("port = 587".to_owned())),
        _ => (found, advice.to_owned(), None),
    }
}

fn handshake(target: &Target, stop: &Stop) -> Words {
    let host = &target.host;
    let words = |found: &str, advice: String, line: Option<String>| (found.to_owned(), advice, line);
    match stop.tls {
        Some(TlsFault::Expired) => words(
            "릴레이의 인증서 기한이 지났어요.",
            format!("{host}의 관리자에게 알리거나, 내 서버면 인증서를 새로 받으세요. 이 기기의 시계도 확인하세요."),
            None,
        ),
        Some(TlsFault::NotYet) => words(
            "릴레이의 인증서가 아직 유효하지 않아요.",
            "이 기기의 시계가 늦지 않은지 먼저 확인하세요.".to_owned(),
            None,
        ),
        Some(TlsFault::Name) => words(
            &format!("릴레이의 인증서가 {host}의 것이 아니에요."),
            "[smtp] host를 릴레이 회사가 안내하는 이름 그대로 적으세요. IP 주소로는 맞지 않는 곳이 많아요.".to_owned(),
            Some("host = \"인증서에_적힌_이름\"".to_owned()),
        ),
        Some(TlsFault::Untrusted) => words(
            "릴레이의 인증서를 믿을 수 없어요. 스스로 서명했거나 모르는 기관이 발급했어요.",
            "내 서버면 그 인증서(또는 발급 기관의 인증서)를 파일로 두고 ca_file에 적으세요. 회사의 릴레이면 host를 확인하세요."
                .to_owned(),
            Some("ca_file = \"config/relay-ca.pem\"".to_owned()),
        ),
        Some(TlsFault::Other) => words(
            "안전한 연결(TLS)을 맺지 못했어요.",
            "tls와 port가 서로 맞는지 확인하세요. 587은 보통 starttls, 465는 implicit이에요.".to_owned(),
            None,
        ),
        None if stop.reply.is_some() => words(
            "릴레이가 STARTTLS를 거절했어요.",
            "처음부터 TLS로 말하는 포트(465)가 있으면 그것을 쓰세요.".to_owned(),
            Some("tls = \"implicit\"".to_owned()),
        ),
        None => words(
            "릴레이가 STARTTLS를 알리지 않아 비밀번호를 보내지 않고 멈췄어요.",
            "처음부터 TLS로 말하는 포트(465)면 tls를 implicit으로 바꾸고, 아니면 릴레이의 TLS를 켜세요.".to_owned(),
            Some("tls = \"implicit\"".to_owned()),
        ),
    }
}

fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => "연결",
        Stage::Ehlo => "인사(EHLO)",
        Stage::Tls => "TLS",
        Stage::Auth => "로그인(AUTH)",
        _ => "편지",
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn every_stop_has_a_fault_and_a_remedy() {
        let target = Target { host: "smtp.x.com".into(), port: 587, plain: false, has_login: true };
        assert_eq!(judge(&target, &Ok(())).state, State::Good);
        let causes =
            [Cause::Refused, Cause::Io, Cause::Timeout, Cause::Protocol, Cause::Tls, Cause::Unsupported];
        let faults =
            [TlsFault::Expired, TlsFault::NotYet, TlsFault::Name, TlsFault::Untrusted, TlsFault::Other];
        for stage in [Stage::Connect, Stage::Ehlo, Stage::Tls, Stage::Auth] {
            for cause in causes {
                for tls in faults.map(Some).into_iter().chain([None]) {
                    let stop = Stop { stage, cause, reply: None, tls };
                    let finding = judge(&target, &Err(stop));
                    assert_eq!(finding.state, State::Mend);
                    assert!(!finding.found.is_empty() && !finding.advice.is_empty(), "{finding:?}");
                }
            }
        }
    }
}
