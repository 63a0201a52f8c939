//! Effect: signing up: the form, the same answer to everyone, and the double opt-in's one button.

pub(super) mod form;
pub(super) mod gate;

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{ConnectInfo, Extension, Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use tera::Context;

use self::form::{Faults, Form, OLD_MILLIS, QUICK_MILLIS, Wish};
use self::gate::Gate;
use super::listener::{Peer, client_of};
use super::page::Page;
use super::posted::{field, name};
use super::{PeopleSettings, Shared, drawn, in_background, unusable, well_formed};
use crate::feedback::signup::{self, Asked};
use crate::model::network::Network;
use crate::model::token;
use crate::store::signups::{Awaiting, Confirmation, SignUp};

/// What signing up works with.
pub(super) struct Desk {
    gate: Mutex<Gate>,
    /// What the consents of this form are recorded as.
    wording: String,
    /// What is agreed to.
    shown: String,
}

impl Desk {
    pub(super) fn new(people: &PeopleSettings, shown: String) -> Desk {
        Desk { gate: Mutex::default(), wording: wording(people.advertising, &shown), shown }
    }
}

/// Version of the form's wording; a new number where the meaning of its boxes changes.
const VERSION: u32 = 1;

/// The consents of the form, with the print of the text shown: what was agreed to can be told years later.
fn wording(advertising: bool, shown: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, shown.as_bytes());
    let print: String = digest.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let advertising = if advertising { ", 광고성 정보 수신" } else { "" };
    format!("구독 양식 {VERSION}판: 개인정보 수집·이용{advertising}, 만 14세 이상 ({print})")
}

/// The routes of signing up; without them the pages are missing.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/subscribe", get(ask).post(take))
        .route("/confirm/{token}", get(confirm_page).post(confirm))
}

#[derive(Serialize)]
struct DigestView<'a> {
    name: &'a str,
    title: &'a str,
    when: &'a str,
    chosen: bool,
}

/// The empty form, or with what the address says: `?digest=` chooses.
async fn ask(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    let asked = Form::parse(uri.query().unwrap_or_default().as_bytes());
    let form = Form { digests: asked.digests, ..Form::default() };
    show(&shared, Page::Subscribe, &form, &Faults::default(), None)
}

/// The form, with what was filled in; no box is ever ticked for the reader.
fn show(shared: &Shared, page: Page, form: &Form, faults: &Faults, say: Option<&str>) -> Response {
    let Some(key) = shared.keys.first() else { return shared.pages.show(Page::Failed) };
    let now = shared.clock.now().timestamp_millis();
    // A stamp that is still good stays, so that whoever only corrects something need not wait.
    let made = Some(&form.made).filter(|made| age(shared, made, now).is_some_and(|age| age < OLD_MILLIS));
    let choices = shared.people.digests.iter();
    let digests: Vec<DigestView<'_>> = choices
        .map(|one| DigestView {
            name: &one.name,
            title: shared.archive.title(&one.name),
            when: &one.when,
            chosen: form.digests.contains(&one.name),
        })
        .collect();
    let mut own = Context::new();
    own.insert("form", form);
    own.insert("faults", faults);
    own.insert("say", &say);
    own.insert("typed", &form.typed);
    own.insert("made", &made.cloned().unwrap_or_else(|| token::form_stamp(key, now)));
    own.insert("digests", &digests);
    own.insert("advertising", &shared.people.advertising);
    shared.pages.draw(page, &own)
}

/// How old a form is; none for a stamp that is not ours or from the future.
fn age(shared: &Shared, made: &str, now: i64) -> Option<i64> {
    let made = token::open_form_stamp(&shared.keys, made)?;
    Some(now.saturating_sub(made)).filter(|age| *age >= 0)
}

/// Takes a form from our page or from the owner's site. What the answer says does not depend on the list.
async fn take(
    State(shared): State<Arc<Shared>>,
    peer: Option<Extension<ConnectInfo<Peer>>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let mut form = Form::parse(&body.unwrap_or_default());
    let again = |form: &Form, faults: &Faults, say| show(&shared, Page::SubscribeAgain, form, faults, say);
    let now = shared.clock.now();
    match age(&shared, &form.made, now.timestamp_millis()) {
        // From another site, or something that only looks like a form: the person agrees here, seeing to what.
        None => return show(&shared, Page::Subscribe, &form, &Faults::default(), None),
        Some(age) if age >= OLD_MILLIS => {
            let say = "양식을 여신 지 오래되어 새로 열었어요. 다시 확인하고 눌러 주세요.";
            return again(&form, &Faults::default(), Some(say));
        }
        Some(_) if form.trapped => return shared.pages.show(Page::Asked),
        Some(age) if age < QUICK_MILLIS => {
            let say = "너무 빨리 눌러서 사람인지 알 수 없었어요. 잠깐 뒤에 다시 눌러 주세요.";
            return again(&form, &Faults::default(), Some(say));
        }
        Some(_) => {}
    }
    let known: Vec<String> = shared.people.digests.iter().map(|one| one.name.clone()).collect();
    let wish = match form.check(&known, shared.people.advertising) {
        Ok(wish) => wish,
        Err(faults) => return again(&form, &faults, None),
    };
    if let Some(hint) = slip(&wish, &form) {
        form.typed = wish.address.to_string();
        let faults = Faults { address: Some(hint), ..Faults::default() };
        return again(&form, &faults, None);
    }
    let believed = &shared.people.trusted_proxies;
    let network = Network::of_client(client_of(peer.map(|Extension(info)| info), &headers, believed));
    let admitted = {
        let mut gate = shared.desk.gate.lock().unwrap_or_else(PoisonError::into_inner);
        gate.admit(network, now.timestamp_millis())
    };
    if !admitted {
        tracing::debug!("sign-up beyond its network's limit");
        return shared.pages.show(Page::Asked);
    }
    sign_up(&shared, wish).await
}

/// Asks once about an address that looks like a slip; who typed it again meant it.
fn slip(wish: &Wish, form: &Form) -> Option<String> {
    let hint = wish.address.hint()?;
    let again = form.typed == wish.address.as_str();
    (!again).then(|| format!("혹시 {hint} 아닌가요? 맞으면 고치고, 적은 대로가 맞으면 다시 눌러 주세요."))
}

/// What mails that a reader asks for are made with; none without an address for their links.
pub(super) fn asking(shared: &Shared) -> Option<signup::Deps<'_>> {
    let links = shared.people.links.as_ref()?;
    let most_an_hour = shared.people.confirmations_per_hour;
    Some(signup::Deps { store: &shared.store, keys: &shared.keys, links, most_an_hour })
}

async fn sign_up(shared: &Arc<Shared>, wish: Wish) -> Response {
    let working = Arc::clone(shared);
    let done = in_background(move || {
        let Some(deps) = asking(&working) else { return Ok(None) };
        let Wish { address, name, digests } = wish;
        let asked = Asked {
            address,
            name,
            digests,
            wording: working.desk.wording.clone(),
            shown: working.desk.shown.clone(),
        };
        let Some(mail) = drawn((working.confirmations)().sign_up()) else { return Ok(None) };
        signup::sign_up(deps, asked, mail, working.clock.now()).map(Some)
    });
    match done.await {
        Ok(Some(outcome)) => {
            let outcome = match outcome {
                SignUp::Pending(_) => {
                    shared.queued.notify_one();
                    "mailed"
                }
                SignUp::Known => "known",
                SignUp::Repeated => "repeated",
                SignUp::Suppressed(_) => "suppressed",
                SignUp::Full => "hour is full",
            };
            tracing::info!(outcome, "sign-up");
            shared.pages.show(Page::Asked)
        }
        Ok(None) => shared.pages.show(Page::Failed),
        Err(error) => unusable(shared, "take a sign-up", &error),
    }
}

/// Only shows; changes nothing however often it is fetched.
async fn confirm_page(
    State(shared): State<Arc<Shared>>,
    path: Result<Path<String>, PathRejection>,
) -> Response {
    let Some(token) = well_formed(path) else { return shared.pages.show(Page::Missing) };
    let looking = Arc::clone(&shared);
    let found =
        in_background(move || signup::awaiting(&looking.store, &looking.keys, &token, looking.clock.now()));
    match found.await {
        Ok(Some(found)) if found.pending.is_empty() => shared.pages.show(Page::Confirmed),
        Ok(Some(found)) => button(&shared, &found, None),
        Ok(None) => shared.pages.show(Page::Expired),
        Err(error) => unusable(&shared, "show a confirmation", &error),
    }
}

/// The page with the one button; `fault` is a name that cannot stay, and what is wrong with it.
fn button(shared: &Shared, found: &Awaiting, fault: Option<(String, String)>) -> Response {
    let titles: Vec<&str> = found.pending.iter().map(|name| shared.archive.title(name)).collect();
    // Where there is but one, the newsletter's title says it.
    let named = if shared.people.digests.len() > 1 { titles } else { vec![] };
    let page = if fault.is_some() { Page::ConfirmAgain } else { Page::Confirm };
    let (written, fault) = fault.unzip();
    let mut own = Context::new();
    own.insert("address", &found.address.masked());
    own.insert("name", &written.or_else(|| found.name.clone()).unwrap_or_default());
    own.insert("fault", &fault);
    own.insert("digests", &named);
    own.insert("receives", &!found.confirmed.is_empty());
    shared.pages.draw(page, &own)
}

/// What became of the button.
enum Pressed {
    Done(Confirmation),
    /// The name cannot stay; nothing was changed.
    Name(Awaiting, String),
}

async fn confirm(
    State(shared): State<Arc<Shared>>,
    path: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(token) = well_formed(path) else { return shared.pages.show(Page::Missing) };
    let body = body.unwrap_or_default();
    let (working, posted) = (Arc::clone(&shared), body.clone());
    let done = in_background(move || {
        let (store, keys, now) = (&working.store, &working.keys, working.clock.now());
        let found = signup::awaiting(store, keys, &token, now)?;
        let had = found.as_ref().and_then(|found| found.name.clone());
        match (name(&posted, had), found) {
            (Err(fault), Some(found)) => Ok(Pressed::Name(found, fault)),
            (name, _) => {
                signup::confirm(store, keys, &token, name.unwrap_or_default(), now).map(Pressed::Done)
            }
        }
    });
    match done.await {
        Ok(Pressed::Done(Confirmation::Done(_) | Confirmation::Already)) => {
            shared.pages.show(Page::Confirmed)
        }
        Ok(Pressed::Done(Confirmation::Expired | Confirmation::Unknown)) => shared.pages.show(Page::Expired),
        Ok(Pressed::Name(found, fault)) => {
            button(&shared, &found, Some((field(&body, "name").unwrap_or_default(), fault)))
        }
        Err(error) => unusable(&shared, "confirm a subscription", &error),
    }
}
