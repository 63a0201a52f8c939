//! Effect: a new address for a reader: asked for, shown to whoever reads it, taken by the button there.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use tera::Context;

use super::{Posted, Segment, show};
use crate::feedback::preferences;
use crate::store::address_changes::{Moved, NewAddress};
use crate::web::page::Page;
use crate::web::posted::field;
use crate::web::signup::{asking, form};
use crate::web::{Shared, drawn, in_background, unusable, well_formed};

pub(super) async fn ask(shared: &Arc<Shared>, token: String, body: &Bytes) -> Response {
    let written = field(body, "address").unwrap_or_default();
    let address = match form::address(&written) {
        Ok(address) => address,
        Err(fault) => {
            let posted = Posted { address: written, address_fault: Some(fault), ..Posted::default() };
            return show(shared, token, posted).await;
        }
    };
    let (working, mine) = (Arc::clone(shared), token.clone());
    let done = in_background(move || {
        let (Some(deps), Some(mail)) = (asking(&working), drawn((working.confirmations)().address_change()))
        else {
            return Ok(None);
        };
        preferences::ask_new_address(deps, &mine, address, mail, working.clock.now()).map(Some)
    });
    match done.await {
        Ok(Some(NewAddress::Unknown)) => shared.pages.show(Page::Gone),
        // Whether another reader has the address is told to nobody.
        Ok(Some(outcome)) => {
            let asked = matches!(outcome, NewAddress::Asked(_));
            if asked {
                shared.queued.notify_one();
            }
            tracing::info!(asked, "new address");
            let say = Some(
                "쓸 수 있는 주소라면 그곳으로 확인 메일을 보냈어요. 72시간 안에 그 안의 단추를 눌러 주세요. 하루에 세 번까지, 같은 주소로는 한 번만 보내요. 오지 않으면 내일 다시 신청해 주세요.",
            );
            show(shared, token, Posted { say, ..Posted::default() }).await
        }
        Ok(None) => shared.pages.show(Page::Failed),
        Err(error) => unusable(shared, "ask for a new address", &error),
    }
}

pub(super) async fn page(State(shared): State<Arc<Shared>>, path: Segment) -> Response {
    let Some(token) = well_formed(path) else { return shared.pages.show(Page::Missing) };
    let looking = Arc::clone(&shared);
    let found = in_background(move || {
        preferences::new_address(&looking.store, &looking.keys, &token, looking.clock.now())
    });
    match found.await {
        Ok(Some(address)) => {
            let mut own = Context::new();
            own.insert("address", &address.masked());
            shared.pages.draw(Page::Move, &own)
        }
        Ok(None) => shared.pages.show(Page::Gone),
        Err(error) => unusable(&shared, "show a new address", &error),
    }
}

pub(super) async fn here(State(shared): State<Arc<Shared>>, path: Segment) -> Response {
    let Some(token) = well_formed(path) else { return shared.pages.show(Page::Missing) };
    let working = Arc::clone(&shared);
    let done = in_background(move || {
        let (Some(deps), Some(mail)) = (asking(&working), drawn((working.confirmations)().moved())) else {
            return Ok(None);
        };
        preferences::move_to(deps, &token, mail, working.clock.now()).map(Some)
    });
    match done.await {
        Ok(Some(Moved::Done { .. })) => {
            shared.queued.notify_one();
            shared.pages.show(Page::Moved)
        }
        Ok(Some(Moved::Unknown)) => shared.pages.show(Page::Gone),
        Ok(None) => shared.pages.show(Page::Failed),
        Err(error) => unusable(&shared, "move a subscription", &error),
    }
}
