//! Effect: looks at what lies outside: relay, DNS, web, another clock. Side by side, each with its own limit.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::Result;
use url::{Host, Url};

use super::{DoctorArgs, page};
use crate::clock::{Clock, Instant};
use crate::compose::dkim::{DkimSettings, Signer};
use crate::config::Config;
use crate::dns::Dns;
use crate::doctor::relay::{Stop, Target};
use crate::doctor::spf::{self, Question, Zone};
use crate::doctor::web::Fetched;
use crate::doctor::{Answer, Finding, dkim, dmarc, place, relay, sender, web};
use crate::model::delivery::Stage;
use crate::model::reply::Cause;
use crate::smtp::{Connection, RelaySettings, Timeouts, TlsContext, TlsMode};

/// Questions about one SPF record, so that a hostile one comes to an end.
const MOST_QUESTIONS: usize = 60;
/// A token of the right shape that is nobody's: its page shows the button and no address.
const NOBODY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// What only our page holds.
const OUR_FORM: &str = "name=\"by\" value=\"page\"";

/// All looks, in the order in which they are told.
pub(super) fn examine(
    config: &Config,
    args: &DoctorArgs,
    last_record: Option<Instant>,
    clock: &Clock,
) -> Result<Vec<Finding>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let findings = runtime.block_on(async {
        let dns = Dns::new(args.resolver, args.timeout);
        let (outside, way_out, there) = tokio::join!(
            mail(config, dns, args.timeout),
            way_out(config, args.timeout),
            other_clock(&config.masthead.newsletter.home, args.timeout),
        );
        let mut findings = outside;
        findings.extend(way_out);
        findings.extend(place::time(clock.now(), last_record, &there));
        findings
    });
    // A name look-up of the system may hang on in its thread; nobody waits for it.
    runtime.shutdown_background();
    Ok(findings)
}

/// The relay and the records of the sender's domain.
async fn mail(config: &Config, dns: Dns, limit: Duration) -> Vec<Finding> {
    let domain = config.masthead.sender.email.domain();
    let trap = sender::mailbox(domain, &config.relay.host);
    let dns = match &trap {
        Some(_) => dns,
        None => dns.unless_cut_off(domain).await,
    };
    let dns = &dns;
    let records = async {
        // Records of a public mailbox are not ours to set.
        match &trap {
            Some(_) => Vec::new(),
            None => records(domain, config.dkim.as_ref(), dns).await,
        }
    };
    let ((relay_finding, calls_itself), records) = tokio::join!(session(&config.relay, limit), records);
    let mut findings = vec![relay_finding];
    match trap {
        Some(trap) => findings.push(trap),
        None => {
            let relay = addresses(&config.relay.host, calls_itself.as_deref(), dns).await;
            findings.push(spf::judge(domain, &spf_zone(domain, dns, limit).await, &relay));
            findings.extend(records);
            findings.extend(reverse(&relay, calls_itself.as_deref(), dns).await);
        }
    }
    findings
}

/// Connects, secures, logs in and says goodbye; what the relay calls itself. No MAIL FROM is ever said.
async fn session(settings: &RelaySettings, limit: Duration) -> (Finding, Option<String>) {
    let target = Target {
        host: settings.host.clone(),
        port: settings.port,
        plain: settings.tls == TlsMode::None,
        has_login: settings.login.is_some(),
    };
    let settings =
        RelaySettings { timeouts: Timeouts { connect: limit, ..Timeouts::default() }, ..settings.clone() };
    let tls = match TlsContext::new(&settings) {
        Ok(tls) => tls,
        Err(error) => {
            let finding =
                Finding::mend("릴레이", format!("{}:{}", target.host, target.port), error.to_string());
            return (finding.advise("그 파일을 고치거나 설정에서 지우세요."), None);
        }
    };
    let opened = tokio::time::timeout(limit * 4, Connection::open(&settings, &tls)).await;
    let (outcome, name) = match opened {
        Ok(Ok(connection)) => {
            let name = connection.offers().name.clone();
            connection.quit().await;
            (Ok(()), name)
        }
        Ok(Err(failure)) => {
            let tls = tls.refused();
            (Err(Stop { stage: failure.stage, cause: failure.cause, reply: failure.reply, tls }), None)
        }
        Err(_) => (Err(Stop { stage: Stage::Connect, cause: Cause::Timeout, reply: None, tls: None }), None),
    };
    (relay::judge(&target, &outcome), name)
}

/// DKIM, DMARC and MX of `domain`.
async fn records(domain: &str, settings: Option<&DkimSettings>, dns: &Dns) -> Vec<Finding> {
    let own = settings.and_then(|settings| Signer::new(settings).ok()).map(|signer| signer.dns_records());
    let (mut findings, policy, exchangers, addresses) = tokio::join!(
        async {
            let mut findings = Vec::new();
            for record in own.unwrap_or_default() {
                let own = dkim::Own { zone_line: record.zone_line(), name: record.name, text: record.text };
                findings.push(dkim::judge(&own, &dns.texts(&own.name).await));
            }
            findings
        },
        async {
            let mut answers = Vec::new();
            for holder in dmarc::candidates(domain) {
                let answer = dns.texts(&format!("_dmarc.{holder}")).await;
                answers.push((holder, answer));
            }
            dmarc::judge(domain, &answers, settings.map(|settings| settings.domain.as_str()))
        },
        dns.exchangers(domain),
        dns.addresses(domain),
    );
    if settings.is_none() {
        findings.push(dkim::unsigned(domain));
    }
    findings.push(policy);
    findings.push(sender::exchangers(domain, &exchangers, &addresses));
    findings
}

/// Everything that judging the SPF record of `domain` takes.
async fn spf_zone(domain: &str, dns: &Dns, limit: Duration) -> Zone {
    let mut zone = Zone::default();
    let end = tokio::time::Instant::now() + limit * 3;
    for _ in 0..MOST_QUESTIONS {
        if tokio::time::Instant::now() > end {
            break;
        }
        match zone.next_question(domain) {
            None => break,
            Some(Question::Text(name)) => {
                let answer = dns.texts(&name).await;
                zone.texts.insert(name, answer);
            }
            Some(Question::Addresses(name)) => {
                let answer = dns.addresses(&name).await;
                zone.addresses.insert(name, answer);
            }
            Some(Question::Exchangers(name)) => {
                let answer = dns.exchangers(&name).await;
                zone.exchangers.insert(name, answer);
            }
        }
    }
    zone
}

/// The addresses the world sees the relay under, as far as they can be known.
async fn addresses(host: &str, calls_itself: Option<&str>, dns: &Dns) -> spf::Relay {
    let literal: Option<IpAddr> = host.parse().ok();
    let is_here = host == "localhost" || literal.is_some_and(|address| address.is_loopback());
    let name = match (is_here, literal) {
        (true, _) => calls_itself.filter(|name| name.contains('.') && !name.starts_with('[')),
        (false, Some(_)) => None,
        (false, None) => Some(host),
    };
    let addresses = match (name, literal) {
        (Some(name), _) => match dns.addresses(name).await {
            Answer::Records(found) => found,
            Answer::Unknown(_) => Vec::new(),
        },
        (None, Some(address)) if !is_here => vec![address],
        (None, _) => Vec::new(),
    };
    spf::Relay { host: host.to_owned(), is_here, addresses }
}

/// Only a relay on this machine may send to the world itself.
async fn reverse(relay: &spf::Relay, calls_itself: Option<&str>, dns: &Dns) -> Option<Finding> {
    let name = calls_itself.filter(|name| relay.is_here && name.contains('.') && !name.starts_with('['))?;
    let names = match relay.addresses.first() {
        Some(address) => dns.names(*address).await,
        None => Answer::Records(Vec::new()),
    };
    Some(sender::reverse(name, &relay.addresses, &names))
}

/// The page behind every letter's link.
async fn way_out(config: &Config, limit: Duration) -> Vec<Finding> {
    let Some(public) = &config.links else { return vec![web::no_address()] };
    let link = public.join(&format!("unsubscribe/{NOBODY}"));
    let fetched = match link {
        Err(error) => Fetched::Nothing(error.to_string()),
        Ok(link) => match page::get(&link, limit).await {
            Ok(seen) => Fetched::Page { status: seen.status, is_ours: seen.text.contains(OUR_FORM) },
            Err(cause) => Fetched::Nothing(cause),
        },
    };
    web::judge(public.as_str(), public.scheme() == "https", is_here(public), &fetched)
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The time that the blog's server tells.
async fn other_clock(home: &Url, limit: Duration) -> place::Elsewhere {
    let host = home.host_str().unwrap_or_default().to_owned();
    place::Elsewhere { host, time: page::get(home, limit).await.map(|seen| seen.date) }
}
