-- Schema 4. What readers decide on the web: sign-ups asked for, pauses, a new address not yet confirmed.

ALTER TABLE subscriptions ADD COLUMN resumes_at INTEGER;   -- of a paused one: when it is active again by itself
ALTER TABLE subscriptions ADD COLUMN pace TEXT NOT NULL DEFAULT 'every' CHECK (pace IN ('every', 'monthly'));
ALTER TABLE editions ADD COLUMN best_of TEXT;              -- the digest whose monthly readers it is for; null: its own readers

-- Sign-ups by hour since 1970: how many came through the limits, and how many were mailed. Nobody's in particular.
CREATE TABLE signup_hours (
  hour    INTEGER PRIMARY KEY,
  asked   INTEGER NOT NULL,
  mailed  INTEGER NOT NULL
) STRICT;

-- When a person who asked by the form was last mailed for it.
CREATE TABLE signups (
  subscriber_id  INTEGER PRIMARY KEY REFERENCES subscribers(id),
  mailed_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX signups_by_time ON signups (mailed_at);

-- The text that a wording in the consent ledger stands for, as it was shown.
CREATE TABLE wordings (
  wording  TEXT PRIMARY KEY,
  shown    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A new address a reader asked for, until it is confirmed there.
CREATE TABLE address_changes (
  id             INTEGER PRIMARY KEY,
  subscriber_id  INTEGER NOT NULL REFERENCES subscribers(id),
  address        TEXT NOT NULL,
  asked_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX address_changes_by_subscriber ON address_changes (subscriber_id, asked_at);

-- Whoever erases a person, by whatever way, erases these too.
CREATE TRIGGER erased_people_leave_no_new_address AFTER UPDATE OF address ON subscribers WHEN NEW.address IS NULL
BEGIN
  DELETE FROM address_changes WHERE subscriber_id = NEW.id;
  DELETE FROM signups WHERE subscriber_id = NEW.id;
END;
