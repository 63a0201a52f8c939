//! Effect: what is exported of each table, and what each field says to whoever reads the files.

use super::Kind::{Flag, Hex, Instant, Json, Number, Text};
use super::{Field, Kind, Noun};

const fn field(name: &'static str, kind: Kind, meaning: &'static str) -> Field {
    Field { name, kind, meaning }
}

const ID: Field = field("id", Number, "번호");
const EDITION: Field = field("edition_id", Number, "발행호 (editions의 id)");
const POST: Field = field("post_id", Number, "글 (posts의 id)");
const SUBSCRIBER: Field = field("subscriber_id", Number, "구독자 (subscribers의 id)");
const REACTIONS: Field = field("reactions", Number, "반응 수");
const COMMENTS: Field = field("comments", Number, "댓글 수");
const EMOJI: Field = field("emoji", Json, "본 이모지(symbol)와, 알 때는 그 수(count)");

/// Tables of which nothing is taken, and why.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("meta", "이 저장소 자신의 번호와 자리"),
    ("breakers", "지금 막혀 있는 보내는 길. 다른 곳에서는 뜻이 없어요"),
    ("signups", "신청이 몰리는 것을 막으려고 잠시 두는 시각"),
    ("readership", "구독을 세어 둔 수"),
    ("signup_hours", "신청이 몰리는 것을 막으려고 세는 수"),
    ("asked_mails", "한 주소에 하루 한 통만 보내려고 하루 동안 두는 해시"),
    ("address_changes", "아직 확인되지 않은 새 주소와 바뀌기 전의 주소. 사흘 안에 저절로 지워져요"),
    ("leaving", "subscribers의 leaving_since에 담았어요"),
    ("operator_mails", "운영자에게 보낸 알림. 승인 링크의 토큰이 들어 있을 수 있어요"),
];

/// What is taken, in the order in which it can be read back: nothing refers to a later file.
pub const NOUNS: &[Noun] = &[
    SOURCES,
    POSTS,
    OBSERVATIONS,
    EDITIONS,
    EDITION_POSTS,
    APPROVALS,
    SUBSCRIBERS,
    SUBSCRIPTIONS,
    WORDINGS,
    CONSENTS,
    SUPPRESSIONS,
    NOTICES,
    DELIVERIES,
    ATTEMPTS,
];

const SOURCES: Noun = Noun {
    name: "sources",
    meaning: "출처: 글을 가져온 곳",
    fields: &[
        ID,
        field("name", Text, "설정에 적은 이름"),
        field("title", Text, "블로그가 스스로 쓰는 이름"),
        field("description", Text, "블로그의 설명"),
        field("first_read_at", Instant, "처음 읽은 때"),
        field("last_read_at", Instant, "마지막으로 읽은 때"),
    ],
    columns: &[],
    from: "sources ORDER BY id",
};

const POSTS: Noun = Noun {
    name: "posts",
    meaning: "글",
    fields: &[
        ID,
        field("source_id", Number, "출처 (sources의 id)"),
        field("identity", Text, "그 출처에서 글을 알아보는 이름"),
        field("ingest_order", Number, "들어온 차례. 클수록 새 글"),
        field("title", Text, "제목"),
        field("author", Text, "쓴 사람"),
        field("url", Text, "주소"),
        field("published_at", Instant, "올린 때. 출처가 알려 줄 때만"),
        field("first_seen_at", Instant, "처음 본 때"),
        field("baseline", Flag, "처음 읽을 때 이미 있던 글인지"),
        field("missing_since", Instant, "목록에서 보이지 않게 된 때"),
        field("hidden_at", Instant, "운영자가 숨긴 때"),
        field("pinned_at", Instant, "운영자가 고정한 때"),
        field("reactions", Number, "마지막으로 본 반응 수"),
        field("comments", Number, "마지막으로 본 댓글 수"),
        EMOJI,
        field("body", Text, "본문"),
    ],
    columns: &[],
    from: "posts ORDER BY id",
};

const OBSERVATIONS: Noun = Noun {
    name: "observations",
    meaning: "관측: 어느 때에 본 글의 반응과 댓글. 달라졌을 때만 적어요",
    fields: &[ID, POST, field("observed_at", Instant, "본 때"), REACTIONS, COMMENTS, EMOJI],
    columns: &[],
    from: "observations ORDER BY id",
};

const EDITIONS: Noun = Noun {
    name: "editions",
    meaning: "발행호와 건너뛴 예정 시각",
    fields: &[
        ID,
        field("digest", Text, "다이제스트 이름"),
        field("number", Number, "제 몇 호. 건너뛴 것은 null"),
        field("slot_at", Instant, "예정 시각"),
        field("state", Text, "sending 보내는 중, paused 멈춤, done 마침, cancelled 취소, skipped 건너뜀"),
        field("reason", Text, "멈추거나 건너뛴 까닭"),
        field("cutoff_at", Instant, "여기까지의 글과 반응을 보았어요"),
        field("frozen_at", Instant, "내용과 받는 사람을 굳힌 때"),
        field("best_of", Text, "이 다이제스트를 덜 자주 받기로 한 독자에게 보낸 모음일 때 그 이름"),
        field("subject", Text, "제목"),
        field("preheader", Text, "미리보기 글"),
        field("letter", Text, "편지 파일의 이름. 끝에 .html, .txt, .eml이 붙어요"),
    ],
    columns: &[("letter", "CASE WHEN html IS NOT NULL THEN printf('letters/%06d', id) END")],
    from: "editions ORDER BY id",
};

const EDITION_POSTS: Noun = Noun {
    name: "edition_posts",
    meaning: "발행호에 실은 글",
    fields: &[
        EDITION,
        field("position", Number, "실은 차례"),
        POST,
        field("section", Text, "꼭지: pinned 고정, new 새 글, top 반응이 많았던 글, late 뒤늦게 뜬 글"),
        field("score", Number, "고를 때의 점수"),
        field("why", Text, "고른 까닭"),
        field("title", Text, "실을 때의 제목"),
    ],
    columns: &[],
    from: "edition_posts ORDER BY edition_id, position",
};

const APPROVALS: Noun = Noun {
    name: "approvals",
    meaning: "보내기 전에 운영자에게 물어본 것",
    fields: &[
        EDITION,
        field("decide_at", Instant, "그때까지 답이 없으면 silence대로 해요"),
        field("lapses_at", Instant, "그 뒤에는 보내지 않아요"),
        field("silence", Text, "답이 없을 때: send 보내기, skip 건너뛰기"),
        field("word", Text, "운영자의 답: send, skip"),
        field("said_at", Instant, "답한 때"),
        field("settled_at", Instant, "그대로 한 때"),
    ],
    columns: &[],
    from: "approvals ORDER BY edition_id",
};

const SUBSCRIBERS: Noun = Noun {
    name: "subscribers",
    meaning: "구독자. 떠난 사람은 번호와 날짜만 남아요",
    fields: &[
        ID,
        field("address", Text, "메일 주소. 지운 사람은 null"),
        field("name", Text, "이름"),
        field("created_at", Instant, "등록한 때"),
        field("erased_at", Instant, "주소와 이름을 지운 때"),
        field("joined_at", Instant, "보내도 되는 동의를 처음 한 때. 확인하지 않은 신청은 null"),
        field("left_at", Instant, "동의를 거둔 때"),
        field("leaving_since", Instant, "그만 받겠다고 했고, 알린 뒤 곧 지워질 사람이면 그 때"),
    ],
    columns: &[("leaving_since", "(SELECT l.since FROM leaving l WHERE l.subscriber_id = subscribers.id)")],
    from: "subscribers ORDER BY id",
};

const SUBSCRIPTIONS: Noun = Noun {
    name: "subscriptions",
    meaning: "구독: 한 사람과 다이제스트 하나",
    fields: &[
        SUBSCRIBER,
        field("digest", Text, "다이제스트 이름"),
        field("state", Text, "pending 확인 대기, active 구독 중, paused 쉬는 중, unsubscribed 끝남"),
        field("since", Instant, "이 상태가 된 때"),
        field("resumes_at", Instant, "쉬는 중이면 저절로 다시 시작할 때"),
        field("pace", Text, "every 매번, monthly 월간 모음으로"),
    ],
    columns: &[],
    from: "subscriptions ORDER BY digest, subscriber_id",
};

const WORDINGS: Noun = Noun {
    name: "wordings",
    meaning: "동의할 때 보여 준 글",
    fields: &[
        field("wording", Text, "consents의 wording이 가리키는 이름"),
        field("shown", Text, "보여 준 글 그대로"),
    ],
    columns: &[],
    from: "wordings ORDER BY wording",
};

const CONSENTS: Noun = Noun {
    name: "consents",
    meaning: "동의 장부: 적기만 하고 고치거나 지우지 않아요",
    fields: &[
        ID,
        SUBSCRIBER,
        field("digest", Text, "다이제스트. null이면 모두"),
        field("act", Text, "granted 동의, confirmed 확인, withdrawn 철회, notified 알림"),
        field("at", Instant, "일어난 때"),
        field("recorded_at", Instant, "장부에 적은 때"),
        field("source", Text, "어디서 알았는지: web, cli, import:파일, one-click, mail, smtp"),
        field("wording", Text, "동의한 문구. wordings에 있으면 보여 준 글이 그곳에 있어요"),
    ],
    columns: &[],
    from: "consents ORDER BY id",
};

const SUPPRESSIONS: Noun = Noun {
    name: "suppressions",
    meaning: "발송 금지. 주소가 아니라 비밀 키로 만든 해시라, 키 없이는 누구인지 알 수 없어요",
    fields: &[
        field("address_hash", Hex, "작은 글자로 고친 주소의 HMAC-SHA-256을 128비트로 자른 것"),
        field(
            "reason",
            Text,
            "withdrawn 수신거부, hard_bounce 없는 주소, complaint 스팸 신고, manual 운영자가 막음",
        ),
        field("at", Instant, "적은 때"),
    ],
    columns: &[],
    from: "suppressions ORDER BY address_hash",
};

const NOTICES: Noun = Noun {
    name: "notices",
    meaning: "통지: 한 사람에게 그 사람의 구독에 대해 보낸 메일",
    fields: &[
        ID,
        field(
            "kind",
            Text,
            "confirm 구독 확인, welcome 동의 결과, goodbye 철회 결과, renewal 2년마다의 확인, address_change 새 주소의 확인, moved 예전 주소에 알림",
        ),
        SUBSCRIBER,
        field("digest", Text, "다이제스트. null이면 모두"),
        field("about", Instant, "어느 때의 일에 대한 것인지"),
        field("subject", Text, "제목"),
        field(
            "text",
            Text,
            "법이 정한 통지의 본문. 확인 메일은 링크에 토큰이 있어 담지 않고, 지운 사람의 것은 없어요",
        ),
        field("created_at", Instant, "쓴 때"),
        field("expires_at", Instant, "그 뒤에는 쓸모가 없는 때"),
    ],
    // The slots of render::slot, filled for nobody in particular. Other kinds hold links that act for their reader.
    columns: &[(
        "text",
        "CASE WHEN kind IN ('welcome', 'goodbye', 'renewal') AND text <> '' THEN
           replace(replace(text, char(57344) || 'unsubscribe_url' || char(57345), '(개인 수신거부 링크)'),
                   char(57344) || 'name' || char(57345), '구독자') END",
    )],
    from: "notices ORDER BY id",
};

const DELIVERIES: Noun = Noun {
    name: "deliveries",
    meaning: "발송: 한 사람에게 보낸(보낼) 편지나 통지 하나",
    fields: &[
        ID,
        field("kind", Text, "edition 발행호, notice 통지"),
        EDITION,
        field("notice_id", Number, "통지 (notices의 id)"),
        SUBSCRIBER,
        field(
            "state",
            Text,
            "sent 서버가 받음, bounced 반송, expired 기한 지남, suppressed 보내지 않음, unknown 모름, queued·deferred 기다림, leased·in_flight 보내는 중",
        ),
        field("due_at", Instant, "다음에 보낼 때. 사람이 정하기를 기다리면 null"),
        field("attempts", Number, "헤아린 시도 수"),
        field("message_id", Text, "메일의 Message-ID"),
        field("last_reply", Text, "서버의 마지막 대답"),
        field("changed_at", Instant, "상태가 바뀐 때"),
    ],
    columns: &[("due_at", "nullif(due_at, 9223372036854775807)")],
    from: "deliveries ORDER BY id",
};

const ATTEMPTS: Noun = Noun {
    name: "attempts",
    meaning: "시도: SMTP로 한 번 보내 본 것. 적기만 해요",
    fields: &[
        ID,
        field("delivery_id", Number, "발송 (deliveries의 id)"),
        field("started_at", Instant, "시작한 때"),
        field("ended_at", Instant, "끝난 때"),
        field("stage", Text, "어디까지 갔는지: connect, ehlo, tls, auth, mail, rcpt, data, body, dot"),
        field("result", Text, "sent, deferred, bounced, suppressed, expired, unknown"),
        field("reply", Text, "서버의 대답이나 그 까닭"),
    ],
    columns: &[],
    from: "attempts ORDER BY id",
};
