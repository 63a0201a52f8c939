-- Schema 3. Notices: mails to one person about the person's own subscription, delivered as editions are.

CREATE TABLE notices (
  id             INTEGER PRIMARY KEY,
  kind           TEXT NOT NULL CHECK (kind IN ('confirm', 'welcome', 'goodbye', 'renewal', 'address_change')),
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
-- Each is told once.
CREATE UNIQUE INDEX notices_once ON notices (subscriber_id, kind, about, coalesce(digest, ''));

ALTER TABLE deliveries ADD COLUMN notice_id INTEGER REFERENCES notices(id)
  CHECK ((kind = 'notice') = (notice_id IS NOT NULL));
CREATE UNIQUE INDEX deliveries_by_notice ON deliveries (notice_id) WHERE notice_id IS NOT NULL;

-- People who withdrew and are to be told so before they are erased.
CREATE TABLE leaving (
  subscriber_id  INTEGER PRIMARY KEY REFERENCES subscribers(id),
  since          INTEGER NOT NULL
) STRICT;

-- Whoever erases a person, by whatever way, erases these too; a link in a notice is nobody's business afterwards.
CREATE TRIGGER erased_people_leave_no_notice AFTER UPDATE OF address ON subscribers WHEN NEW.address IS NULL
BEGIN
  DELETE FROM leaving WHERE subscriber_id = NEW.id;
  UPDATE notices SET address = NULL, html = '', text = '' WHERE subscriber_id = NEW.id;
END;
