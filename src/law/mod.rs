//! Pure: subject mark, footer, notices due, anniversaries (MAIL-LAW; 정보통신망법 50조).

pub mod anniversary;
pub mod requirements;
pub mod subject;

pub use subject::{LawError, advertising_hints, neutral_title, subject_mark};
