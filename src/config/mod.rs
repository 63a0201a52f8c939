//! Effect: configuration: raw (serde, unknown keys refused) → checked (every fault at once, with file, line, key).
//!
//! `raw` is the file as a tree that knows its lines; `env` lays variables over it; `section` is the cursor with which
//! `checked` reads it key by key, so that one pass finds every fault (serde stops at the first); `report` shows them.
//!
//! Nothing below `cli` and `daemon` takes a [`Config`]; each room gets its own settings struct, which are the fields here.

mod checked;
mod env;
mod findings;
pub mod key;
pub mod new_file;
pub mod password;
mod private_file;
mod raw;
mod report;
mod section;
mod syntax;
pub mod templates;
mod value;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use url::Url;

use crate::compose::dkim::DkimSettings;
use crate::deliver::DeliverSettings;
use crate::model::network::Network;
use crate::model::{EmailAddress, Titles};
use crate::notify;
use crate::publish::{Digest, Masthead};
use crate::smtp::RelaySettings;
use crate::source::SourceSettings;
use crate::web::PrivacySettings;

use env::Environment;
use findings::Findings;
use value::Problem;

pub use env::variables;
pub(crate) use private_file::io_words;
pub(crate) use report::nearest;
pub use report::{ConfigFaults, Excerpt, Fault, Place, Spot};
pub use value::show_span;

/// A configuration in which everything was checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[newsletter]` and `[sender]`.
    pub masthead: Masthead,
    /// `[[source]]`, at least one.
    pub sources: Vec<SourceSettings>,
    /// `[[digest]]`, at least one.
    pub digests: Vec<Digest>,
    /// What readers call them.
    pub titles: Titles,
    /// `[smtp]`: the relay.
    pub relay: RelaySettings,
    /// `[smtp]`: how deliveries are worked off.
    pub deliver: DeliverSettings,
    /// `[dkim]`, where letters are signed here.
    pub dkim: Option<DkimSettings>,
    /// `[operator] email`: who is told by mail what needs a person.
    pub operator: Option<EmailAddress>,
    /// `[law]`.
    pub law: notify::Settings,
    /// `[web]`.
    pub web: WebSettings,
    /// `[admin]`.
    pub admin: AdminSettings,
    /// `[privacy]`.
    pub privacy: PrivacySettings,
    /// What personal links start with: `[web] public_url`; without it letters carry the mail address for unsubscribing only.
    pub links: Option<Url>,
    /// `[metrics] listen`: where figures are served, on this machine; nowhere without it.
    pub metrics: Option<SocketAddr>,
    /// `[store]`.
    pub store: StoreSettings,
    /// Folder whose files override the built-in templates; need not exist.
    pub templates: PathBuf,
    /// `[log]`.
    pub log: LogSettings,
    /// What is allowed but worth knowing: one Korean sentence each, with place and advice.
    pub warnings: Vec<String>,
}

/// `[web]`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSettings {
    /// Where the pages are served.
    pub listen: SocketAddr,
    /// How readers reach them; an http(s) address ending in `/`.
    pub public_url: Option<Url>,
    /// Whether one can sign up there.
    pub signup: bool,
    /// Mails to confirm a sign-up or a new address, in an hour, for all addresses together.
    pub confirmations_per_hour: u32,
    /// Proxies whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<Network>,
}

/// `[admin]`, checked: beyond this machine only with a password and over https.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdminSettings {
    /// Where the operator's page is served; nowhere without it.
    pub listen: Option<SocketAddr>,
    /// The file of the password's hash; none: no login, this machine only.
    pub password_hash_file: Option<PathBuf>,
    /// The https address at which a proxy passes the page on.
    pub public_url: Option<Url>,
}

/// `[store]`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// The SQLite file.
    pub path: PathBuf,
    /// The secret keys' file; by default the store's name with `.key` added.
    pub key_file: PathBuf,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[log]`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: tracing::Level,
    /// How lines look.
    pub format: LogFormat,
}

/// No configuration is larger.
const LARGEST: u64 = 1024 * 1024;

/// Why there is no configuration. Its text is the whole Korean report.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no such file.
    #[error(
        "설정 파일이 없어요: {}\n  → `moabom init`으로 만들거나 `--config 경로`로 알려 주세요. \
         설정 없이 먼저 보려면 `moabom demo`를 실행하세요",
        path.display()
    )]
    Missing {
        /// As asked for.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("설정 파일을 읽을 수 없어요: {}: {}\n  → 파일의 종류와 권한을 확인하세요", path.display(), private_file::io_words(cause))]
    Unreadable {
        /// As asked for.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It is wrong.
    #[error(transparent)]
    Faults(#[from] ConfigFaults),
}

impl ConfigError {
    /// Whether the operator's input is at fault (exit 2) rather than the machine (exit 1).
    pub fn is_misuse(&self) -> bool {
        match self {
            ConfigError::Unreadable { cause, .. } => cause.kind() == io::ErrorKind::IsADirectory,
            ConfigError::Missing { .. } | ConfigError::Faults(_) => true,
        }
    }
}

impl Config {
    /// Reads and checks the file at `path` under the environment `env` (see [`variables`]).
    pub fn load(path: &Path, env: impl Iterator<Item = (String, String)>) -> Result<Config, ConfigError> {
        let text = read(path)?;
        Ok(Config::parse(path, &text, env)?)
    }

    /// Checks `text`; `path` stands in the report only.
    pub fn parse(
        path: &Path,
        text: &str,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Config, ConfigFaults> {
        let environment = Environment::read(env);
        let (mut root, errors) = raw::parse(text);
        let mut findings = Findings::new(text, &root);
        for (index, (span, message)) in errors.iter().enumerate() {
            if syntax::is_repeated(message, &errors[..index]) {
                continue;
            }
            let (what, advice) = syntax::in_korean(message);
            findings.syntax(span, what, advice);
        }
        let syntax = findings.faults.len();
        findings.faults.extend(environment.lay_over(&mut root));
        for name in &environment.near_misses {
            let advice = "구역과 키 사이에 밑줄을 두 개 쓰세요. 예: `MOABOM__SMTP__HOST`";
            let place = Place::Variable(name.clone());
            findings.warning(place, String::new(), Problem::new("밑줄이 하나라서 읽지 않았어요", advice));
        }
        let config = checked::check(&mut findings, root, &environment);
        let warnings = findings.warnings(path);
        match config {
            Some(config) if findings.faults.is_empty() => Ok(Config { warnings, ..config }),
            _ => Err(findings.into_faults(path, syntax)),
        }
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    use io::Read;
    let unreadable = |cause: io::Error| match cause.kind() {
        io::ErrorKind::NotFound => ConfigError::Missing { path: path.to_owned() },
        _ => ConfigError::Unreadable { path: path.to_owned(), cause },
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(whole(path, "설정 파일이 1 MB를 넘어요", "다른 파일을 고른 것이 아닌지 확인하세요"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = valid.iter().filter(|b| **b == b'\n').count() + 1;
        whole(path, &format!("{line}행에 UTF-8이 아닌 글자가 있어요"), "편집기에서 UTF-8로 다시 저장하세요")
    })
}

/// A fault of the file as a whole.
fn whole(path: &Path, what: &str, advice: &str) -> ConfigError {
    let fault =
        Fault { place: Place::File, key: String::new(), problem: what.to_owned(), advice: advice.to_owned() };
    ConfigError::Faults(ConfigFaults { path: path.to_owned(), faults: vec![fault] })
}
