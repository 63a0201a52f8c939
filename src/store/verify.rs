//! Effect: the invariants of the design, checked by plain SQL.

use super::{Ledger, StoreError, sql};
use crate::clock::Instant;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong, in Korean.
    pub what: String,
    /// Which rows, by their numbers; at most [`SHOWN`] of them.
    pub rows: Vec<String>,
}

/// Rows named per finding.
pub const SHOWN: usize = 20;

/// A rule: what its breach means, and a query whose first column names each row that breaks it. ?1 is now.
struct Rule {
    breach: &'static str,
    query: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        breach: "데이터베이스 파일이 상했어요",
        query: "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    },
    Rule {
        breach: "다른 표의 없는 줄을 가리키고 있어요",
        query: "SELECT \"table\" || ' ' || coalesce(rowid, '') FROM pragma_foreign_key_check",
    },
    Rule {
        breach: "같은 다이제스트의 같은 예정 시각에 발행호가 둘이에요",
        query: "SELECT min(id) FROM editions GROUP BY digest, slot_at HAVING count(*) > 1",
    },
    Rule {
        breach: "발행호의 번호에 빈자리나 겹침이 있어요",
        query: "SELECT digest FROM editions WHERE number IS NOT NULL GROUP BY digest
                HAVING min(number) <> 1 OR max(number) <> count(*) OR count(DISTINCT number) <> count(*)",
    },
    Rule {
        breach: "한 구독자가 같은 발행호를 두 번 받게 되어 있어요",
        query: "SELECT min(id) FROM deliveries WHERE edition_id IS NOT NULL
                GROUP BY edition_id, subscriber_id HAVING count(*) > 1",
    },
    Rule {
        breach: "발행호를 받기로 한 사람의 수와 발송의 수가 달라요",
        query: "SELECT id FROM editions e WHERE recipients IS NOT NULL
                   AND recipients <> (SELECT count(*) FROM deliveries WHERE edition_id = e.id)",
    },
    Rule {
        breach: "적어 둔 구독의 수가 실제와 달라요",
        query: "SELECT digest || ' ' || state FROM (
                  SELECT digest, state, count FROM readership
                  UNION ALL SELECT digest, state, -count(*) FROM subscriptions GROUP BY digest, state)
                 GROUP BY digest, state HAVING sum(count) <> 0",
    },
    Rule {
        breach: "보냄으로 되어 있는데 마지막 점 뒤의 250을 받은 시도가 꼭 하나가 아니에요",
        query: "SELECT id FROM deliveries d WHERE state = 'sent' AND 1 <> (
                  SELECT count(*) FROM attempts a WHERE a.delivery_id = d.id AND a.result = 'sent' AND a.stage = 'dot')",
    },
    Rule {
        breach: "릴레이가 받았다는 기록이 있는데 보냄이 아니에요",
        query: "SELECT d.id FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
                 WHERE a.result = 'sent' AND d.state <> 'sent'",
    },
    Rule {
        breach: "받았다는 시도가 마지막 점이 아닌 단계에 있어요",
        query: "SELECT delivery_id FROM attempts WHERE result = 'sent' AND stage <> 'dot'",
    },
    Rule {
        breach: "반송이나 알 수 없음으로 되어 있는데 그런 시도가 없어요",
        query: "SELECT id FROM deliveries d WHERE state IN ('bounced', 'unknown') AND NOT EXISTS (
                  SELECT 1 FROM attempts a WHERE a.delivery_id = d.id AND a.result = d.state)",
    },
    Rule {
        breach: "보내는 중으로 남아 있는데 맡은 기한이 없거나 지났어요 (다음 발송 때 정리돼요)",
        query: "SELECT id FROM deliveries WHERE state IN ('leased', 'in_flight')
                   AND (lease_until IS NULL OR lease_until < ?1)",
    },
    Rule {
        breach: "아무도 맡지 않은 발송에 기한이 남아 있어요",
        query: "SELECT id FROM deliveries WHERE state NOT IN ('leased', 'in_flight') AND lease_until IS NOT NULL",
    },
    Rule {
        breach: "끝난 발행호에 끝나지 않은 발송이 있어요",
        query: "SELECT d.id FROM deliveries d JOIN editions e ON e.id = d.edition_id WHERE e.state = 'done'
                   AND (d.state IN ('queued', 'leased', 'in_flight', 'deferred')
                        OR d.state = 'unknown' AND d.due_at < 9223372036854775807)",
    },
    Rule {
        // The withdrawal's own instant is read a little before its commit.
        breach: "철회한 뒤에 보낸 시도가 있어요",
        query: "SELECT a.delivery_id FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
                  JOIN editions e ON e.id = d.edition_id
                  JOIN consents c ON c.subscriber_id = d.subscriber_id AND c.act = 'withdrawn'
                                 AND (c.digest IS NULL OR c.digest = e.digest)
                 WHERE a.stage IN ('rcpt', 'data', 'body', 'dot') AND a.result <> 'unknown'
                   AND a.reply <> '운영자가 보낸 것으로 정했어요' AND a.started_at > c.recorded_at + 5000
                   AND NOT EXISTS (SELECT 1 FROM consents g WHERE g.subscriber_id = c.subscriber_id
                        AND g.act IN ('granted', 'confirmed') AND g.at > c.at AND g.recorded_at <= a.started_at)",
    },
    Rule {
        breach: "철회했는데 구독이 살아 있어요",
        query: "SELECT s.subscriber_id FROM subscriptions s WHERE s.state = 'active' AND 'withdrawn' = (
                  SELECT c.act FROM consents c WHERE c.subscriber_id = s.subscriber_id
                     AND (c.digest IS NULL OR c.digest = s.digest) AND c.act <> 'notified'
                   ORDER BY c.at DESC, c.id DESC LIMIT 1)",
    },
    Rule {
        breach: "지운 사람의 주소나 이름이 남아 있어요",
        query: "SELECT id FROM subscribers WHERE erased_at IS NOT NULL
                   AND (address IS NOT NULL OR address_key IS NOT NULL OR name IS NOT NULL)",
    },
    Rule {
        breach: "지운 사람의 통지에 내용이나 주소가 남아 있어요",
        query: "SELECT n.id FROM notices n JOIN subscribers p ON p.id = n.subscriber_id WHERE p.erased_at IS NOT NULL
                   AND (n.address IS NOT NULL OR n.html <> '' OR n.text <> '')",
    },
    Rule {
        breach: "통지에 그 발송이 없어요",
        query: "SELECT id FROM notices n WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.notice_id = n.id)",
    },
    Rule {
        breach: "법이 정한 통지를 보냈는데 동의 기록에 적혀 있지 않아요",
        query: "SELECT min(n.id) FROM notices n JOIN deliveries d ON d.notice_id = n.id
                 WHERE d.state = 'sent' AND n.kind IN ('welcome', 'goodbye', 'renewal')
                 GROUP BY n.subscriber_id, n.kind, n.digest
                HAVING count(*) > (SELECT count(*) FROM consents c WHERE c.subscriber_id = n.subscriber_id
                   AND c.act = 'notified' AND c.wording = n.kind AND c.digest IS n.digest)",
    },
    Rule {
        // The day in Korea and 14 more: 15 days in any zone.
        breach: "처리 결과 통지가 14일이 지나도록 나가지 않았어요",
        query: "SELECT n.id FROM notices n JOIN deliveries d ON d.notice_id = n.id
                 WHERE n.kind IN ('welcome', 'goodbye') AND n.about < ?1 - 1296000000
                   AND d.state IN ('queued', 'leased', 'in_flight', 'deferred')
                UNION ALL SELECT subscriber_id FROM leaving WHERE since < ?1 - 1296000000",
    },
    Rule {
        breach: "시도의 시작이 끝보다 늦어요",
        query: "SELECT id FROM attempts WHERE started_at > ended_at",
    },
];

/// Checks the whole store as it stands. Nothing found: every promise that SQL can see holds.
pub fn verify(ledger: &Ledger<'_>, now: Instant) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    for rule in RULES {
        let mut statement = ledger.db.prepare(rule.query).map_err(sql)?;
        let values: &[&dyn rusqlite::ToSql] =
            if statement.parameter_count() == 0 { &[] } else { &[&now.timestamp_millis()] };
        let rows: Vec<String> = statement
            .query_map(values, |row| row.get::<_, rusqlite::types::Value>(0))
            .and_then(|rows| rows.take(SHOWN).map(|value| value.map(text)).collect())
            .map_err(sql)?;
        if !rows.is_empty() {
            findings.push(Finding { what: rule.breach.to_owned(), rows });
        }
    }
    Ok(findings)
}

fn text(value: rusqlite::types::Value) -> String {
    use rusqlite::types::Value::{Blob, Integer, Null, Real, Text};
    match value {
        Integer(number) => number.to_string(),
        Real(number) => number.to_string(),
        Text(text) => text,
        Null | Blob(_) => "?".to_owned(),
    }
}
