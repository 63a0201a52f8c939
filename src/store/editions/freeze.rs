//! Effect: the one transaction that freezes an edition: number, slot, content, posts, deliveries; or a skip's row.

use rusqlite::{OptionalExtension, params};

use crate::clock::{Instant, from_millis};
use crate::model::edition::{Content, EditionPost};
use crate::model::{EditionId, PostId};
use crate::store::{Ledger, StoreError, sql};

/// An edition about to be frozen, already rendered.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEdition {
    /// The digest's name.
    pub digest: String,
    /// 제N호, as rendered.
    pub number: i64,
    /// The slot.
    pub slot_at: Instant,
    /// End of the window.
    pub cutoff_at: Instant,
    /// Now.
    pub frozen_at: Instant,
    /// What was rendered.
    pub content: Content,
    /// The chosen posts.
    pub posts: Vec<EditionPost>,
}

/// What came of freezing. All but the first leave the store as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freeze {
    /// Done.
    Frozen {
        /// Its row.
        edition: EditionId,
        /// How many deliveries were queued.
        recipients: u64,
    },
    /// The slot has its edition already, or was skipped (then without a number).
    SlotTaken {
        /// That row.
        edition: EditionId,
        /// Its number.
        number: Option<i64>,
    },
    /// Another edition took the number meanwhile: plan again.
    NumberTaken,
    /// These posts were hidden or removed meanwhile: plan again.
    PostsGone(Vec<PostId>),
    /// Nobody would receive it.
    NoAudience,
}

/// Who an edition is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Everyone who receives the digest.
    All,
    /// Those of them who want every edition; the others have an edition of their own.
    EveryTime,
    /// The monthly readers of that digest.
    MonthlyOf(String),
}

/// Who receives an edition of digest ?1, at pace ?2 where there is one: active, not erased, and the last word of the
/// consent ledger is a yes.
/// Suppressions are read at every claim, by keyed hash.
const AUDIENCE: &str = "FROM subscriptions s JOIN subscribers p ON p.id = s.subscriber_id
  WHERE s.digest = ?1 AND (?2 IS NULL OR s.pace = ?2) AND s.state = 'active' AND p.erased_at IS NULL
    AND 'withdrawn' <> (SELECT c.act FROM consents c
          WHERE c.subscriber_id = s.subscriber_id AND (c.digest IS NULL OR c.digest = s.digest)
            AND c.act <> 'notified'
          ORDER BY c.at DESC, c.id DESC LIMIT 1)";

impl Ledger<'_> {
    /// The number after those of the digest's editions cut off by `at`.
    pub fn next_edition_number(&self, digest: &str, at: Instant) -> Result<i64, StoreError> {
        self.db
            .prepare_cached(
                "SELECT COALESCE(MAX(number), 0) + 1 FROM editions WHERE digest = ?1 AND cutoff_at <= ?2",
            )
            .and_then(|mut statement| {
                statement.query_row(params![digest, at.timestamp_millis()], |row| row.get(0))
            })
            .map_err(sql)
    }

    /// The newest slot on record, published or skipped.
    pub fn last_slot(&self, digest: &str) -> Result<Option<Instant>, StoreError> {
        self.db
            .prepare_cached("SELECT MAX(slot_at) FROM editions WHERE digest = ?1")
            .and_then(|mut statement| statement.query_row([digest], |row| row.get::<_, Option<i64>>(0)))
            .map(|millis| millis.map(from_millis))
            .map_err(sql)
    }

    /// Takes back the skips that were recorded after `now`, by a clock that was ahead, unless it published, too. Those slots
    /// are still to come. How many.
    pub fn take_back_skips_after(&self, digest: &str, now: Instant) -> Result<usize, StoreError> {
        self.db
            .prepare_cached(
                "DELETE FROM editions WHERE digest = ?1 AND state = 'skipped' AND frozen_at > ?2 AND NOT EXISTS
                   (SELECT 1 FROM editions later
                     WHERE later.digest = ?1 AND later.state <> 'skipped' AND later.frozen_at > ?2)",
            )
            .and_then(|mut taken| taken.execute(params![digest, now.timestamp_millis()]))
            .map_err(sql)
    }

    /// The row of a slot and its number, if the slot is on record.
    pub fn edition_of_slot(
        &self,
        digest: &str,
        slot_at: Instant,
    ) -> Result<Option<(EditionId, Option<i64>)>, StoreError> {
        self.db
            .prepare_cached("SELECT id, number FROM editions WHERE digest = ?1 AND slot_at = ?2")
            .and_then(|mut statement| {
                statement
                    .query_row(params![digest, slot_at.timestamp_millis()], |row| {
                        Ok((EditionId(row.get(0)?), row.get(1)?))
                    })
                    .optional()
            })
            .map_err(sql)
    }

    /// Since when the digest has had this very schedule; none if it has another one, or none, on record.
    pub fn schedule_in_force_since(
        &self,
        digest: &str,
        schedule: &str,
    ) -> Result<Option<Instant>, StoreError> {
        let value = self
            .db
            .prepare_cached("SELECT value FROM meta WHERE key = ?1")
            .and_then(|mut statement| {
                statement.query_row([format!("schedule:{digest}")], |row| row.get::<_, String>(0)).optional()
            })
            .map_err(sql)?;
        Ok(value.and_then(|value| {
            let (since, text) = value.split_once(' ')?;
            (text == schedule).then_some(from_millis(since.parse().ok()?))
        }))
    }

    /// Records that the digest has this schedule from `now` on.
    pub fn put_schedule_in_force(
        &self,
        digest: &str,
        schedule: &str,
        now: Instant,
    ) -> Result<(), StoreError> {
        let value = format!("{} {schedule}", now.timestamp_millis());
        self.db
            .prepare_cached(
                "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )
            .and_then(|mut statement| statement.execute([format!("schedule:{digest}"), value]))
            .map(drop)
            .map_err(sql)
    }

    /// Which of these posts are hidden or no longer listed now.
    pub fn posts_gone(&self, posts: impl IntoIterator<Item = PostId>) -> Result<Vec<PostId>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT 1 FROM posts WHERE id = ?1 AND hidden_at IS NULL AND missing_since IS NULL",
            )
            .map_err(sql)?;
        let mut gone = Vec::new();
        for post in posts {
            if !statement.exists([post.0]).map_err(sql)? {
                gone.push(post);
            }
        }
        Ok(gone)
    }

    /// As [`Ledger::freeze_for`], for everyone who receives the digest.
    pub fn freeze(&self, new: &NewEdition) -> Result<Freeze, StoreError> {
        self.freeze_for(new, &Audience::All)
    }

    /// Freezes an edition: row, content, posts, and a queued delivery for everyone it is for. Pauses whose time has come
    /// end before.
    pub fn freeze_for(&self, new: &NewEdition, audience: &Audience) -> Result<Freeze, StoreError> {
        if let Some((edition, number)) = self.edition_of_slot(&new.digest, new.slot_at)? {
            return Ok(Freeze::SlotTaken { edition, number });
        }
        if self.next_edition_number(&new.digest, Instant::MAX_UTC)? != new.number {
            return Ok(Freeze::NumberTaken);
        }
        let gone = self.posts_gone(new.posts.iter().map(|post| post.post))?;
        if !gone.is_empty() {
            return Ok(Freeze::PostsGone(gone));
        }
        self.resume_due(new.frozen_at)?;
        let (readers_of, pace) = match audience {
            Audience::All => (&new.digest, None),
            Audience::EveryTime => (&new.digest, Some("every")),
            Audience::MonthlyOf(digest) => (digest, Some("monthly")),
        };
        let anybody = format!("SELECT 1 {AUDIENCE} LIMIT 1");
        let mut statement = self.db.prepare_cached(&anybody).map_err(sql)?;
        if !statement.exists((readers_of, pace)).map_err(sql)? {
            return Ok(Freeze::NoAudience);
        }
        let edition = self.insert_edition(new, audience)?;
        self.insert_edition_posts(edition, &new.posts)?;
        let queue = format!(
            "INSERT INTO deliveries (kind, edition_id, subscriber_id, state, due_at, changed_at)
             SELECT 'edition', ?3, s.subscriber_id, 'queued', ?4, ?4 {AUDIENCE}"
        );
        let recipients = self
            .db
            .prepare_cached(&queue)
            .and_then(|mut statement| {
                statement.execute(params![readers_of, pace, edition.0, new.frozen_at.timestamp_millis()])
            })
            .map_err(sql)?;
        Ok(Freeze::Frozen { edition, recipients: recipients as u64 })
    }

    pub(super) fn insert_edition(
        &self,
        new: &NewEdition,
        audience: &Audience,
    ) -> Result<EditionId, StoreError> {
        let content = &new.content;
        let best_of = match audience {
            Audience::MonthlyOf(digest) => Some(digest),
            Audience::All | Audience::EveryTime => None,
        };
        self.db
            .prepare_cached(
                "INSERT INTO editions (digest, number, slot_at, state, cutoff_at, frozen_at, subject, preheader, html, text,
                                       best_of)
                 VALUES (?1, ?2, ?3, 'sending', ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )
            .and_then(|mut statement| {
                statement.insert(params![
                    new.digest,
                    new.number,
                    new.slot_at.timestamp_millis(),
                    new.cutoff_at.timestamp_millis(),
                    new.frozen_at.timestamp_millis(),
                    content.subject,
                    content.preheader,
                    content.html,
                    content.text,
                    best_of,
                ])
            })
            .map(EditionId)
            .map_err(sql)
    }

    fn insert_edition_posts(&self, edition: EditionId, posts: &[EditionPost]) -> Result<(), StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "INSERT INTO edition_posts (edition_id, position, post_id, section, score, why, title)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .map_err(sql)?;
        for post in posts {
            let section = post.section.as_str();
            statement
                .execute(params![
                    edition.0,
                    post.position,
                    post.post.0,
                    section,
                    post.score,
                    post.why,
                    post.title
                ])
                .map_err(sql)?;
        }
        Ok(())
    }

    /// Replaces the content and posts of an edition of which no copy can have left yet, for the last check before
    /// sending. False, and nothing changed, if one can.
    pub fn refreeze(
        &self,
        edition: EditionId,
        content: &Content,
        posts: &[EditionPost],
    ) -> Result<bool, StoreError> {
        let unsent = self
            .db
            .prepare_cached(
                "UPDATE editions SET subject = ?2, preheader = ?3, html = ?4, text = ?5
                  WHERE id = ?1 AND state IN ('sending', 'paused')
                    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.edition_id = ?1
                                       AND (d.state <> 'queued' OR d.attempts > 0 OR d.epoch > 0))",
            )
            .and_then(|mut statement| {
                let content =
                    params![edition.0, content.subject, content.preheader, content.html, content.text];
                statement.execute(content)
            })
            .map_err(sql)?;
        if unsent == 0 {
            return Ok(false);
        }
        self.db
            .prepare_cached("DELETE FROM edition_posts WHERE edition_id = ?1")
            .and_then(|mut statement| statement.execute([edition.0]))
            .map_err(sql)?;
        self.insert_edition_posts(edition, posts)?;
        Ok(true)
    }

    /// Records that a slot publishes nothing, and why; false if the slot is on record already.
    pub fn record_skip(
        &self,
        digest: &str,
        slot_at: Instant,
        reason: &str,
        now: Instant,
    ) -> Result<bool, StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO editions (digest, slot_at, state, reason, cutoff_at, frozen_at)
                 VALUES (?1, ?2, 'skipped', ?3, ?4, ?4) ON CONFLICT (digest, slot_at) DO NOTHING",
            )
            .and_then(|mut statement| {
                let now = now.timestamp_millis();
                statement.execute(params![digest, slot_at.timestamp_millis(), reason, now])
            })
            .map(|rows| rows == 1)
            .map_err(sql)
    }
}
