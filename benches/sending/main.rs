//! The sending bench: how fast, at what cost, next to an independent sender and the usual way, all in one run.
//!
//! `cargo bench --bench sending [-- rate|delay|many]`. Figures and how to read them: `benches/README.md`.

mod measure;
mod senders;
mod sink;

use std::process::Command;
use std::time::{Duration, Instant};

use measure::{Figure, Sink};
use moabom::clock::Clock;
use moabom::store::deliveries::ClaimRequest;

const CONNECTIONS: usize = 10;
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let number = |at: usize| arguments.get(at).and_then(|word| word.parse::<usize>().ok()).unwrap_or(0);
    match arguments.first().map(String::as_str) {
        Some("sink") => sink::serve(sink::Habit {
            delay: Duration::from_millis(number(1) as u64),
            pipelining: arguments.get(2).is_some_and(|word| word == "true"),
            quick_ack: arguments.get(3).is_some_and(|word| word == "true"),
        }),
        Some("ours") => senders::ours(number(1) as u16, number(2), number(3)),
        Some("unrecorded") => senders::unrecorded(number(1) as u16, number(2), number(3)),
        Some("naive") => senders::naive(number(1) as u16, number(2), number(3)),
        Some("rate") => rate(),
        Some("delay") => delay(),
        Some("many") => many(if number(1) == 0 { 1_000_000 } else { number(1) }),
        _ => {
            rate();
            delay();
            many(1_000_000);
        }
    }
}

/// The middle one by rate.
fn median(mut figures: Vec<Figure>) -> Figure {
    figures.sort_by(|a, b| a.rate().total_cmp(&b.rate()));
    figures[figures.len() / 2]
}

fn line(name: &str, figure: Figure, base: Option<Figure>) {
    let times = base.map_or(String::new(), |base| format!("{:.2} ×", figure.cpu_each() / base.cpu_each()));
    println!(
        "{name:<34} {:>9.0} messages/s {:>8.1} µs CPU each {times:>9} {:>8.1} MB peak",
        figure.rate(),
        figure.cpu_each(),
        figure.peak as f64 / 1024.0
    );
}

/// 60 KB letters, 10 connections, loopback, medians of five rounds that take turns.
fn rate() {
    let smtp_source = ["/usr/sbin/smtp-source", "/usr/bin/smtp-source"]
        .into_iter()
        .find(|path| std::path::Path::new(path).exists());
    let (messages, few) = (20_000, 3_000);
    let (lockstep, pipelining, quick) =
        (Sink::start(0, false, false), Sink::start(0, true, false), Sink::start(0, true, true));
    let mut rounds: [Vec<Figure>; 6] = Default::default();
    for _ in 0..ROUNDS {
        if let Some(program) = smtp_source {
            let target = format!("inet:127.0.0.1:{}", lockstep.port);
            let mut command = Command::new(program);
            command.args(["-s", "10", "-l", "60000", "-m", &messages.to_string()]);
            command.args(["-f", "news@sender.example", "-t", "reader@d.example", &target]);
            rounds[0].push(measure::program(&mut command, messages));
        }
        rounds[1].push(measure::own("ours", pipelining.port, messages, CONNECTIONS));
        rounds[2].push(measure::own("ours", lockstep.port, messages, CONNECTIONS));
        rounds[3].push(measure::own("ours", quick.port, messages, CONNECTIONS));
        rounds[4].push(measure::own("unrecorded", pipelining.port, messages, CONNECTIONS));
        rounds[5].push(measure::own("naive", lockstep.port, few, CONNECTIONS));
    }
    let base = smtp_source.map(|_| median(rounds[0].clone()));
    match base {
        Some(base) => line("smtp-source (lockstep)", base, None),
        None => println!("smtp-source is not installed: nothing to compare CPU with"),
    }
    let [ours, ours_lockstep, ours_quick, unrecorded, naive] =
        [1, 2, 3, 4, 5].map(|at| median(rounds[at].clone()));
    line("moabom, ledger on, PIPELINING", ours, base);
    line("moabom, ledger on, lockstep", ours_lockstep, base);
    line("moabom, ledger on, quick ACKs", ours_quick, base);
    line("moabom's connections, no ledger", unrecorded, base);
    line("lettre pool + tera per recipient", naive, base);
    println!("rate with ledger / without      {:.2}", ours.rate() / unrecorded.rate());
    println!("rate, ordinary / quick ACKs     {:.2}", ours.rate() / ours_quick.rate());
    println!("rate / naive                    {:.1}", ours.rate() / naive.rate());
}

/// A round trip of 20 ms: the limit is the number of round trips a message needs.
fn delay() {
    let messages = 3_000;
    let sink = Sink::start(20, true, false);
    let figure = median((0..3).map(|_| measure::own("ours", sink.port, messages, CONNECTIONS)).collect());
    let limit = CONNECTIONS as f64 / (2.0 * 0.020);
    line("moabom, 20 ms round trip", figure, None);
    println!("of connections / (2 × RTT)      {:.3}", figure.rate() / limit);
}

/// A large list: the freezing, the claims, the memory.
fn many(count: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::System;
    let (store, freezing) = senders::frozen(folder.path(), count, &clock);
    println!("freezing {count} deliveries        {:.2} s", freezing.as_secs_f64());
    let key = moabom::model::SuppressionKey::of(&[moabom::model::token::SecretKey::new(1, &[7; 32])])
        .expect("a key");
    let mut times = Vec::new();
    for _ in 0..1_000 {
        let (key, now) = (key.clone(), clock.now());
        let request = ClaimRequest { limit: 32, epoch: 1, until: now + chrono::Duration::minutes(30), now };
        let start = Instant::now();
        store.write(move |ledger| ledger.claim_next(request, &key)).expect("claimed");
        times.push(start.elapsed());
    }
    times.sort();
    println!("a claim, median / 99th percentile {:.2} / {:.2} ms", millis(times[500]), millis(times[990]));
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
