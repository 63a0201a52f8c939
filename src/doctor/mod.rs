//! Pure: what a look at the set-up saw → findings, each with its reason and its remedy. The looking itself is the caller's.

pub mod dkim;
pub mod dmarc;
pub mod place;
pub mod relay;
pub mod sender;
pub mod spf;
pub mod web;

use serde::Serialize;

/// How urgent a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Good,
    /// Worth a look by a person; or it could not be seen.
    Look,
    /// Letters are lost or refused, or readers harmed, while it stays so.
    Mend,
}

impl State {
    /// For the operator.
    pub fn korean(self) -> &'static str {
        match self {
            State::Good => "좋아요",
            State::Look => "살펴봐 주세요",
            State::Mend => "고쳐야 해요",
        }
    }
}

/// What one look found. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How urgent.
    pub state: State,
    /// The subject in a word or two: `SPF`.
    pub topic: &'static str,
    /// What was looked at: a file, a name, an address.
    pub looked_at: String,
    /// What is the case, in Korean.
    pub found: String,
    /// Why it matters; empty where all is well.
    pub why: String,
    /// What to do; empty where all is well.
    pub advice: String,
    /// A record, line or command to use as it is.
    pub set: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn good(topic: &'static str, looked_at: impl Into<String>, found: impl Into<String>) -> Finding {
        Finding {
            state: State::Good,
            topic,
            looked_at: looked_at.into(),
            found: found.into(),
            why: String::new(),
            advice: String::new(),
            set: None,
        }
    }

    /// Something to look at; `why` and `advice` are sentences.
    pub fn look(topic: &'static str, looked_at: impl Into<String>, found: impl Into<String>) -> Finding {
        Finding { state: State::Look, ..Finding::good(topic, looked_at, found) }
    }

    /// Something to mend.
    pub fn mend(topic: &'static str, looked_at: impl Into<String>, found: impl Into<String>) -> Finding {
        Finding { state: State::Mend, ..Finding::good(topic, looked_at, found) }
    }

    /// With the reason why it matters.
    pub fn because(mut self, why: impl Into<String>) -> Finding {
        self.why = why.into();
        self
    }

    /// With what to do.
    pub fn advise(mut self, advice: impl Into<String>) -> Finding {
        self.advice = advice.into();
        self
    }

    /// With what can be set as it is.
    pub fn set(mut self, line: impl Into<String>) -> Finding {
        self.set = Some(line.into());
        self
    }
}

/// What a name server said of one name and kind of record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// The records; none where the name or the kind does not exist.
    Records(Vec<T>),
    /// No answer: why, in Korean.
    Unknown(String),
}

impl<T> Answer<T> {
    /// The records, or that the look could not be made.
    pub fn records(&self, topic: &'static str, looked_at: &str) -> Result<&[T], Box<Finding>> {
        match self {
            Answer::Records(records) => Ok(records),
            Answer::Unknown(cause) => Err(Box::new(unseen(topic, looked_at, cause))),
        }
    }
}

/// A look at DNS that could not be made.
fn unseen(topic: &'static str, looked_at: &str, cause: &str) -> Finding {
    Finding::look(topic, looked_at, format!("DNS에 물었지만 확인하지 못했어요: {cause}"))
        .because("답을 듣지 못했을 뿐, 레코드가 잘못되었다는 뜻은 아니에요.")
        .advise("인터넷 연결을 확인하거나 `--resolver 1.1.1.1:53`처럼 다른 DNS 서버에 다시 물어보세요.")
}

/// A TXT record as a line of a zone file.
fn txt_line(name: &str, text: &str) -> String {
    format!("{name}. IN TXT \"{text}\"")
}

/// The tags of a `v=…; k=v; …` record (RFC 6376 section 3.2), names in lower case, in order.
fn tags(record: &str) -> Vec<(String, String)> {
    let parts = record.split(';').filter_map(|part| part.split_once('='));
    parts.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect()
}

/// A tag's value.
fn tag<'a>(tags: &'a [(String, String)], name: &str) -> Option<&'a str> {
    tags.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
