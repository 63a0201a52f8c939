//! Effect: the first reading of a file, before anything is written: what cannot be read is told.

use std::path::Path;

use super::file::Fault;
use super::report::Talk;
use super::row::{Row, Rules};
use super::rows::Rows;
use crate::cli::subscribers::words::Standing;

/// A line of progress after this many rows.
const PROGRESS: u64 = 10_000;

/// Reads the file through; the result is [`Rows::print`] of it.
pub(super) fn check(path: &Path, rules: &Rules, talk: &mut Talk<'_>) -> Result<u64, Fault> {
    let mut rows = Rows::open(path, rules)?;
    let mut count = 0_u64;
    while let Some((line, row)) = rows.next()? {
        match row {
            Ok(Row { standing: Standing::On(_), consent: None, .. }) => {
                talk.say(&format!("{line}행: 동의일이 없어 뺐어요"));
            }
            Ok(_) => {}
            Err(wrong) => talk.say(&rows.complaint(line, &wrong)),
        }
        count += 1;
        if count % PROGRESS == 0 {
            talk.say(&format!("{count}행까지 읽었어요…"));
        }
    }
    Ok(rows.print())
}
