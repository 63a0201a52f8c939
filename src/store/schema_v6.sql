-- Schema 6. The last word of a person's consent ledger is read at every claim and for every row of an edition: from the
-- index alone.

DROP INDEX consents_by_subscriber;
CREATE INDEX consents_by_subscriber ON consents (subscriber_id, at, id, act, digest);
