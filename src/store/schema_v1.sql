-- Schema 1. Frozen: later changes are appended as migrations. Instants are milliseconds since 1970 (UTC).

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sources (
  id               INTEGER PRIMARY KEY,
  name             TEXT NOT NULL UNIQUE,
  title            TEXT,                       -- the blog's own title, as last read
  description      TEXT,
  first_read_at    INTEGER,
  last_read_at     INTEGER,                    -- last success
  etag             TEXT,
  last_modified    TEXT,
  failing_since    INTEGER,
  failures         INTEGER NOT NULL DEFAULT 0,
  last_error       TEXT
) STRICT;

CREATE TABLE posts (
  id             INTEGER PRIMARY KEY,
  source_id      INTEGER NOT NULL REFERENCES sources(id),
  identity       TEXT NOT NULL,
  ingest_order   INTEGER NOT NULL,             -- larger is newer
  title          TEXT NOT NULL,
  author         TEXT,
  url            TEXT,
  published_at   INTEGER,
  first_seen_at  INTEGER NOT NULL,
  baseline       INTEGER NOT NULL CHECK (baseline IN (0, 1)),
  missing_since  INTEGER,
  hidden_at      INTEGER,
  pinned_at      INTEGER,
  reactions      INTEGER NOT NULL DEFAULT 0 CHECK (reactions >= 0),   -- the newest observation, kept here for quick lists
  comments       INTEGER NOT NULL DEFAULT 0 CHECK (comments >= 0),
  emoji          TEXT NOT NULL DEFAULT '[]',
  body_hash      INTEGER NOT NULL DEFAULT 0,   -- print of the folded body: an edit is seen without reading the body
  body_chars     INTEGER NOT NULL DEFAULT 0,
  body           TEXT NOT NULL,                -- last: lists read past it
  UNIQUE (source_id, identity)
) STRICT;
CREATE INDEX posts_by_order ON posts (source_id, ingest_order);

CREATE TABLE observations (
  id           INTEGER PRIMARY KEY,
  post_id      INTEGER NOT NULL REFERENCES posts(id),
  observed_at  INTEGER NOT NULL,
  reactions    INTEGER NOT NULL CHECK (reactions >= 0),
  comments     INTEGER NOT NULL CHECK (comments >= 0),
  emoji        TEXT NOT NULL DEFAULT '[]'      -- JSON: [{"symbol":"👍","count":null}]
) STRICT;
CREATE INDEX observations_by_post ON observations (post_id, observed_at);

CREATE TABLE editions (
  id          INTEGER PRIMARY KEY,
  digest      TEXT NOT NULL,
  number      INTEGER,
  slot_at     INTEGER NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('sending', 'paused', 'done', 'cancelled', 'skipped')),
  reason      TEXT,
  cutoff_at   INTEGER NOT NULL,
  frozen_at   INTEGER NOT NULL,
  subject     TEXT,
  preheader   TEXT,
  html        TEXT,
  text        TEXT,
  CHECK ((state = 'skipped') = (number IS NULL)),
  CHECK ((state = 'skipped') = (html IS NULL)),
  UNIQUE (digest, slot_at),
  UNIQUE (digest, number)
) STRICT;

CREATE TABLE edition_posts (
  edition_id  INTEGER NOT NULL REFERENCES editions(id),
  position    INTEGER NOT NULL,
  post_id     INTEGER NOT NULL REFERENCES posts(id),
  section     TEXT NOT NULL CHECK (section IN ('pinned', 'new', 'top', 'late')),
  score       REAL NOT NULL,
  why         TEXT NOT NULL,
  title       TEXT NOT NULL,
  PRIMARY KEY (edition_id, position),
  UNIQUE (edition_id, post_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX edition_posts_by_post ON edition_posts (post_id);

CREATE TABLE subscribers (
  id           INTEGER PRIMARY KEY,
  address      TEXT,                           -- null once erased
  address_key  TEXT UNIQUE,                    -- normalised; null once erased
  name         TEXT,
  created_at   INTEGER NOT NULL,
  erased_at    INTEGER,
  CHECK ((address IS NULL) = (erased_at IS NOT NULL)),
  CHECK ((address IS NULL) = (address_key IS NULL))
) STRICT;

CREATE TABLE subscriptions (
  subscriber_id  INTEGER NOT NULL REFERENCES subscribers(id),
  digest         TEXT NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('pending', 'active', 'paused', 'unsubscribed')),
  since          INTEGER NOT NULL,
  PRIMARY KEY (digest, subscriber_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscriptions_by_subscriber ON subscriptions (subscriber_id);

CREATE TABLE consents (
  id             INTEGER PRIMARY KEY,
  subscriber_id  INTEGER NOT NULL REFERENCES subscribers(id),
  digest         TEXT,
  act            TEXT NOT NULL CHECK (act IN ('granted', 'confirmed', 'withdrawn', 'notified')),
  at             INTEGER NOT NULL,
  recorded_at    INTEGER NOT NULL,
  source         TEXT NOT NULL,
  wording        TEXT NOT NULL
) STRICT;
CREATE INDEX consents_by_subscriber ON consents (subscriber_id, at);
CREATE TRIGGER consents_are_appended_only_update BEFORE UPDATE ON consents
BEGIN SELECT RAISE(ABORT, 'the consent ledger is append-only'); END;
CREATE TRIGGER consents_are_appended_only_delete BEFORE DELETE ON consents
BEGIN SELECT RAISE(ABORT, 'the consent ledger is append-only'); END;

CREATE TABLE suppressions (
  address_hash  BLOB PRIMARY KEY,              -- HMAC-SHA-256 of the normalised address, cut to 128 bits
  reason        TEXT NOT NULL CHECK (reason IN ('hard_bounce', 'complaint', 'withdrawn', 'manual')),
  at            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
  id             INTEGER PRIMARY KEY,
  kind           TEXT NOT NULL CHECK (kind IN ('edition', 'notice')),
  edition_id     INTEGER REFERENCES editions(id),
  subscriber_id  INTEGER NOT NULL REFERENCES subscribers(id),
  -- Alternatives, not IN lists, here and in the index below: SQLite fills a table with such a list at every write.
  state          TEXT NOT NULL CHECK (state = 'sent' OR state = 'in_flight' OR state = 'leased' OR state = 'queued'
                                      OR state = 'deferred' OR state = 'bounced' OR state = 'expired'
                                      OR state = 'suppressed' OR state = 'unknown'),
  due_at         INTEGER NOT NULL,
  attempts       INTEGER NOT NULL DEFAULT 0,   -- charged ones
  epoch          INTEGER NOT NULL DEFAULT 0,   -- of the lease; every write names it
  lease_until    INTEGER,
  message_id     TEXT,
  last_reply     TEXT,
  changed_at     INTEGER NOT NULL,
  CHECK ((kind = 'edition') = (edition_id IS NOT NULL)),
  UNIQUE (edition_id, subscriber_id)
) STRICT;
CREATE INDEX deliveries_open ON deliveries (edition_id, due_at, id)
  WHERE state = 'queued' OR state = 'leased' OR state = 'in_flight' OR state = 'deferred' OR state = 'unknown';
CREATE INDEX deliveries_by_subscriber ON deliveries (subscriber_id);

CREATE TABLE attempts (
  id           INTEGER PRIMARY KEY,
  delivery_id  INTEGER NOT NULL REFERENCES deliveries(id),
  started_at   INTEGER NOT NULL,
  ended_at     INTEGER NOT NULL,
  stage        TEXT NOT NULL CHECK (stage = 'dot' OR stage = 'rcpt' OR stage = 'connect' OR stage = 'ehlo' OR stage = 'tls'
                                    OR stage = 'auth' OR stage = 'mail' OR stage = 'data' OR stage = 'body'),
  result       TEXT NOT NULL CHECK (result = 'sent' OR result = 'deferred' OR result = 'bounced' OR result = 'suppressed'
                                     OR result = 'expired' OR result = 'unknown'),
  reply        TEXT                            -- code, enhanced code and text in one line, bounded, or the local cause
) STRICT;
CREATE INDEX attempts_by_delivery ON attempts (delivery_id);
CREATE TRIGGER attempts_are_appended_only_update BEFORE UPDATE ON attempts
BEGIN SELECT RAISE(ABORT, 'attempts are append-only'); END;
CREATE TRIGGER attempts_are_appended_only_delete BEFORE DELETE ON attempts
BEGIN SELECT RAISE(ABORT, 'attempts are append-only'); END;

-- What is held back, why, and until when: auth, relay, destination domain (breakers of design section 8).
CREATE TABLE breakers (
  name        TEXT PRIMARY KEY,                -- 'auth', 'relay', 'destination:naver.com'
  opened_at   INTEGER NOT NULL,
  retry_at    INTEGER,                         -- half-open probe; null waits for a person
  failures    INTEGER NOT NULL DEFAULT 0,
  reason      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
