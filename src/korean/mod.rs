//! Pure: particles, dates, counts, sentences, excerpts, reading time (design section 6).
//!
//! Everything works by rule on the text it is given; tables hold only how foreign words and units are read. The parts:
//!
//! - [`josa`]: which form of a particle follows a noun, both forms where nobody can know
//! - [`dates`], [`counts`]: days, ranges and numbers as Korean letters write them
//! - [`sentences`]: borders; [`excerpt`] and [`summary`] choose whole sentences with it
//! - [`width`]: East Asian width, cutting and wrapping that never split a grapheme
//! - [`title`]: a title as shown, and as compared
//! - `written_clock`: times and offsets as people and programs write them, read
//! - [`written_date`]: days and times as people write them, read
//! - [`reading`]: minutes to read

mod boilerplate;
pub mod counts;
pub mod dates;
mod emphasis;
mod ending;
pub mod excerpt;
pub mod josa;
mod latin;
mod letter;
mod line;
mod loanwords;
mod markdown;
mod noise;
#[cfg(test)]
mod properties;
pub mod reading;
pub mod sentences;
mod sound;
pub mod summary;
pub mod title;
mod units;
mod web_address;
pub mod width;
pub(crate) mod written_clock;
pub mod written_date;
