//! Pure: words of Latin letters that Korean texts use, each with the Hangul it is read as. The particle follows from the
//! reading, so a wrong class is a wrong reading, which anybody can see.
//!
//! Readings go by 외래어 표기법, or by usage where that is settled otherwise. A word that is read in two ways with
//! different ends (`Swap` 스와프 and 스왑) is left out: both forms of the particle are written then.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::sound::Sound;

/// A word, a tab and its reading in each line; two words where they are read otherwise than the second alone. A word in
/// small letters is meant in any case, one with capitals as it stands: `LaTeX`, `TOP`.
const TABLE: &str = include_str!("loanwords.tsv");

static READINGS: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| TABLE.lines().filter_map(|line| line.split_once('\t')).collect());

/// How the reading of a word ends; `None` where the table does not hold it.
pub(super) fn sound(word: &str) -> Option<Sound> {
    READINGS.get(word).and_then(|reading| Sound::of_reading(reading))
}

#[cfg(test)]
mod tests {
    use super::super::josa::{Pair, particle};
    use super::super::letter::is_syllable;
    use super::*;

    fn rows() -> Vec<(&'static str, &'static str)> {
        TABLE.lines().filter_map(|line| line.split_once('\t')).collect()
    }

    #[test]
    fn the_table_is_sorted_and_reads_every_word_in_hangul() {
        let rows = rows();
        assert_eq!(rows.len(), TABLE.lines().count());
        for pair in rows.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} is out of order or stands twice", pair[1].0);
        }
        for (word, reading) in rows {
            assert!(!reading.is_empty() && reading.chars().all(is_syllable), "{word}: {reading}");
        }
    }

    #[test]
    fn every_word_takes_the_particles_of_its_reading() {
        for (word, reading) in rows() {
            let mut first = word.chars();
            let title: String = first.next().into_iter().flat_map(char::to_uppercase).chain(first).collect();
            let written = if word.chars().any(char::is_uppercase) { word.to_owned() } else { title };
            for noun in [word, &written] {
                for pair in [Pair::EulReul, Pair::EuroRo] {
                    assert_eq!(particle(noun, pair), particle(reading, pair), "{noun} ({reading})");
                }
            }
        }
    }
}
