//! Effect: from the configuration file to the parts a command works with.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::Misuse;
use super::subscribers::SubscribersError;
use crate::clock::Clock;
use crate::compose::dkim::Signer;
use crate::config::{Config, ConfigError, environment, key};
use crate::deliver::{self, LetterSettings};
use crate::model::SuppressionKey;
use crate::model::edition::Content;
use crate::model::token::SecretKey;
use crate::publish;
use crate::render::{LetterInput, RenderError, Renderer};
use crate::smtp::TlsContext;
use crate::store::Store;

/// What every command is given: where the configuration is, and the clock.
#[derive(Clone, Debug)]
pub struct Context {
    /// `--config`, else `config/moabom.toml`.
    pub config_path: PathBuf,
    /// The clock all steps are given.
    pub clock: Clock,
}

/// Everything a checked configuration names, opened.
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
        Ok(Config::load(&self.config_path, environment())?)
    }

    /// The configured store, made where it is not there.
    pub fn store(&self) -> Result<Store> {
        Ok(Store::open(&self.config()?.store.path, self.clock.now())?)
    }

    /// All parts.
    pub fn open(&self) -> Result<Opened> {
        let config = self.config()?;
        let renderer = Arc::new(renderer(&config.templates)?);
        let store = Store::open(&config.store.path, self.clock.now())?;
        let keys = key::load_or_create(&config.store.key_file)?;
        Ok(Opened { config, store, keys, renderer })
    }
}

impl Opened {
    /// What the publishing step needs.
    pub fn publisher(
        &self,
    ) -> publish::Deps<'_, impl Fn(&LetterInput) -> Result<Content, RenderError> + '_> {
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
            key: self.keys.first().context("비밀 열쇠가 없어요")?.clone(),
            public_url: self.config.links.clone(),
            signer,
        })
    }

    /// What the sending step needs.
    pub fn deliverer(&self) -> Result<deliver::Deps> {
        Ok(deliver::Deps {
            store: self.store.clone(),
            tls: TlsContext::new(&self.config.relay)?,
            relay: self.config.relay.clone(),
            settings: self.config.deliver.clone(),
            letters: self.letters()?,
            suppressions: SuppressionKey::of(&self.keys),
        })
    }
}

/// The built-in templates, with the files of `folder` in their place where there are some.
pub fn renderer(folder: &Path) -> Result<Renderer> {
    let own = template_files(&folder.join("digest"))?;
    let renderer = Renderer::new(&own).with_context(|| format!("편지 틀 {}", folder.display()))?;
    if !own.is_empty() {
        renderer.check().with_context(|| format!("편지 틀 {}", folder.display()))?;
    }
    Ok(renderer)
}

fn template_files(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(files),
        Err(error) => return Err(error).with_context(|| unreadable(folder)),
    };
    for entry in entries {
        let path = entry.with_context(|| unreadable(folder))?.path();
        let known = path.extension().is_some_and(|kind| ["html", "txt", "css"].iter().any(|one| kind == *one));
        if let (true, Some(name)) = (known, path.file_name().and_then(|name| name.to_str())) {
            let text = fs::read_to_string(&path).with_context(|| unreadable(&path))?;
            files.push((format!("digest/{name}"), text));
        }
    }
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path) -> String {
    format!("편지 틀 {}을(를) 읽지 못했어요. 권한과 글자 인코딩(UTF-8)을 확인하세요", path.display())
}

/// Whether the operator asked wrongly or configured wrongly (exit 2), rather than something having failed (exit 1).
pub fn is_misuse(error: &anyhow::Error) -> bool {
    let typed = error.downcast_ref::<SubscribersError>();
    error.is::<ConfigError>() || error.is::<Misuse>() || typed.is_some_and(|typed| typed.exit_code() == 2)
}
