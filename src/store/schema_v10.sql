-- Schema 10. From when to when a person is on the list: an address written into a form is on none before it is confirmed.

ALTER TABLE subscribers ADD COLUMN joined_at INTEGER;      -- the first consent that a letter may go out by
ALTER TABLE subscribers ADD COLUMN left_at INTEGER;        -- the withdrawal of whoever had joined
UPDATE subscribers SET joined_at = (SELECT min(at) FROM consents WHERE subscriber_id = subscribers.id
                                      AND (act = 'confirmed' OR act = 'granted' AND source <> 'web'));
UPDATE subscribers SET left_at = coalesce((SELECT max(at) FROM consents WHERE subscriber_id = subscribers.id
                                              AND act = 'withdrawn'), erased_at)
 WHERE joined_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM subscriptions
                                              WHERE subscriber_id = subscribers.id AND state IN ('active', 'paused'));

DROP INDEX subscribers_by_creation;
DROP INDEX subscribers_by_erasure;
CREATE INDEX subscribers_by_joining ON subscribers (joined_at) WHERE joined_at IS NOT NULL;
CREATE INDEX subscribers_by_leaving ON subscribers (left_at) WHERE left_at IS NOT NULL;
