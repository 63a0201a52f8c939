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

    /// The bytes it usually takes, once filled: a link with its token, a name of a few syllables, a day.
    fn room(self) -> usize {
        match self {
            Slot::UnsubscribeUrl => 100,
            Slot::Name => 12,
            // `2026년 11월 23일`
            Slot::ConsentedOn => 22,
        }
    }

    /// The marker as it stands in rendered text.
    pub fn marker(self) -> String {
        format!("{OPEN}{}{CLOSE}", self.name())
    }
}

/// About how many bytes rendered text has as it is sent: line breaks as CRLF, and each marker filled.
pub fn sent_len(text: &str) -> usize {
    let breaks = text.bytes().filter(|byte| *byte == b'\n').count() - text.matches("\r\n").count();
    let filled = Slot::ALL.into_iter().map(|slot| {
        let marker = slot.marker();
        text.matches(&marker).count() as isize * (slot.room() as isize - marker.len() as isize)
    });
    (text.len() + breaks).saturating_add_signed(filled.sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_long_as_it_is_once_it_is_filled_and_on_its_way() {
        assert_eq!(sent_len("가\n나\r\n"), 3 + 2 + 3 + 2);
        let marked = format!("{}\n{}", Slot::Name.marker(), Slot::UnsubscribeUrl.marker().repeat(2));
        assert_eq!(sent_len(&marked), 12 + 2 + 200);
    }
}
