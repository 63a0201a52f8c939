//! Effect: looks at this machine's files: configuration, templates, keys, store, disk.

use std::path::Path;

use crate::cli::open;
use crate::clock::Instant;
use crate::config::key::{self, KeyError};
use crate::config::{ConfigError, StoreSettings};
use crate::doctor::{Finding, place};
use crate::store::place::place;
use crate::store::verify::verify;
use crate::store::{Store, StoreError};

/// A configuration that cannot be used; nothing else can be looked at then.
pub(super) fn faults(file: &str, error: &ConfigError) -> Vec<Finding> {
    let rows = super::config_faults(error).into_iter().map(|(at, found, advice)| {
        let at = if at.is_empty() { file.to_owned() } else { at };
        Finding::mend("설정", at, found)
            .because(
                "설정을 다 읽지 못하면 발송을 시작하지 않아요. 나머지는 이것을 고친 뒤에 살펴볼 수 있어요.",
            )
            .advise(advice)
    });
    rows.collect()
}

/// An error's text as found and advice, which follows an arrow where there is one.
fn told(topic: &'static str, looked_at: String, error: &dyn std::fmt::Display) -> Finding {
    let text = error.to_string();
    let (found, advice) = text.split_once("\n  → ").unwrap_or((&text, ""));
    Finding::mend(topic, looked_at, found).advise(advice)
}

pub(super) fn templates(folder: &Path) -> Finding {
    const TOPIC: &str = "편지 틀";
    let at = folder.display().to_string();
    match open::renderer(folder) {
        Ok(_) if folder.is_dir() => Finding::good(TOPIC, at, "틀을 모두 쓸 수 있어요."),
        Ok(_) => Finding::good(TOPIC, at, "폴더가 없어 내장 틀을 써요."),
        Err(error) => {
            let finding =
                told(TOPIC, at, &error).because("틀이 잘못되면 발행하지 못하고 그 호를 건너뛰어요.");
            match finding.advice.is_empty() {
                true => finding.advise("그 줄을 고치거나, 파일을 지워 내장 틀로 돌아가세요."),
                false => finding,
            }
        }
    }
}

/// `needed`: the store holds what was made with the keys, or could not be asked.
fn keys(store: &StoreSettings, needed: bool) -> Finding {
    const TOPIC: &str = "비밀 키";
    const WHY: &str = "이 키로 수신거부 링크에 서명해요. 새어 나가면 남이 해지 링크를 만들 수 있고, 잃으면 보낸 편지의 링크가 듣지 않아요.";
    let at = store.key_file.display().to_string();
    match key::load(&store.key_file) {
        Ok(_) => Finding::good(TOPIC, at, "주인만 읽을 수 있어요."),
        Err(KeyError::Missing(_)) if !needed => {
            Finding::good(TOPIC, at, "아직 없어요. 처음 쓸 때 만들어져요.")
        }
        Err(error @ KeyError::Open { .. }) => {
            let command = format!("chmod 600 {at}");
            told(TOPIC, at, &error).because(WHY).set(command)
        }
        Err(error) => told(TOPIC, at, &error).because(WHY),
    }
}

/// Looks at the store and gives back the last thing recorded in it. A store that is not there is not made.
pub(super) fn store(settings: &StoreSettings, now: Instant, findings: &mut Vec<Finding>) -> Option<Instant> {
    const TOPIC: &str = "저장소";
    let at = settings.path.display().to_string();
    match look(settings, now) {
        Ok(None) => {
            findings.push(keys(settings, false));
            findings.push(Finding::good(TOPIC, at, "아직 없어요. 처음 읽을 때 만들어져요."));
            None
        }
        Ok(Some(seen)) => {
            findings.push(keys(settings, seen.is_keyed));
            findings.extend(seen.broken.into_iter().map(|found| {
                Finding::mend(TOPIC, at.clone(), found)
                    .because("장부가 어긋나면 두 번 보내거나 빠뜨릴 수 있어요.")
                    .advise("`moabom verify`로 자세히 보고, 파일을 복사해 둔 뒤 백업이 있으면 되살리세요.")
                    .set("moabom restore 백업파일")
            }));
            if findings.last().is_none_or(|last| last.topic != TOPIC) {
                findings.push(Finding::good(TOPIC, at.clone(), "장부의 약속이 모두 지켜졌어요."));
            }
            let here = place(&settings.path);
            findings.extend(place::right_to_send(&at, seen.sends_from.as_deref(), &here));
            seen.last_record
        }
        Err(error) => {
            findings.push(keys(settings, true));
            let finding = told(TOPIC, at, &error).because("저장소를 열지 못하면 아무것도 보내지 못해요.");
            findings.push(match &error {
                StoreError::Newer { .. } => finding
                    .advise("이 저장소를 쓰던 판이나 더 새로운 moabom을 설치하세요.")
                    .set("moabom --version"),
                _ if finding.advice.is_empty() => finding.advise("파일의 권한과 디스크를 확인하세요."),
                _ => finding,
            });
            None
        }
    }
}

struct Seen {
    broken: Vec<String>,
    is_keyed: bool,
    sends_from: Option<String>,
    last_record: Option<Instant>,
}

fn look(settings: &StoreSettings, now: Instant) -> Result<Option<Seen>, StoreError> {
    let Some(store) = Store::open_existing(&settings.path, now)? else { return Ok(None) };
    let seen = store.read(|ledger| {
        let broken = verify(ledger, now)?;
        let broken =
            broken.into_iter().map(|finding| format!("{}: {}", finding.what, finding.rows.join(", ")));
        Ok(Seen {
            broken: broken.collect(),
            is_keyed: ledger.is_keyed()?,
            sends_from: ledger.sends_from()?,
            last_record: ledger.last_record()?,
        })
    })?;
    Ok(Some(seen))
}

/// Room on the disk under the nearest folder that is there.
pub(super) fn room(store: &Path) -> Finding {
    let mut folders = store.ancestors().skip(1).map(|folder| match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    });
    let folder = folders.find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let at = folder.display().to_string();
    match rustix::fs::statvfs(folder) {
        Ok(disk) => place::room(&at, disk.f_bavail.saturating_mul(disk.f_frsize)),
        Err(error) => Finding::look("디스크", at, format!("남은 공간을 알 수 없어요: {error}")),
    }
}
