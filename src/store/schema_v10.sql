-- Schema 10. From when to when a person is on the list: an address written into a form is on none before it is confirmed.

ALTER TABLE subscribers ADD COLUMN joined_at INTEGER;      -- the first consent that a letter may go out by
ALTER TABLE subscribers ADD COLUMN left_at INTEGER;        -- the withdrawal of whoever had joined
-- An import may leave its people pending: its consent counts only where a subscription is on, or was withdrawn from.
UPDATE subscribers SET joined_at = (SELECT min(c.at) FROM consents c WHERE c.subscriber_id = subscribers.id
   AND (c.act = 'confirmed' OR c.act = 'granted' AND c.source <> 'web' AND (
          EXISTS (SELECT 1 FROM subscriptions s WHERE s.subscriber_id = c.subscriber_id
                     AND (c.digest IS NULL OR s.digest = c.digest) AND s.state IN ('active', 'paused'))
          OR EXISTS (SELECT 1 FROM consents w WHERE w.subscriber_id = c.subscriber_id AND w.act = 'withdrawn'
                        AND (c.digest IS NULL OR w.digest IS NULL OR w.digest = c.digest) AND w.at >= c.at))));
UPDATE subscribers SET left_at = coalesce((SELECT max(at) FROM consents WHERE subscriber_id = subscribers.id
                                              AND act = 'withdrawn'), erased_at)
 WHERE joined_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM subscriptions
                                              WHERE subscriber_id = subscribers.id AND state IN ('active', 'paused'));

DROP INDEX subscribers_by_creation;
DROP INDEX subscribers_by_erasure;
CREATE INDEX subscribers_by_joining ON subscribers (joined_at) WHERE joined_at IS NOT NULL;
CREATE INDEX subscribers_by_leaving ON subscribers (left_at) WHERE left_at IS NOT NULL;
