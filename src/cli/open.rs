//! Effect: from the configuration file to the parts a command works with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::Misuse;
use super::subscribers::SubscribersError;
use crate::clock::Clock;
use crate::compose::dkim::Signer;
use crate::config::templates::TemplatesError;
use crate::config::{Config, ConfigError, key, templates, variables};
use crate::daemon::Office;
use crate::deliver::{self, LetterSettings};
use crate::inform;
use crate::model::SuppressionKey;
use crate::model::edition::Content;
use crate::model::token::SecretKey;
use crate::publish::{self, PublishError};
use crate::render::confirmation::Confirmations;
use crate::render::notice::NoticeRenderer;
use crate::render::{LetterInput, RenderError, Renderer};
use crate::smtp::TlsContext;
use crate::source::SourceSettings;
use crate::store::Store;

pub(super) const NO_KEY: &str = "비밀 키 파일에 키가 없어요. 백업에서 되살리세요";

/// What every command is given: where the configuration is, and the clock.
#[derive(Clone, Debug)]
pub struct Context {
    /// `--config`, else `config/moabom.toml`.
    pub config_path: PathBuf,
    /// The clock all steps are given.
    pub clock: Clock,
}

/// Everything a checked configuration names, opened.
#[derive(Clone)]
pub struct Opened {
    /// The configuration.
    pub config: Config,
    /// Its store.
    pub store: Store,
    /// The secret keys, newest first.
    pub keys: Vec<SecretKey>,
    /// The templates.
    pub renderer: Arc<Renderer>,
}

impl Context {
    /// The configuration, every fault at once otherwise. Warnings go to stderr by `check` and `run` only.
    pub fn config(&self) -> Result<Config> {
        Ok(Config::load(&self.config_path, variables())?)
    }

    /// The configured store, made where it is not there.
    pub fn store(&self) -> Result<Store> {
        Ok(Store::open(&self.config()?.store.path, self.clock.now())?)
    }

    /// All parts.
    pub fn open(&self) -> Result<Opened> {
        self.open_with(|path| Ok(Store::open(path, self.clock.now())?))
    }

    /// All parts, the store got from `open`: for who keeps one over several looks at the configuration.
    pub fn open_with(&self, open: impl FnOnce(&Path) -> Result<Store>) -> Result<Opened> {
        let config = self.config()?;
        let renderer = Arc::new(renderer(&config.templates)?);
        let store = open(&config.store.path)?;
        let keys = keys(&config, &store)?;
        Ok(Opened { config, store, keys, renderer })
    }

    /// The store and the secret keys: all that people need. A broken template keeps nobody from leaving.
    pub fn keyed(&self, config: &Config) -> Result<(Store, Vec<SecretKey>)> {
        let store = Store::open(&config.store.path, self.clock.now())?;
        let keys = keys(config, &store)?;
        Ok((store, keys))
    }
}

/// A lost key is not replaced: old letters' links and the list of those never to be mailed are made with it.
fn keys(config: &Config, store: &Store) -> Result<Vec<SecretKey>> {
    let file = &config.store.key_file;
    let needed = store.read(|ledger| ledger.is_keyed())?;
    Ok(if needed { key::load(file)? } else { key::load_or_create(file)? })
}

/// What stands for addresses among the suppressions.
pub(super) fn suppression_key(config: &Config, store: &Store) -> Result<SuppressionKey> {
    SuppressionKey::of(&keys(config, store)?).context(NO_KEY)
}

impl Opened {
    /// What the publishing step needs.
    pub fn publisher(&self) -> publish::Deps<'_, impl Fn(&LetterInput) -> Result<Content, RenderError> + '_> {
        publish::Deps {
            store: &self.store,
            masthead: &self.config.masthead,
            digests: &self.config.digests,
            render: |letter: &LetterInput| self.renderer.render(letter).map(Content::from),
        }
    }

    /// What letters are composed with.
    pub fn letters(&self) -> Result<LetterSettings> {
        let masthead = &self.config.masthead;
        let signer = self.config.dkim.as_ref().map(Signer::new).transpose()?.map(Arc::new);
        Ok(LetterSettings {
            sender: masthead.sender.clone(),
            newsletter: masthead.newsletter.title.clone(),
            zone: masthead.newsletter.time_zone,
            key: self.keys.first().context(NO_KEY)?.clone(),
            public_url: self.config.links.clone(),
            signer,
        })
    }

    /// What the operator is told with; none where no address is configured.
    pub fn informer(&self) -> Result<Option<inform::Deps>> {
        let Some(to) = self.config.operator.clone() else { return Ok(None) };
        Ok(Some(inform::Deps {
            store: self.store.clone(),
            relay: self.config.relay.clone(),
            tls: TlsContext::new(&self.config.relay)?,
            letters: self.letters()?,
            to,
            zone: self.config.masthead.newsletter.time_zone,
            links: self.config.links.clone(),
            alarms: self.config.sources.iter().filter_map(alarm).collect(),
        }))
    }

    /// What the mails that readers ask for are drawn with.
    pub fn confirmations(&self) -> Confirmations {
        let masthead = &self.config.masthead;
        Confirmations::new(self.renderer.templates(), &masthead.newsletter.title, &masthead.sender)
    }

    /// What the step of the law's notices needs.
    pub fn office(&self) -> Result<Office> {
        let masthead = &self.config.masthead;
        let templates = self.renderer.templates();
        let notices = NoticeRenderer::new(templates, &masthead.newsletter.title, &masthead.sender);
        let (titles, settings) = (self.config.titles.clone(), self.config.law);
        Ok(Office { store: self.store.clone(), notices, titles, settings })
    }

    /// What the sending step needs.
    pub fn deliverer(&self) -> Result<deliver::Deps> {
        Ok(deliver::Deps {
            store: self.store.clone(),
            tls: TlsContext::new(&self.config.relay)?,
            relay: self.config.relay.clone(),
            settings: self.config.deliver.clone(),
            letters: self.letters()?,
            suppressions: SuppressionKey::of(&self.keys).context(NO_KEY)?,
        })
    }
}

/// The built-in templates, with the files of `folder` in their place where there are some.
pub fn renderer(folder: &Path) -> Result<Renderer> {
    let own = templates::overrides(folder)?;
    let renderer = Renderer::of_folder(&folder.display().to_string(), &own)?;
    if !own.is_empty() {
        renderer.check()?;
    }
    Ok(renderer)
}

/// Whether the operator asked wrongly or configured wrongly (exit 2), rather than something having failed (exit 1).
pub fn is_misuse(error: &anyhow::Error) -> bool {
    let typed = error.downcast_ref::<SubscribersError>();
    let config = error.downcast_ref::<ConfigError>().is_some_and(ConfigError::is_misuse);
    let publish = error.downcast_ref::<PublishError>();
    let asked = matches!(
        publish,
        Some(PublishError::UnknownDigest { .. } | PublishError::Future | PublishError::Ancient)
    );
    let template = error.is::<RenderError>() || error.is::<TemplatesError>();
    config || asked || template || error.is::<Misuse>() || typed.is_some_and(|typed| typed.exit_code() == 2)
}

fn alarm(source: &SourceSettings) -> Option<(String, chrono::Duration)> {
    Some((source.name.clone(), chrono::Duration::from_std(source.alarm_after).ok()?))
}
