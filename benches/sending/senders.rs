//! The senders that are compared: the product, the product's connection without its ledger, and the usual way.

use std::time::{Duration, Instant};

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::PoolConfig;
use lettre::{Message, SmtpTransport, Transport};
use moabom::clock::Clock;
use moabom::compose::links::unsubscribe_url;
use moabom::compose::{CompiledLetter, LetterHead, Origin, Personal};
use moabom::deliver::{self, DeliverSettings, Deps, LetterSettings, Session};
use moabom::model::Sender;
use moabom::model::edition::Content;
use moabom::model::subscriber::SubscriptionState;
use moabom::model::token::SecretKey;
use moabom::model::{EditionId, EmailAddress, SubscriberId, SuppressionKey};
use moabom::render::slot::Slot;
use moabom::smtp::{Connection, RelaySettings, Timeouts, TlsContext, TlsMode};
use moabom::store::Store;
use moabom::store::deliveries::UnknownPolicy;
use moabom::store::editions::NewEdition;
use moabom::store::subscribers::NewSubscriber;
use tokio_util::sync::CancellationToken;

use crate::measure::{own_cpu, print};

const DIGEST: &str = "weekly";

fn key() -> SecretKey {
    SecretKey::new(1, &[7; 32])
}

fn sender() -> Sender {
    Sender {
        name: "모아봄".to_owned(),
        email: EmailAddress::parse("news@sender.example").expect("an address"),
        reply_to: None,
        phone: None,
        address: None,
    }
}

/// HTML and text of a letter whose encoded size is about 60 KB, with `name` and `link` where the personal parts go.
fn parts(name: &str, link: &str) -> (String, String) {
    let line = "<p>오래된 동네 서점이 살아남는 세 가지 방법을 주인들에게 물었다.</p>\n";
    let html = format!(
        "<p>안녕하세요, {name}님!</p>\n{}<a href=\"{link}\">수신거부</a>",
        line.repeat(38_000 / line.len())
    );
    let text = format!("안녕하세요, {name}님!\n{}수신거부: {link}\n", "서점 이야기.\n".repeat(300));
    (html, text)
}

fn content() -> Content {
    let (html, text) = parts(&Slot::Name.marker(), &Slot::UnsubscribeUrl.marker());
    Content { subject: "이번 주의 글".to_owned(), preheader: "서점 이야기".to_owned(), html, text }
}

fn relay(port: u16, connections: usize) -> RelaySettings {
    RelaySettings {
        host: "127.0.0.1".to_owned(),
        port,
        tls: TlsMode::None,
        ca_file: None,
        login: None,
        hello: Some("sender.example".to_owned()),
        connections,
        messages_per_connection: usize::MAX,
        per_second: None,
        timeouts: Timeouts::default(),
    }
}

/// A store with an edition for `count` subscribers. Returns how long the freezing took.
pub fn frozen(folder: &std::path::Path, count: usize, clock: &Clock) -> (Store, Duration) {
    let now = clock.now();
    let store = Store::open(&folder.join("bench.sqlite"), now).expect("a store");
    let suppressions = SuppressionKey::of(&[key()]).expect("a key");
    for from in (0..count).step_by(20_000) {
        let key = suppressions.clone();
        let added = store.write(move |ledger| {
            let digests = [DIGEST.to_owned()];
            for n in from..(from + 20_000).min(count) {
                let new = NewSubscriber {
                    address: &EmailAddress::parse(&format!("reader{n}@d{}.example", n % 97))
                        .expect("an address"),
                    name: None,
                    digests: &digests,
                    state: SubscriptionState::Active,
                    consent_at: now - chrono::Duration::days(1),
                    source: "bench",
                    wording: "bench",
                };
                ledger.add_subscriber(&new, &key, now)?;
            }
            Ok(())
        });
        added.expect("added");
    }
    let new = NewEdition {
        digest: DIGEST.to_owned(),
        number: 1,
        slot_at: now,
        cutoff_at: now,
        frozen_at: now,
        content: content(),
        posts: vec![],
    };
    let start = Instant::now();
    store.write(move |ledger| ledger.freeze(&new)).expect("frozen");
    (store, start.elapsed())
}

/// The product: claims, splices, sends, records.
pub fn ours(port: u16, messages: usize, connections: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::System;
    let (store, _) = frozen(folder.path(), messages, &clock);
    let deps = Deps {
        relay: relay(port, connections),
        tls: TlsContext::new(&relay(port, connections)).expect("trust"),
        settings: DeliverSettings::new(sender().email),
        letters: LetterSettings {
            sender: sender(),
            newsletter: "모아봄".to_owned(),
            zone: chrono_tz::Asia::Seoul,
            key: key(),
            public_url: Some("https://news.sender.example/".parse().expect("a URL")),
            signer: None,
        },
        suppressions: SuppressionKey::of(&[key()]).expect("a key"),
        store,
    };
    let session = Session::start(&deps.store, clock.now(), UnknownPolicy::RetryOnce).expect("a session");
    let (cpu, start) = (own_cpu(), Instant::now());
    let report = deliver::run_once(deps, &session, &clock, CancellationToken::new(), |_| {}).expect("sent");
    assert_eq!(report.sent as usize, messages, "{report:?}");
    print(start.elapsed(), own_cpu() - cpu);
}

/// The same letters over the same connections, nothing recorded.
pub fn unrecorded(port: u16, messages: usize, connections: usize) {
    let head = LetterHead {
        sender: sender(),
        newsletter: "모아봄".to_owned(),
        digest: DIGEST.to_owned(),
        date: Clock::System.now(),
        zone: chrono_tz::Asia::Seoul,
        origin: Origin::Edition(EditionId(1)),
    };
    let letter = std::rc::Rc::new(CompiledLetter::new(&head, &content(), &key(), None).expect("a letter"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (cpu, start) = (own_cpu(), Instant::now());
    let tasks = tokio::task::LocalSet::new();
    for lane in 0..connections {
        let letter = std::rc::Rc::clone(&letter);
        tasks.spawn_local(async move {
            let settings = relay(port, connections);
            let tls = TlsContext::new(&settings).expect("trust");
            let public = "https://news.sender.example/".parse().expect("a URL");
            let mut connection = Connection::open(&settings, &tls).await.expect("a connection");
            let mut bytes = Vec::new();
            for n in (lane..messages).step_by(connections) {
                let to = EmailAddress::parse(&format!("reader{n}@d{}.example", n % 97)).expect("an address");
                let subscriber = SubscriberId(n as i64 + 1);
                let url = unsubscribe_url(&public, &key(), subscriber, EditionId(1));
                let personal = Personal {
                    to: &to,
                    name: None,
                    unsubscribe_url: Some(&url),
                    consented_on: Some("2026년 11월 2일 (월)"),
                    subscriber,
                };
                letter.write(&personal, &mut bytes).expect("composed");
                connection
                    .envelope("news@sender.example", to.as_str(), bytes.len(), false)
                    .await
                    .expect("taken");
                connection.body(&mut bytes).await.expect("sent");
            }
        });
    }
    runtime.block_on(tasks);
    print(start.elapsed(), own_cpu() - cpu);
}

/// The usual way: a template engine and a message builder per recipient, a pooled transport, threads.
pub fn naive(port: u16, messages: usize, connections: usize) {
    let (html, text) = parts("{{ name }}", "{{ link }}");
    let mut tera = tera::Tera::default();
    tera.add_raw_templates([("letter.html", html), ("letter.txt", text)]).expect("templates");
    let pool = PoolConfig::new().max_size(connections as u32);
    let transport = SmtpTransport::builder_dangerous("127.0.0.1").port(port).pool_config(pool).build();
    let (cpu, start) = (own_cpu(), Instant::now());
    std::thread::scope(|scope| {
        for lane in 0..connections {
            let (tera, transport) = (&tera, transport.clone());
            scope.spawn(move || {
                let from: Mailbox = "모아봄 <news@sender.example>".parse().expect("a mailbox");
                for n in (lane..messages).step_by(connections) {
                    let mut values = tera::Context::new();
                    values.insert("name", "구독자");
                    values.insert("link", &format!("https://news.sender.example/unsubscribe/{n}"));
                    let html = tera.render("letter.html", &values).expect("rendered");
                    let text = tera.render("letter.txt", &values).expect("rendered");
                    let message = Message::builder()
                        .from(from.clone())
                        .to(format!("reader{n}@d{}.example", n % 97).parse().expect("a mailbox"))
                        .subject("이번 주의 글")
                        .multipart(MultiPart::alternative_plain_html(text, html))
                        .expect("built");
                    transport.send(&message).expect("sent");
                }
            });
        }
    });
    print(start.elapsed(), own_cpu() - cpu);
}
