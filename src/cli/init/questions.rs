//! Effect: what `moabom init` must know, in the order in which it asks.

use super::InitArgs;

/// A value to be had: its flag, its key in the file, how it is asked for, and a sound one that stands in while another
/// is checked.
pub(super) struct Question {
    pub(super) flag: &'static str,
    pub(super) key: &'static str,
    pub(super) ask: &'static str,
    pub(super) sound: &'static str,
    pub(super) flagged: fn(&InitArgs) -> Option<&String>,
    pub(super) when: When,
}

/// When a value must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Always,
    Advertising,
    /// Asked for, and may be left empty.
    Perhaps,
    /// Taken from its flag only.
    Flag,
}

macro_rules! question {
    ($when:ident, $flag:literal, $key:literal, $field:ident, $ask:literal, $sound:literal) => {
        Question {
            flag: $flag,
            key: $key,
            ask: $ask,
            sound: $sound,
            flagged: |args| args.$field.as_ref(),
            when: When::$when,
        }
    };
}

/// In the order in which they are asked.
pub(super) static QUESTIONS: [Question; 15] = [
    question!(Always, "--title", "newsletter.title", title, "뉴스레터의 이름", "봄날의 노트"),
    question!(Always, "--home", "newsletter.home", home, "블로그의 주소", "https://blog.example/"),
    question!(
        Always,
        "--advertising",
        "newsletter.advertising",
        advertising,
        "영리 목적의 광고 편지인가요?",
        "false"
    ),
    question!(Always, "--sender-name", "sender.name", sender_name, "보내는 이의 이름", "봄날"),
    question!(
        Always,
        "--sender-email",
        "sender.email",
        sender_email,
        "보내는 메일 주소",
        "hello@blog.example"
    ),
    question!(
        Advertising,
        "--sender-phone",
        "sender.phone",
        sender_phone,
        "보내는 이의 전화번호",
        "02-000-0000"
    ),
    question!(
        Advertising,
        "--sender-address",
        "sender.address",
        sender_address,
        "보내는 이의 우편 주소",
        "서울"
    ),
    question!(
        Always,
        "--source",
        "source[0].location",
        source,
        "글 목록이나 피드(RSS, Atom)의 웹 주소나 파일",
        "list.txt"
    ),
    question!(
        Perhaps,
        "--schedule",
        "digest[0].schedule",
        schedule,
        "보낼 때(분 시 일 월 요일)",
        "0 9 * * MON"
    ),
    question!(Always, "--smtp-host", "smtp.host", smtp_host, "메일을 맡길 SMTP 서버", "127.0.0.1"),
    question!(Always, "--smtp-port", "smtp.port", smtp_port, "SMTP 포트", "587"),
    question!(Flag, "--smtp-tls", "smtp.tls", smtp_tls, "암호화", "starttls"),
    question!(Perhaps, "--smtp-user", "smtp.user", smtp_user, "SMTP 로그인 이름(없으면 빈칸)", "hello"),
    question!(
        Flag,
        "--smtp-password-file",
        "smtp.password_file",
        smtp_password_file,
        "비밀번호 파일",
        "password"
    ),
    question!(
        Perhaps,
        "--public-url",
        "web.public_url",
        public_url,
        "독자가 열 이 서버의 주소(광고가 아니면 빈칸도 돼요)",
        "https://a.example/"
    ),
];
