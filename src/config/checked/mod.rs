//! Effect: the tree as a [`Config`]: each section by its reader, and what must hold between them. Secrets' files are read.

mod admin;
mod digest;
mod holidays;
mod masthead;
mod relay;
mod rest;
mod source;

use chrono_tz::Tz;

use super::Config;
use super::env::Environment;
use super::findings::Findings;
use super::raw::Table;
use super::report::Place;
use super::section::Section;
use super::value::Problem;
use crate::deliver::DeliverSettings;
use crate::publish::Masthead;

/// Zone of letters and schedules unless one is written.
const ZONE: Tz = chrono_tz::Asia::Seoul;

/// Reads everything, so that every fault is found. None only where there is a fault.
pub(super) fn check(findings: &mut Findings<'_>, root: Table, environment: &Environment) -> Option<Config> {
    let mut root = Section::root(findings, root);
    let newsletter = masthead::newsletter(root.section("newsletter"));
    let advertising = newsletter.advertising;
    let sender = masthead::sender(root.section("sender"), advertising);
    let sources = source::all(&mut root);
    let (digests, titles) = digest::all(&mut root, newsletter.zone, advertising).unzip();
    let smtp = relay::read(root.section("smtp"), environment);
    let dkim = rest::dkim(&mut root, sender.as_ref().map(|sender| sender.email.domain()));
    let web = rest::web(root.section("web"));
    let admin = admin::read(root.section("admin"));
    let privacy = rest::privacy(root.section("privacy"), sender.as_ref());
    let store = rest::store(root.section("store"));
    let templates = rest::templates(root.section("templates"));
    let law = rest::law(root.section("law"), advertising, digests.as_ref().map_or(0, Vec::len));
    let metrics = rest::metrics(root.section("metrics"));
    let operator = rest::operator(root.section("operator"));
    let log = rest::log(root.section("log"));
    let host = smtp.as_ref().map(|smtp| smtp.relay.host.as_str());
    let links = web.as_ref().and_then(|web| web.public_url.clone());
    // Whether there are links can only be told where the section that decides it is sound.
    let no_links = web.is_some() && links.is_none();
    if no_links {
        without_links(&mut root, advertising);
    }
    let asks = digests.iter().flatten().any(|digest| digest.approval.is_some());
    if asks && (operator.is_none() || no_links) {
        let what = "`approval`은 보내기 전에 운영자에게 메일로 물어보는데, 물어볼 곳이나 답할 주소가 없어요";
        let advice = "`[operator] email`에 메일 주소를, `[web] public_url`에 이 서버의 주소를 적으세요";
        root.fault_at("operator", "email", Problem::new(what, advice));
    }
    if let (Some(sender), Some(host)) = (&sender, host) {
        rest::foreign_mailbox(&mut root, sender.email.domain(), host);
    }
    root.finish();
    let (sender, smtp) = (sender?, smtp?);
    let mut relay = smtp.relay;
    relay.hello.get_or_insert_with(|| sender.email.domain().to_owned());
    let mut deliver = DeliverSettings::new(sender.email.clone());
    deliver.unknown = smtp.unknown;
    deliver.per_destination_second = smtp.per_destination_second;
    deliver.per_hour = smtp.per_hour;
    deliver.per_day = smtp.per_day;
    deliver.seeds = smtp.seeds;
    Some(Config {
        masthead: Masthead { newsletter: newsletter.checked?, sender, links: links.clone() },
        sources: sources?,
        digests: digests?,
        titles: titles?,
        relay,
        deliver,
        dkim: dkim?,
        law: law?,
        operator,
        metrics,
        web: web?,
        admin: admin?,
        privacy: privacy?,
        links,
        store: store?,
        templates: templates?,
        log: log?,
        warnings: Vec::new(),
    })
}

/// Letters would carry no web address for unsubscribing.
fn without_links(root: &mut Section<'_, '_>, advertising: Option<bool>) {
    let advice =
        "[web] `public_url`에 독자가 열 수 있는 이 서버의 주소를 적으세요. 예: `https://letter.example.com/`";
    match advertising {
        Some(true) => root.fault_at(
            "web",
            "public_url",
            Problem::new(
                "광고 편지에는 로그인 없이 누르는 수신거부 링크가 있어야 하는데 그 주소를 만들 수 없어요",
                advice,
            ),
        ),
        Some(false) => root.warning_at(
            "web",
            "public_url",
            Problem::new("수신거부 링크를 만들 주소가 없어, 편지에 수신거부 메일 주소만 실어요", advice),
        ),
        None => {}
    }
}

/// Second use of a name, told with the line of the first.
fn duplicate(seen: &mut Vec<(String, Place)>, name: &str, place: &Place) -> Option<Problem> {
    let folded = name.to_lowercase();
    if let Some((_, first)) = seen.iter().find(|(known, _)| *known == folded) {
        let first = first.line().map(|line| format!("{line}행에 ")).unwrap_or_default();
        return Some(Problem::new(
            format!("{first}이미 있는 이름이에요: `{name}`"),
            "서로 다른 이름을 붙이세요",
        ));
    }
    seen.push((folded, place.clone()));
    None
}
