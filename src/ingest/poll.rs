//! Effect: a source is read, what it lists is kept, and a failure is remembered.

use super::{IngestError, Report, run_once};
use crate::clock::{Clock, Instant};
use crate::source::SourceSettings;
use crate::source::fetch::{FetchSettings, Validators};
use crate::source::read::{ReadError, Reading, read};
use crate::store::{Store, StoreError};

/// What became of one reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// The server says that nothing changed; nothing was read.
    Unchanged,
    /// The page was read and kept.
    Kept(Box<Report>),
}

/// Why a reading came to nothing; but for the last, the source's row says so too.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It could not be kept.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads `source` and keeps what it lists, dated by the moment the page was there.
pub async fn poll(
    store: &Store,
    source: &SourceSettings,
    settings: &FetchSettings,
    clock: &Clock,
) -> Result<Polled, PollError> {
    let name = source.name.as_str();
    let seen = store.read(|ledger| ledger.source_state(name))?;
    // A change of format or place makes the marks of the last version meaningless; then the server answers in full. So it
    // does once a day: one that wrongly says that nothing changed is believed no longer.
    let (place, today) = (source.place(), clock.now().date_naive());
    let seen = seen.filter(|state| {
        state.validators_of.as_deref() == Some(&place)
            && state.last_read_at.is_some_and(|at| at.date_naive() == today)
    });
    let seen = seen.map_or_else(Validators::default, |state| Validators {
        etag: state.etag,
        last_modified: state.last_modified,
    });
    let (reading, _seat) = match read(source, &seen, settings).await {
        Ok((reading, seat)) => (Ok(reading), Some(seat)),
        Err(failed) => (Err(failed), None),
    };
    let (store, name, now) = (store.clone(), name.to_owned(), clock.now());
    let kept = tokio::task::spawn_blocking(move || keep(&store, name, &place, reading, now));
    kept.await.unwrap_or(Err(StoreError::Closed.into()))
}

fn keep(
    store: &Store,
    name: String,
    place: &str,
    reading: Result<Reading, ReadError>,
    now: Instant,
) -> Result<Polled, PollError> {
    let outcome = match reading {
        Ok(Reading::Unchanged) => {
            let source = name.clone();
            store.write(move |ledger| ledger.source_unchanged(&source, now))?;
            return Ok(Polled::Unchanged);
        }
        Ok(Reading::Page(page, validators)) => {
            // What could not be read this time is asked for again, even where the server would say that nothing changed.
            let validators = if page.cut_off || page.gaps { Validators::default() } else { validators };
            run_once(store, &name, page, now).map(|report| (report, validators)).map_err(PollError::from)
        }
        Err(failed) => Err(failed.into()),
    };
    match outcome {
        Ok((report, validators)) => {
            // So is what is held back.
            let validators = if report.held > 0 { Validators::default() } else { validators };
            let Validators { etag, last_modified } = validators;
            let place = place.to_owned();
            store.write(move |ledger| {
                ledger.put_validators(&name, &place, etag.as_deref(), last_modified.as_deref())
            })?;
            Ok(Polled::Kept(Box::new(report)))
        }
        Err(failed) => {
            let said = failed.to_string();
            store.write(move |ledger| ledger.source_failed(&name, &said, now))?;
            Err(failed)
        }
    }
}
