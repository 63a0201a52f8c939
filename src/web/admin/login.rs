//! Effect: logging in and out.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::desk::Desk;
use super::pages::{Failure, see, see_with_cookie};
use super::password;
use super::session::{cookie_name, print};
use super::visitor::Visitor;
use crate::model::network::Network;
use crate::web::listener::{Peer, client_of};

/// A browser forgets the login by then: the end of its life.
const KEPT: u32 = 7 * 24 * 60 * 60;

#[derive(Serialize)]
struct View {
    heading: &'static str,
    problem: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Given {
    password: String,
}

fn page(desk: &Desk, visitor: &Visitor, status: StatusCode, problem: Option<String>) -> Response {
    let mut response = desk.pages.show(visitor, "login.html", &View { heading: "로그인", problem });
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response
}

pub(super) async fn ask(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Response {
    if desk.deps.password.is_none() {
        return see("/");
    }
    page(&desk, &visitor, StatusCode::OK, None)
}

pub(super) async fn enter(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    peer: Option<Extension<ConnectInfo<Peer>>>,
    headers: HeaderMap,
    given: Result<Form<Given>, FormRejection>,
) -> Response {
    let Some(source) = &desk.deps.password else { return see("/") };
    let Ok(Form(Given { password: given })) = given else {
        return page(&desk, &visitor, StatusCode::BAD_REQUEST, Some("비밀번호를 적어 주세요.".to_owned()));
    };
    let client = client_of(peer.map(|Extension(info)| info), &headers, &desk.deps.trusted_proxies);
    let network = Network::of_client(client);
    if let Err(wait) = desk.sessions.take_try(network, desk.now()) {
        tracing::warn!("too many wrong passwords on the operator's page");
        let seconds = wait.num_seconds().max(1);
        let problem = format!("비밀번호를 여러 번 틀려 잠시 막았어요. {seconds}초 뒤에 다시 해 보세요.");
        let mut response = page(&desk, &visitor, StatusCode::TOO_MANY_REQUESTS, Some(problem));
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.unsigned_abs()));
        return response;
    }
    let hash = match desk.password_hash(source).await {
        Ok(hash) => hash,
        Err(failed) => return failed,
    };
    let of = print(hash.expose_secret());
    let Ok(_turn) = desk.checking.acquire().await else {
        return desk.pages.failed(&visitor, &Failure::Inside);
    };
    let right = tokio::task::spawn_blocking(move || password::matches(&given, &hash)).await;
    match right {
        Ok(Ok(true)) => {}
        Ok(Ok(false)) => {
            tracing::warn!("a wrong password on the operator's page");
            return page(&desk, &visitor, StatusCode::UNAUTHORIZED, Some("비밀번호가 달라요.".to_owned()));
        }
        Ok(Err(error)) => {
            tracing::error!("{error}");
            return page(&desk, &visitor, StatusCode::SERVICE_UNAVAILABLE, Some(format!("{error}.")));
        }
        Err(_) => return desk.pages.failed(&visitor, &Failure::Inside),
    }
    desk.sessions.forgive_tries(network, desk.now());
    let Some(word) = desk.sessions.open(of, desk.now()) else {
        return desk.pages.failed(&visitor, &Failure::Inside);
    };
    tracing::info!("the operator logged in");
    see_with_cookie("/", &cookie(&word, KEPT, visitor.secure))
}

pub(super) async fn leave(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Response {
    if let Some(word) = &visitor.word {
        desk.sessions.close(word);
    }
    see_with_cookie("/login", &cookie("", 0, visitor.secure))
}

fn cookie(word: &str, seconds: u32, secure: bool) -> String {
    let name = cookie_name(secure);
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={word}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
}
