//! Pure: what a word ends in, as far as its particles care.

use super::letter::final_of;

/// How a spoken word ends, as far as particles care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sound {
    /// No final consonant.
    Vowel,
    /// Final ㄹ.
    Rieul,
    /// Any other final consonant.
    Consonant,
}

impl Sound {
    /// How a reading in Hangul ends.
    pub(super) fn of_reading(reading: &str) -> Option<Sound> {
        reading.chars().next_back().and_then(final_of).map(Sound::of_final)
    }

    pub(super) fn of_final(index: u32) -> Sound {
        match index {
            0 => Sound::Vowel,
            8 => Sound::Rieul,
            _ => Sound::Consonant,
        }
    }
}
