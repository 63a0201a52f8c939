-- Schema 7. Mails that somebody asks for by a page, to an address that may be anybody's: one a day for each address.

-- Addresses mailed so within the last day, as keyed hashes: it counts whoever asked, by whatever page, and has left since.
CREATE TABLE asked_mails (
  address_hash  BLOB PRIMARY KEY,
  mailed_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX asked_mails_by_time ON asked_mails (mailed_at);

-- A new address that a reader asked for. The row outlives the address: it is counted.
DROP TRIGGER erased_people_leave_no_new_address;
CREATE TABLE new_addresses (
  id             INTEGER PRIMARY KEY,
  subscriber_id  INTEGER NOT NULL REFERENCES subscribers(id),
  address        TEXT,                         -- null: moved there, or to another one
  asked_at       INTEGER NOT NULL
) STRICT;
INSERT INTO new_addresses SELECT id, subscriber_id, address, asked_at FROM address_changes;
DROP TABLE address_changes;
ALTER TABLE new_addresses RENAME TO address_changes;
CREATE INDEX address_changes_by_subscriber ON address_changes (subscriber_id, asked_at);

-- As in schema 4: whoever erases a person, by whatever way, erases these too.
CREATE TRIGGER erased_people_leave_no_new_address AFTER UPDATE OF address ON subscribers WHEN NEW.address IS NULL
BEGIN
  DELETE FROM address_changes WHERE subscriber_id = NEW.id;
  DELETE FROM signups WHERE subscriber_id = NEW.id;
END;
