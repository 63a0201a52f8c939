-- Schema 9. What the operator looks at, answered without reading a million rows.

ALTER TABLE editions ADD COLUMN recipients INTEGER;        -- frozen with it; null for a skipped slot
UPDATE editions SET recipients = (SELECT count(*) FROM deliveries WHERE edition_id = editions.id)
 WHERE number IS NOT NULL;

-- Neither costs a letter that goes out without trouble more than a look; `deliveries_open` has the rest.
CREATE INDEX deliveries_not_sent ON deliveries (state, edition_id, id, due_at)
  WHERE state = 'deferred' OR state = 'unknown' OR state = 'bounced' OR state = 'expired' OR state = 'suppressed';
CREATE INDEX deliveries_leased ON deliveries (edition_id) WHERE lease_until IS NOT NULL;

CREATE INDEX posts_missing ON posts (source_id) WHERE missing_since IS NOT NULL;
CREATE INDEX subscribers_by_creation ON subscribers (created_at);
CREATE INDEX subscribers_by_erasure ON subscribers (erased_at) WHERE erased_at IS NOT NULL;

-- Subscriptions by digest and state, counted as they change. Whoever inserts one counts it.
CREATE TABLE readership (
  digest  TEXT NOT NULL,
  state   TEXT NOT NULL,
  count   INTEGER NOT NULL,
  PRIMARY KEY (digest, state)
) STRICT, WITHOUT ROWID;
INSERT INTO readership SELECT digest, state, count(*) FROM subscriptions GROUP BY digest, state;

CREATE TRIGGER readership_changes AFTER UPDATE OF digest, state ON subscriptions
  WHEN NEW.state <> OLD.state OR NEW.digest <> OLD.digest
BEGIN
  UPDATE readership SET count = count - 1 WHERE digest = OLD.digest AND state = OLD.state;
  INSERT INTO readership VALUES (NEW.digest, NEW.state, 1)
    ON CONFLICT (digest, state) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER readership_shrinks AFTER DELETE ON subscriptions
BEGIN
  UPDATE readership SET count = count - 1 WHERE digest = OLD.digest AND state = OLD.state;
END;
