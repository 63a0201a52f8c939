//! Pure: the typed slots where a letter's personal parts go. A template can reach nothing else of a person.
//!
//! Rendered HTML and text carry a marker `U+E000 name U+E001` for each; both code points are removed from every other
//! text that enters a view, so that no post can forge one. Compose splits at the markers and fills them per recipient.

/// Opens a marker.
pub const OPEN: char = '\u{E000}';
/// Closes a marker.
pub const CLOSE: char = '\u{E001}';

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The signed address that withdraws the subscription.
    UnsubscribeUrl,
    /// The reader's name, or 구독자 where none is known. Escaped for the part it stands in.
    Name,
    /// The day since when the reader agreed to be mailed.
    ConsentedOn,
}

impl Slot {
    /// All slots.
    pub const ALL: [Slot; 3] = [Slot::UnsubscribeUrl, Slot::Name, Slot::ConsentedOn];

    /// The name inside the marker.
    pub fn name(self) -> &'static str {
        match self {
            Slot::UnsubscribeUrl => "unsubscribe_url",
            Slot::Name => "name",
            Slot::ConsentedOn => "consented_on",
        }
    }

    /// The marker as it stands in rendered text.
    pub fn marker(self) -> String {
        format!("{OPEN}{}{CLOSE}", self.name())
    }
}
