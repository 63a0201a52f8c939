//! moabom (모아봄): a newsletter digest generator and mailer for the owner of a Korean blog.
//!
//! This page is the architecture document: the flow, who may use whom, the words, and the walk of one edition.
//!
//! # The flow
//!
//! ```text
//! source ─ingest→ [posts, observations] ─publish: schedule → select → render→ [editions + deliveries]   one transaction
//! [deliveries] ─deliver: claim → compose → smtp → retry→ [attempts, delivery state]
//! web ─feedback→ [consents, subscriptions, suppressions] ─read again at every claim─┘
//! ```
//!
//! A pure core in an imperative shell. The steps ([`ingest`], [`publish`], [`deliver`], [`feedback`], [`notify`], [`inform`]) never call
//! each other: they meet in the tables of the store. So each can be run by hand, be killed at any moment, and be run again.
//!
//! # Rooms
//!
//! | room | kind | what is at home there |
//! | --- | --- | --- |
//! | [`model`] | pure | the nouns: ids, addresses, posts, editions, deliveries, tokens |
//! | [`korean`] | pure | particles, dates, counts, sentences, excerpts, reading time, width |
//! | [`schedule`] | pure | cron, zone, last slot and now → the due slot, and the late rule |
//! | [`select`] | pure | candidates, rules, history and now → a selection with a reason for each candidate |
//! | [`render`] | pure | a letter's view → subject, preheader, HTML and text, with typed slots for personal parts |
//! | [`compose`] | pure | rendered content and one recipient → the bytes of one message; DKIM |
//! | [`retry`] | pure | a reply and its stage → who is meant; attempts and age → the next step |
//! | [`doctor`] | pure | what a look at the set-up saw → findings with reason and remedy |
//! | [`law`] | pure | the subject mark and what else the law asks of a letter |
//! | [`source`] | effect | fetching; one file per format; which fetched post is which known one |
//! | [`smtp`] | effect | one owned connection, driven stage by stage |
//! | [`store`] | effect | all SQL; one file per noun; one writer thread with group commit, readers apart |
//! | [`dns`] | effect | asking a name server, with a limit on each question |
//! | [`web`] | effect | the reader's pages (sign-up, preferences, leaving, the archive) and the operator's; they write rows and never send |
//! | [`ingest`], [`publish`], [`deliver`], [`feedback`], [`notify`], [`inform`] | effect | the steps, each a `run_once(deps, now)` |
//! | [`status`] | effect | how everything stands, and the words for it: the terminal and the operator's page show it |
//! | [`daemon`] | effect | supervision: a task per step, the stop, the end of all when one dies |
//! | [`config`] | effect | raw → checked; every fault at once with its place and what to do |
//! | [`cli`], [`demo`] | effect | arguments → step → print; the demo's sample blog and inbox |
//! | [`clock`] | effect | the only place that reads the time |
//!
//! # Who may use whom
//!
//! Pure rooms use pure rooms alone: no store, socket, file, clock or randomness. SQL stands only in [`store`], lettre only
//! in [`compose`] and [`smtp`], hickory only in [`dns`], axum only in [`web`], tera only in [`render`] and [`web`]. Nothing below [`cli`] and
//! [`daemon`] sees the whole configuration; each room takes its own small settings struct. `tests/suite/architecture.rs`
//! keeps these rules, and `clippy.toml` bans the calls, each with its reason.
//!
//! # Words
//!
//! A **source** (출처) lists **posts** (글). An **observation** (관측) is what was seen of a post's **reactions** (반응) and
//! comments at an instant. A **digest** (다이제스트) is a configured series; a **slot** (예정 시각) is an instant its
//! schedule fell due; an **edition** (발행호) is what one slot published: frozen and numbered. A **subscriber** (구독자) has
//! **subscriptions** (구독) to digests and **consents** (동의), an append-only ledger. A **suppression** (발송 금지) is a
//! keyed hash of an address never to be mailed. A **delivery** (발송) is one edition for one subscriber; an **attempt**
//! (시도) is one SMTP transaction of it.
//!
//! # The walk of one edition
//!
//! 1. [`ingest::run_once`] gives each post of a fetched page its identity and writes an observation where something changed.
//! 2. [`publish::run_once`] asks [`schedule`] what is due, reads the candidates, lets [`select`] judge each of them, and
//!    [`render`] draws the letter once, with markers where the personal parts go. In one transaction the slot, the number,
//!    the content and a delivery row for each subscriber are frozen; of two publishers at once one wins.
//! 3. [`deliver::run_once`] claims a few rows at a time, reading consent and suppression again. [`compose`] splices one
//!    recipient's parts into bytes encoded once. [`smtp`] drives the transaction; the intent (`in_flight`) is committed
//!    before the packet with the final dot, the result before the connection's next transaction.
//! 4. A 250 after the dot makes the row `sent`. Any other answer goes through [`retry`]: who is meant (the relay, the
//!    sender, the destination, the recipient, the letter), and what follows. A connection lost between the dot and its
//!    answer makes the row `unknown`, which the operator sees.
//! 5. What the law wants told of a consent or a withdrawal is written by [`notify`] as a notice, and delivered as 3 and 4 say.
//! 6. A withdrawal through [`web`] is applied by [`feedback`]; no MAIL FROM for that address follows its commit.

pub mod cli;
pub mod clock;
pub mod compose;
pub mod config;
pub mod daemon;
pub mod deliver;
pub mod demo;
pub mod dns;
pub mod doctor;
pub mod feedback;
pub mod inform;
pub mod ingest;
pub mod korean;
pub mod law;
pub mod model;
pub mod notify;
pub mod publish;
pub mod render;
pub mod retry;
pub mod schedule;
pub mod select;
pub mod smtp;
pub mod source;
pub mod status;
pub mod store;
pub mod web;
