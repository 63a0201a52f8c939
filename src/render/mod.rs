//! Pure: view → subject, html, text (Tera). The same bytes for the same rows, template and clock.

pub mod clean;
pub mod confirmation;
pub mod correction;
pub mod engine;
pub mod error;
pub mod notice;
pub mod section;
pub mod slot;
pub mod subject;
pub mod templates;
pub mod view;

mod filters;
mod required;
mod sample;
mod visible;
mod wording;

use chrono_tz::Tz;

pub use engine::{BUDGET_BYTES, Rendered, Renderer};
pub use error::{MissingItem, RenderError, TemplateFault};
pub use templates::{BUILT_IN, Templates};

use crate::clock::Instant;
use crate::model::Sender;
use crate::model::edition::SectionKind;
use crate::model::post::Reactions;

/// The newsletter's face: `[newsletter]`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newsletter {
    /// Wordmark.
    pub title: String,
    /// The blog's address.
    pub home: url::Url,
    /// Zone of dates and schedules.
    pub time_zone: Tz,
    /// The sender's decision: is the letter advertising for profit (정보통신망법 50조)?
    pub advertising: bool,
}

/// Everything a letter is made of; nothing of any person.
#[derive(Clone, Debug)]
pub struct LetterInput {
    /// The newsletter.
    pub newsletter: Newsletter,
    /// Its sender.
    pub sender: Sender,
    /// The digest's name.
    pub digest: String,
    /// 제N호.
    pub number: i64,
    /// The scheduled instant.
    pub slot_at: Instant,
    /// Start of the window; none for the first edition.
    pub window_from: Option<Instant>,
    /// Subject template (Tera), from `[[digest]]`.
    pub subject: String,
    /// The sections that have posts, in order.
    pub sections: Vec<LetterSection>,
    /// Where the edition can be read on the web, where there is such a place.
    pub web_url: Option<String>,
}

/// One section of a letter.
#[derive(Clone, Debug)]
pub struct LetterSection {
    /// Which.
    pub kind: SectionKind,
    /// Its posts, in order.
    pub posts: Vec<LetterPost>,
}

/// A post as a letter shows it.
#[derive(Clone, Debug)]
pub struct LetterPost {
    /// Title.
    pub title: String,
    /// Author, where known.
    pub author: Option<String>,
    /// Address; none: the home page with a text fragment stands in.
    pub url: Option<String>,
    /// Plain-text body, for excerpt and reading time.
    pub body: String,
    /// When published, where known.
    pub published_at: Option<Instant>,
    /// Reactions at the cut-off.
    pub reactions: Reactions,
    /// Comments at the cut-off.
    pub comments: u64,
}
