-- Schema 5. What the operator is told by mail and asked about.

-- An edition that waits for the operator's word; it is paused meanwhile.
CREATE TABLE approvals (
  edition_id  INTEGER PRIMARY KEY REFERENCES editions(id),
  decide_at   INTEGER NOT NULL,               -- without a word until then, silence decides
  lapses_at   INTEGER NOT NULL,               -- too late to be sent after this
  silence     TEXT NOT NULL CHECK (silence IN ('send', 'skip')),
  word        TEXT CHECK (word IN ('send', 'skip')),
  said_at     INTEGER,
  settled_at  INTEGER                         -- resumed, cancelled, or taken out of our hands
) STRICT;
CREATE INDEX approvals_open ON approvals (decide_at) WHERE settled_at IS NULL;

-- Mails to the operator: told once each, outside the subscribers' ledger; one may come twice after a crash.
CREATE TABLE operator_mails (
  id           INTEGER PRIMARY KEY,
  fact         TEXT NOT NULL UNIQUE,          -- 'paused:12:…', 'source:blog:…'
  subject      TEXT NOT NULL,
  text         TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  due_at       INTEGER NOT NULL,
  tries        INTEGER NOT NULL DEFAULT 0,
  sent_at      INTEGER,
  last_error   TEXT
) STRICT;
CREATE INDEX operator_mails_open ON operator_mails (due_at) WHERE sent_at IS NULL;
