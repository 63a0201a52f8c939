-- Schema 8. A subscription that moved: the old mailbox is told, and can take it back.

-- A way back to the address of before a move; nobody asked for it, so it is not counted.
ALTER TABLE address_changes ADD COLUMN back INTEGER NOT NULL DEFAULT 0 CHECK (back IN (0, 1));

-- A kind more. The rows that deliveries refer to are gone for a moment within this transaction.
PRAGMA defer_foreign_keys = ON;
DROP TRIGGER erased_people_leave_no_notice;
CREATE TEMP TABLE notices_before AS SELECT * FROM notices;
DROP TABLE notices;
CREATE TABLE notices (
  id             INTEGER PRIMARY KEY,
  kind           TEXT NOT NULL CHECK (kind IN ('confirm', 'welcome', 'goodbye', 'renewal', 'address_change', 'moved')),
  subscriber_id  INTEGER NOT NULL REFERENCES subscribers(id),
  digest         TEXT,                         -- null: about all of them
  about          INTEGER NOT NULL,             -- the instant of the act, or the last day of an anniversary, it is about
  address        TEXT,                         -- to whom, where that is not the subscriber's own address
  subject        TEXT NOT NULL,
  html           TEXT NOT NULL,
  text           TEXT NOT NULL,
  created_at     INTEGER NOT NULL,
  expires_at     INTEGER                       -- of no use after it
) STRICT;
INSERT INTO notices SELECT * FROM notices_before;
DROP TABLE notices_before;
-- Each is told once.
CREATE UNIQUE INDEX notices_once ON notices (subscriber_id, kind, about, coalesce(digest, ''));

-- As in schema 3: whoever erases a person, by whatever way, erases these too.
CREATE TRIGGER erased_people_leave_no_notice AFTER UPDATE OF address ON subscribers WHEN NEW.address IS NULL
BEGIN
  DELETE FROM leaving WHERE subscriber_id = NEW.id;
  UPDATE notices SET address = NULL, html = '', text = '' WHERE subscriber_id = NEW.id;
END;
