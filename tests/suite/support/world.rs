//! A store in its own directory, a clock moved by hand, people, an edition, and a sender pointed at a scripted relay.

use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeZone;
use moabom::clock::{Clock, Instant};
use moabom::deliver::{self, DeliverError, DeliverSettings, Deps, LetterSettings, Report, Session};
use moabom::model::Sender;
use moabom::model::delivery::DeliveryState;
use moabom::model::edition::Content;
use moabom::model::subscriber::SubscriptionState;
use moabom::model::token::SecretKey;
use moabom::model::{EditionId, EmailAddress, SubscriberId, SuppressionKey};
use moabom::render::slot::Slot;
use moabom::smtp::{RelaySettings, Timeouts, TlsContext, TlsMode};
use moabom::store::deliveries::{DeliveryFilter, ListedDelivery, UnknownPolicy};
use moabom::store::editions::{Freeze, NewEdition};
use moabom::store::subscribers::NewSubscriber;
use moabom::store::verify::verify;
use moabom::store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

use super::smtp_server::SmtpServer;

pub struct World {
    pub folder: tempfile::TempDir,
    pub store: Store,
    pub clock: Clock,
    pub relay: RelaySettings,
    pub unknown: UnknownPolicy,
    pub patience: Duration,
    pub per_hour: Option<u64>,
    pub per_day: Option<u64>,
    pub per_destination_second: Option<f64>,
    pub seeds: Vec<EmailAddress>,
    pub key: SecretKey,
    slots: i64,
}

pub fn start_of_time() -> Instant {
    chrono::Utc.with_ymd_and_hms(2026, 11, 23, 0, 0, 0).single().expect("a date")
}

/// So long is a relay waited for that answers.
const PATIENT: Duration = Duration::from_secs(10);

/// For a relay that stalls, so that it costs a test little.
pub const SHORT: Duration = Duration::from_millis(150);

pub fn all_of(limit: Duration) -> Timeouts {
    Timeouts { connect: limit, command: limit, data: limit, body: limit, dot: limit }
}

pub fn relay(server: &SmtpServer) -> RelaySettings {
    RelaySettings {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        tls: TlsMode::None,
        ca_file: None,
        login: None,
        hello: Some("sender.test".to_owned()),
        connections: 1,
        messages_per_connection: 100,
        per_second: None,
        timeouts: all_of(PATIENT),
    }
}

impl World {
    pub fn new(server: &SmtpServer) -> World {
        let folder = tempfile::tempdir().expect("a directory");
        let clock = Clock::manual(start_of_time());
        let store = Store::open(&folder.path().join("moabom.db"), clock.now()).expect("a store");
        World {
            store,
            clock,
            relay: relay(server),
            unknown: UnknownPolicy::RetryOnce,
            patience: Duration::from_secs(5),
            per_hour: None,
            per_day: None,
            per_destination_second: None,
            seeds: vec![],
            key: SecretKey::new(1, &[7; 32]),
            folder,
            slots: 0,
        }
    }

    pub fn suppressions(&self) -> SuppressionKey {
        SuppressionKey::of(std::slice::from_ref(&self.key)).expect("a key")
    }

    pub fn database(&self) -> PathBuf {
        self.store.path().to_owned()
    }

    pub fn add(&self, address: &str) {
        self.add_to("weekly", address);
    }

    pub fn add_to(&self, digest: &str, address: &str) {
        let digests = [digest.to_owned()];
        let address = EmailAddress::parse(address).expect("an address");
        let (key, now) = (self.suppressions(), self.clock.now());
        let added = self.store.write(move |ledger| {
            let new = NewSubscriber {
                address: &address,
                name: None,
                digests: &digests,
                state: SubscriptionState::Active,
                consent_at: now - chrono::Duration::days(1),
                source: "test",
                wording: "test",
            };
            ledger.add_subscriber(&new, &key, now)
        });
        added.expect("added");
    }

    /// `a0@example.com` … as many as `count`.
    pub fn add_many(&self, count: usize) {
        for n in 0..count {
            self.add(&format!("a{n}@example.com"));
        }
    }

    pub fn freeze(&mut self) -> EditionId {
        self.freeze_of("weekly")
    }

    pub fn freeze_of(&mut self, digest: &str) -> EditionId {
        self.slots += 1;
        let now = self.clock.now();
        let number = self.store.read(|ledger| ledger.next_edition_number(digest, Instant::MAX_UTC));
        let (link, day) = (Slot::UnsubscribeUrl.marker(), Slot::ConsentedOn.marker());
        let new = NewEdition {
            digest: digest.to_owned(),
            number: number.expect("a number"),
            slot_at: now + chrono::Duration::seconds(self.slots),
            cutoff_at: now,
            frozen_at: now,
            content: Content {
                subject: "이번 주 글".to_owned(),
                preheader: String::new(),
                html: format!("<p>{}</p><a href=\"{link}\">수신거부</a>", "안녕하세요. ".repeat(200)),
                text: format!("안녕하세요\n.점으로 시작하는 줄\n구독하신 날 {day}\n수신거부: {link}\n"),
            },
            posts: vec![],
        };
        match self.store.write(move |ledger| ledger.freeze(&new)).expect("frozen") {
            Freeze::Frozen { edition, .. } => edition,
            other => panic!("not frozen: {other:?}"),
        }
    }

    pub fn deps(&self) -> Deps {
        let from = EmailAddress::parse("news@sender.test").expect("an address");
        let sender = Sender {
            name: "모아봄".to_owned(),
            email: from.clone(),
            reply_to: None,
            phone: None,
            address: None,
        };
        let mut settings = DeliverSettings::new(from);
        settings.unknown = self.unknown;
        settings.patience = self.patience;
        settings.per_hour = self.per_hour;
        settings.per_day = self.per_day;
        settings.per_destination_second = self.per_destination_second;
        settings.seeds.clone_from(&self.seeds);
        Deps {
            store: self.store.clone(),
            relay: self.relay.clone(),
            tls: TlsContext::new(&self.relay).expect("trust"),
            settings,
            letters: LetterSettings {
                sender,
                newsletter: "모아봄".to_owned(),
                zone: chrono_tz::Asia::Seoul,
                key: self.key.clone(),
                public_url: Some(url::Url::parse("https://news.example.com").expect("a URL")),
                signer: None,
            },
            suppressions: self.suppressions(),
        }
    }

    pub fn session(&self) -> Session {
        // A process that another test is just starting holds a copy of the lock until its exec.
        let begun = std::time::Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            match Session::start(&self.store, self.clock.now(), self.unknown) {
                Err(StoreError::Locked { .. }) => std::thread::yield_now(),
                session => return session.expect("a session"),
            }
        }
        panic!("the lock is never let go")
    }

    pub fn try_deliver(&self) -> Result<Report, DeliverError> {
        deliver::run_once(self.deps(), &self.session(), &self.clock, CancellationToken::new(), |_| {})
    }

    /// Sends what is due, then checks every invariant.
    pub fn deliver(&self) -> Report {
        let report = self.try_deliver().expect("delivered");
        self.check();
        report
    }

    pub fn wait(&self, minutes: i64) {
        self.clock.set(self.clock.now() + chrono::Duration::minutes(minutes));
    }

    pub fn rows(&self) -> Vec<ListedDelivery> {
        let mut rows = Vec::new();
        let read = self.store.read(|ledger| {
            ledger.each_delivery(DeliveryFilter::default(), &mut |row| {
                rows.push(row);
                std::ops::ControlFlow::Continue(())
            })
        });
        read.expect("rows");
        rows
    }

    pub fn states(&self) -> Vec<DeliveryState> {
        self.rows().into_iter().map(|row| row.state).collect()
    }

    pub fn row(&self, address: &str) -> ListedDelivery {
        self.rows().into_iter().find(|row| row.address.as_deref() == Some(address)).expect("a row")
    }

    pub fn check(&self) {
        let now = self.clock.now();
        let findings = self.store.read(|ledger| verify(ledger, now)).expect("verified");
        assert!(findings.is_empty(), "{findings:#?}");
        self.check_counts();
    }

    /// The counts that the store tells are those of the rows.
    fn check_counts(&self) {
        let editions = self.store.read(|ledger| ledger.editions(None)).expect("editions");
        for one in editions {
            for (state, count) in DeliveryState::ALL.iter().zip(one.counts) {
                let (id, state) = (one.edition.id, state.as_str());
                let query =
                    format!("SELECT count(*) FROM deliveries WHERE edition_id = {id} AND state = '{state}'");
                assert_eq!(count, self.number(&query), "edition {id}, {state}");
            }
        }
    }

    /// One number by plain SQL, past the store's own code.
    pub fn number(&self, query: &str) -> i64 {
        let db = rusqlite::Connection::open(self.database()).expect("the file");
        db.query_row(query, [], |row| row.get(0)).expect("a number")
    }

    /// Texts by plain SQL.
    pub fn texts(&self, query: &str) -> Vec<String> {
        let db = rusqlite::Connection::open(self.database()).expect("the file");
        let mut statement = db.prepare(query).expect("a query");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.map(|text| text.expect("a text")).collect()
    }

    /// Changes rows behind the store's back.
    pub fn meddle(&self, statement: &str) {
        let db = rusqlite::Connection::open(self.database()).expect("the file");
        db.busy_timeout(Duration::from_secs(5)).expect("a timeout");
        db.execute_batch(statement).expect("meddled");
    }

    /// Nobody was blamed: no suppression, every subscription active, every address there.
    pub fn assert_readers_untouched(&self, what: &str) {
        assert_eq!(self.number("SELECT count(*) FROM suppressions"), 0, "{what}: a suppression");
        let ended = self.number("SELECT count(*) FROM subscriptions WHERE state <> 'active'");
        assert_eq!(ended, 0, "{what}: a subscription ended");
        assert_eq!(
            self.number("SELECT count(*) FROM subscribers WHERE address IS NULL"),
            0,
            "{what}: erased"
        );
    }

    pub fn withdraw(store: &Store, key: SuppressionKey, id: i64, now: Instant) {
        let done = store.write(move |ledger| ledger.withdraw(SubscriberId(id), "test", &key, now));
        done.expect("withdrawn");
    }
}
