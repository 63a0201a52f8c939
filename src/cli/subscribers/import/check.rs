//! Effect: the first reading of a file, before anything is written: what cannot be read is told, who left is noted.

use std::collections::HashMap;

use super::file::Fault;
use super::input::Input;
use super::report::{LeftOut, Talk, Why};
use super::row::{Row, Rules};
use super::rows::Rows;
use crate::cli::subscribers::words::Standing;
use crate::model::suppression::AddressHash;
use crate::model::{EmailAddress, SuppressionKey};

/// A line of progress after this many rows.
const PROGRESS: u64 = 10_000;

/// What the first reading showed.
pub(super) struct Checked {
    /// Of whom not to bring in, whatever other rows say: their line.
    pub(super) gone: HashMap<AddressHash, u64>,
    /// [`Rows::print`] of it.
    pub(super) print: u64,
}

/// Reads the file through. Of its rows only those who left stay in memory, 24 bytes each.
pub(super) fn check(
    input: &Input,
    rules: &Rules,
    key: &SuppressionKey,
    talk: &mut Talk<'_>,
) -> Result<Checked, Fault> {
    let mut rows = Rows::open(input, rules)?;
    let (mut gone, mut count) = (HashMap::new(), 0_u64);
    let mut note = |address: &EmailAddress, line| {
        // Where the file's name says that all left, no row says otherwise.
        if !rules.gone {
            gone.entry(key.hash(address)).or_insert(line);
        }
    };
    while let Some((line, row)) = rows.next()? {
        match row {
            Ok(Row { standing: Standing::Gone, address, .. }) => note(&address, line),
            Ok(Row { consent: None, .. }) => {
                talk.leave_out(LeftOut::whole(line, Why::WithoutConsent, "동의일이 없어 뺐어요"));
            }
            Ok(_) => {}
            Err(wrong) => {
                let place = rows.place(&wrong);
                talk.leave_out(LeftOut::whole(line, Why::Invalid, &wrong.cause).at(place));
                if let Some(address) = &wrong.doubtful {
                    note(address, line);
                }
            }
        }
        count += 1;
        if count % PROGRESS == 0 {
            talk.say(&format!("{count}행까지 읽었어요…"));
        }
    }
    Ok(Checked { gone, print: rows.print() })
}
