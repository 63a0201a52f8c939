//! Effect: `moabom restore FILE`: a backup becomes the store, and nothing of it is sent again unasked.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use chrono_tz::Tz;
use clap::Args;

use super::Misuse;
use super::backup::{Draft, not_written, with_suffix};
use super::open::Context;
use crate::clock::Instant;
use crate::config::new_file::{Mode, Put, link_new, put_new, sync_folder};
use crate::config::{StoreSettings, key};
use crate::model::SuppressionKey;
use crate::store::backup::{self, Carried, Replaced, Restored};
use crate::store::{InUse, SenderLock};

/// `moabom restore`
#[derive(Clone, Debug, Args)]
pub struct RestoreArgs {
    /// `moabom backup`이 만든 파일. 비밀 키(이름 끝에 `.key`가 붙은 파일)도 그 옆에 있어야 해요
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// 지금 있는 저장소를 다른 이름으로 옮겨 두고 되살려요
    #[arg(long)]
    pub replace: bool,
}

/// Puts the backup in the configured store's place. Refuses while anyone has that store open.
pub fn run(context: &Context, args: &RestoreArgs, out: &mut impl Write) -> Result<()> {
    let config = context.config()?;
    let (settings, now) = (config.store, context.clock.now());
    if !args.file.is_file() {
        return Err(Misuse(format!("백업 파일이 없어요: {}", args.file.display())).into());
    }
    if let Some(folder) = settings.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).with_context(|| not_written(folder))?;
    }
    let _sender = SenderLock::take(&settings.path)?;
    let _alone = InUse::alone(&settings.path)?;
    let occupied = parts(&settings.path).any(|part| part.exists());
    if occupied && !args.replace {
        return Err(Misuse(occupied_words(&settings)).into());
    }
    if same_file(&args.file, &settings.path) {
        return Err(Misuse("백업 파일이 지금 쓰는 저장소 자신이에요. 다른 파일을 고르세요".to_owned()).into());
    }
    let keyed = backup::is_keyed(&args.file)?;
    let keys = Keys::find(&args.file, keyed, &settings.key_file, args.replace)?;
    let draft = Draft::create(&settings.path)?;
    draft.copy_from(&args.file)?;
    let shared = keys.shared(&settings.key_file)?;
    let replaced = shared.as_ref().filter(|_| settings.path.exists());
    let replaced = replaced.map(|key| Replaced { path: &settings.path, key });
    let restored = backup::settle_restored(draft.path(), replaced, now)?;
    draft.sync().with_context(|| not_written(&settings.path))?;
    let stamp = stamp(now, config.masthead.newsletter.time_zone);
    let aside = with_suffix(&settings.path, &stamp);
    keys.put(&settings.key_file, &stamp)?;
    if occupied {
        swap(&draft, &settings.path, &aside)?;
    } else {
        place(&draft, &settings.path)?;
    }
    say(&restored, args, &settings, occupied.then_some(aside), out)
}

fn occupied_words(settings: &StoreSettings) -> String {
    format!(
        "저장소가 이미 있어요: {}. 지금 것을 다른 이름으로 옮겨 두고 되살리려면 `--replace`를 붙이세요",
        settings.path.display()
    )
}

/// The database file, and what SQLite may have beside it: a log left there would be taken for the restored file's own.
fn parts(path: &Path) -> impl Iterator<Item = PathBuf> + '_ {
    ["-wal", "-shm", ""].into_iter().map(|suffix| with_suffix(path, suffix))
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn stamp(now: Instant, zone: Tz) -> String {
    format!(".before-restore-{}", now.with_timezone(&zone).format("%Y%m%d-%H%M%S"))
}

/// What is to be done about the secret keys.
enum Keys {
    /// The store never used any, and none came with it.
    None,
    /// Those in place are the backup's.
    InPlace,
    /// The backup's, to be put where there are none, or others.
    Bring(String),
}

impl Keys {
    fn find(backup: &Path, keyed: bool, key_file: &Path, replace: bool) -> Result<Keys> {
        let beside = with_suffix(backup, ".key");
        if !beside.exists() {
            if keyed {
                bail!(
                    "백업의 비밀 키가 없어요: {}. 백업할 때 함께 만든 파일을 그 자리에 두세요. 없이 되살리면 이미 보낸 편지의 수신거부 링크가 듣지 않아요",
                    beside.display()
                );
            }
            return Ok(Keys::None);
        }
        key::load(&beside)?;
        let brought = fs::read_to_string(&beside)?;
        match fs::read_to_string(key_file) {
            Ok(there) if there == brought => Ok(Keys::InPlace),
            Ok(_) if !replace => Err(Misuse(format!(
                "백업의 것과 다른 비밀 키가 이미 있어요: {}. 다른 이름으로 옮겨 두고 되살리려면 `--replace`를 붙이세요",
                key_file.display()
            ))
            .into()),
            _ => Ok(Keys::Bring(brought)),
        }
    }

    /// The key of both the old store and the backup, if it is one.
    fn shared(&self, key_file: &Path) -> Result<Option<SuppressionKey>> {
        match self {
            Keys::InPlace => Ok(SuppressionKey::of(&key::load(key_file)?)),
            Keys::None | Keys::Bring(_) => Ok(None),
        }
    }

    fn put(&self, key_file: &Path, stamp: &str) -> Result<()> {
        let Keys::Bring(keys) = self else { return Ok(()) };
        if key_file.exists() {
            fs::rename(key_file, with_suffix(key_file, stamp)).with_context(|| not_written(key_file))?;
        }
        match put_new(key_file, keys, Mode::Owner).with_context(|| not_written(key_file))? {
            Put::Made => Ok(()),
            Put::Exists => bail!("되살리는 사이에 다른 비밀 키가 생겼어요: {}", key_file.display()),
        }
    }
}

fn place(draft: &Draft, path: &Path) -> Result<()> {
    match link_new(draft.path(), path) {
        Ok(Put::Made) => return Ok(()),
        Ok(Put::Exists) => bail!("되살리는 사이에 저장소가 생겼어요: {}", path.display()),
        Err(_) => {}
    }
    fs::rename(draft.path(), path).with_context(|| not_written(path))
}

/// Moves the old store to `aside` and names the new one. The name `path` is never without a store, so that no start in
/// between makes an empty one.
fn swap(draft: &Draft, path: &Path, aside: &Path) -> Result<()> {
    let failed = || not_written(path);
    if parts(aside).any(|part| part.exists()) {
        bail!("옮겨 둘 이름이 이미 쓰이고 있어요: {}. 잠시 뒤에 다시 하세요", aside.display());
    }
    if path.exists() && fs::hard_link(path, aside).is_err() {
        fs::rename(path, aside).with_context(failed)?;
    }
    for suffix in ["-wal", "-shm"] {
        let part = with_suffix(path, suffix);
        if part.exists() {
            fs::rename(part, with_suffix(aside, suffix)).with_context(failed)?;
        }
    }
    fs::rename(draft.path(), path).with_context(failed)?;
    sync_folder(path).with_context(failed)
}

fn say(
    restored: &Restored,
    args: &RestoreArgs,
    settings: &StoreSettings,
    aside: Option<PathBuf>,
    out: &mut impl Write,
) -> Result<()> {
    writeln!(out, "되살렸어요: {} ← {}", settings.path.display(), args.file.display())?;
    if let Some(aside) = aside {
        writeln!(out, "· 있던 저장소는 {} 이름으로 옮겨 두었어요.", aside.display())?;
    }
    match restored.held {
        0 => writeln!(out, "· 백업할 때 끝나지 않았던 발송은 없어요.")?,
        held => writeln!(
            out,
            "· 백업할 때 끝나지 않았던 발송 {held}건은 그 뒤에 보냈을 수 있어 '알 수 없음'으로 두었어요. 저절로 다시 보내지 않아요.\n  `moabom deliveries list --state unknown`으로 보고, `deliveries resolve`나 `deliveries retry`로 정하세요."
        )?,
    }
    writeln!(
        out,
        "· 지금보다 앞선 예정 시각은 이미 발행했을 수 있어 발행하지 않아요. 발행한 적이 없다면 `moabom publish`로 발행하세요."
    )?;
    match restored.carried {
        Carried::People(0) => writeln!(out, "· 옮겨 둔 저장소에서 새로 수신거부한 분은 없어요.")?,
        Carried::People(people) => {
            writeln!(out, "· 옮겨 둔 저장소에서 수신거부한 {people}명은 여기서도 수신거부로 적었어요.")?;
        }
        Carried::Unknown => writeln!(
            out,
            "· 백업한 뒤에 수신거부한 분이 있다면 이 저장소는 몰라요. 아는 분은 `moabom subscribers remove`로 먼저 빼세요."
        )?,
    }
    Ok(writeln!(out, "확인: moabom verify")?)
}
