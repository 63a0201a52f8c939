//! Effect: `[smtp]`: the relay and its login; the password comes from a variable, a file or systemd, never from the text.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::super::env::Environment;
use super::super::private_file::{PrivateFileError, Readers, io_words, read as read_private};
use super::super::section::Section;
use super::super::value::{Problem, choice, count, emails, exact, host, integer, is_loopback, number, path};
use crate::model::EmailAddress;
use crate::smtp::{Login, RelaySettings, Timeouts, TlsMode};
use crate::store::deliveries::UnknownPolicy;

/// The credential's name: `LoadCredential=smtp-password:…` in the unit.
const CREDENTIAL: &str = "smtp-password";
const PASSWORD: &str = "이 줄을 지우고 환경 변수 `MOABOM__SMTP__PASSWORD`, `password_file = \"경로\"`, \
    systemd의 `LoadCredential=smtp-password:경로` 가운데 하나로 주세요";

/// `[smtp]`, checked.
pub(super) struct Smtp {
    pub(super) relay: RelaySettings,
    pub(super) unknown: UnknownPolicy,
    pub(super) per_destination_second: Option<f64>,
    pub(super) per_hour: Option<u64>,
    pub(super) per_day: Option<u64>,
    pub(super) seeds: Vec<EmailAddress>,
}

pub(super) fn read(mut section: Section<'_, '_>, environment: &Environment) -> Option<Smtp> {
    let host =
        section.required("host", host, "메일을 맡길 SMTP 서버를 적으세요. 예: `host = \"smtp.example.com\"`");
    let port = section.required(
        "port",
        integer(1..=65_535),
        "포트를 적으세요. STARTTLS는 보통 587, 처음부터 TLS면 465예요",
    );
    let tls = tls(&mut section, host.as_deref(), port);
    let login = login(&mut section, environment);
    let ca_file = section.optional("ca_file", path);
    if let Some(file) = ca_file.as_deref().filter(|file| !file.is_file()) {
        let what = format!("인증서 파일이 없어요: {}", file.display());
        section.fault("ca_file", Problem::new(what, "경로를 확인하거나 이 줄을 지우세요"));
    }
    let rate = || number(0.01..=10_000.0);
    let hello = section.optional("hello", super::super::value::host);
    let connections = section.or("connections", count(1..=100), 4);
    let messages_per_connection = section.or("messages_per_connection", count(1..=10_000), 100);
    let per_second = section.optional("per_second", rate());
    let per_destination_second = section.optional("per_destination_second", rate());
    let quota = || integer(1..=100_000_000);
    let per_hour = section.optional("per_hour", quota()).and_then(|limit| u64::try_from(limit).ok());
    let per_day = section.optional("per_day", quota()).and_then(|limit| u64::try_from(limit).ok());
    let seeds = section.or("seeds", emails, vec![]);
    let policies = [("retry-once", UnknownPolicy::RetryOnce), ("hold", UnknownPolicy::Hold)];
    let unknown = section.or("unknown", choice(&policies), UnknownPolicy::default());
    section.finish();
    let relay = RelaySettings {
        host: host?,
        port: u16::try_from(port?).ok()?,
        tls,
        ca_file,
        login,
        hello,
        connections,
        messages_per_connection,
        per_second,
        timeouts: Timeouts::default(),
    };
    Some(Smtp { relay, unknown, per_destination_second, per_hour, per_day, seeds })
}

fn tls(section: &mut Section<'_, '_>, host: Option<&str>, port: Option<i64>) -> TlsMode {
    let words = [("starttls", TlsMode::StartTls), ("implicit", TlsMode::Implicit), ("none", TlsMode::None)];
    let tls = section.or("tls", choice(&words), TlsMode::StartTls);
    match (tls, port) {
        (TlsMode::None, _) if host.is_some_and(|host| !is_loopback(host)) => section.fault(
            "tls",
            Problem::new(
                "`none`은 이 기기(localhost, 127.0.0.1, ::1)의 SMTP 서버에만 쓸 수 있어요",
                "암호화 없이 편지와 비밀번호를 보내지 않도록 `starttls`나 `implicit`으로 바꾸세요",
            ),
        ),
        (TlsMode::StartTls, Some(465)) => {
            section.warning(
                "port",
                "465번은 보통 처음부터 TLS로 말해요",
                "연결되지 않으면 `tls = \"implicit\"`으로 바꾸세요",
            );
        }
        (TlsMode::Implicit, Some(25 | 587)) => {
            section.warning(
                "port",
                "25번과 587번은 보통 STARTTLS로 말해요",
                "연결되지 않으면 `tls = \"starttls\"`로 바꾸세요",
            );
        }
        _ => {}
    }
    tls
}

fn login(section: &mut Section<'_, '_>, environment: &Environment) -> Option<Login> {
    let user = section.optional("user", exact);
    let wrong_user = user.is_none() && section.has("user");
    let given = section.secret("password", PASSWORD).map(SecretString::from);
    let refused = given.is_none() && section.has("password");
    let file = section.optional("password_file", path);
    let wrong_file = file.is_none() && section.has("password_file");
    let credential = environment.credentials.as_deref().map(|folder| Path::new(folder).join(CREDENTIAL));
    let password = match (given, &file, credential) {
        (Some(given), ..) => password(section, "password", &given),
        (None, Some(file), _) => password_of(section, file),
        (None, None, Some(file)) if user.is_some() && file.exists() => password_of(section, &file),
        _ if user.is_some() && !refused && !wrong_file => {
            section.fault("user", Problem::new("user가 있는데 비밀번호가 없어요", PASSWORD_NEEDED));
            None
        }
        _ => None,
    };
    if password.is_some() && user.is_none() && !wrong_user {
        let key = if file.is_some() { "password_file" } else { "password" };
        section.fault(
            key,
            Problem::new("비밀번호가 있는데 user가 없어요", "`user`를 적거나 비밀번호를 지우세요"),
        );
    }
    Some(Login { user: user?, password: password? })
}

const PASSWORD_NEEDED: &str = "환경 변수 `MOABOM__SMTP__PASSWORD`, `password_file = \"경로\"`, \
    systemd의 `LoadCredential=smtp-password:경로` 가운데 하나로 주거나, 로그인이 없는 서버면 user를 지우세요";

fn password_of(section: &mut Section<'_, '_>, file: &Path) -> Option<SecretString> {
    match read_private(file, Readers::OwnerAndGroup) {
        Ok(text) => password(section, "password_file", &text),
        Err(error) => {
            let problem = private_problem("비밀번호 파일", file, &error);
            section.fault("password_file", problem);
            None
        }
    }
}

/// The password of a text: one line, its line end aside.
fn password(section: &mut Section<'_, '_>, key: &str, text: &SecretString) -> Option<SecretString> {
    let text = text.expose_secret();
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let what = if line.is_empty() {
        "비밀번호가 비어 있어요"
    } else if line.contains(['\n', '\r', '\0']) {
        "비밀번호가 여러 줄이에요"
    } else {
        return Some(line.to_owned().into());
    };
    section.fault(key, Problem::new(what, "비밀번호 한 줄만 넣으세요"));
    None
}

/// What is wrong with a secret's file, and what to do; nothing of what it holds.
pub(super) fn private_problem(what: &str, file: &Path, error: &PrivateFileError) -> Problem {
    let shown = file.display();
    match error {
        PrivateFileError::Io(error) => Problem::new(
            format!("{what} {shown}: {}", io_words(error)),
            "경로와 권한을 확인하세요. 경로는 moabom을 시작하는 폴더에서 본 것이에요",
        ),
        PrivateFileError::Open { .. } => Problem::new(
            format!("{what} {shown}: {error}"),
            format!("주인만 읽게 바꾸세요: `chmod 600 {shown}`"),
        ),
        PrivateFileError::NotText => Problem::new(format!("{what} {shown}: {error}"), "경로를 확인하세요"),
    }
}
