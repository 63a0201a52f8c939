//! Effect: the configuration of a running daemon, read anew: what changes at once and what only a new start changes.

use std::sync::Arc;

use anyhow::Result;

use super::super::following::Following;
use super::super::open::{self, Context, Opened};
use super::{choices, plan};
use crate::config::Config;
use crate::daemon::{Reload, Reloaded};

/// Reads the file of `context` anew whenever asked, for the pages in `following`, too. What stays until a new start is
/// taken from `running`.
pub(super) fn reload(context: &Context, running: Opened, following: Following) -> Reload {
    let context = context.clone();
    Arc::new(move || again(&context, &running, &following).map_err(|faults| format!("{faults:#}")))
}

fn again(context: &Context, running: &Opened, following: &Following) -> Result<Reloaded> {
    let mut config = context.config()?;
    let fixed = fixed(&running.config, &config);
    if config.web != running.config.web {
        // Letters must not carry links to where nobody answers yet.
        config.links = running.config.links.clone();
        config.masthead.links = running.config.masthead.links.clone();
    }
    let mut notes = config.warnings.clone();
    if !fixed.is_empty() {
        let names = fixed.join(", ");
        notes.push(format!(
            "다시 시작해야 바뀌는 설정이 있어요: {names}. 지금은 시작할 때의 값을 그대로 써요. `systemctl restart moabom`으로 다시 시작하세요"
        ));
    }
    let renderer = Arc::new(open::renderer(&config.templates)?);
    let (store, keys) = (running.store.clone(), running.keys.clone());
    let opened = Opened { config, store, keys, renderer };
    let plan = plan(&opened)?;
    following.follow(opened);
    Ok(Reloaded { plan, notes })
}

/// The settings that differ and that only a new start applies.
fn fixed(running: &Config, read: &Config) -> Vec<&'static str> {
    let pages = |config: &Config| {
        let newsletter = &config.masthead.newsletter;
        let shown = (newsletter.time_zone, newsletter.home.clone(), newsletter.advertising);
        (shown, choices(&config.digests), config.law.farewell(), config.privacy.clone())
    };
    // The operator's page keeps the configuration it was opened with.
    let page = read.admin.listen.is_some()
        && (read.sources != running.sources
            || read.masthead.newsletter.title != running.masthead.newsletter.title);
    let names = [
        (read.store != running.store, "[store]"),
        (read.web != running.web, "[web]"),
        (read.admin != running.admin, "[admin]"),
        (read.metrics != running.metrics, "[metrics]"),
        (read.log != running.log, "[log]"),
        (
            pages(read) != pages(running),
            "독자 페이지에 보이는 뉴스레터의 주소, 시간대, [[digest]], [law]의 통지, [privacy]",
        ),
        (
            read.masthead.newsletter.title != running.masthead.newsletter.title
                || read.masthead.sender.email != running.masthead.sender.email,
            "독자 페이지에 보이는 [newsletter] title과 [sender] email",
        ),
        (page, "운영 페이지에 보이는 출처와 이름"),
    ];
    names.into_iter().filter(|(differs, _)| *differs).map(|(_, name)| name).collect()
}
