//! Effect: the list as a CSV file that [`super::import`] reads back without loss and no spreadsheet runs.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Deps, SubscribersError, columns, known, list, state, words};
use crate::cli::dates;
use crate::model::subscriber::SubscriptionState;
use crate::store::subscribers::{Listed, SubscriberFilter};

/// `subscribers export`
#[derive(Clone, Debug, clap::Args)]
pub struct Export {
    /// 쓸 파일 (이미 있으면 거절해요). 적지 않으면 표준 출력
    #[arg(long, value_name = "파일")]
    pub out: Option<PathBuf>,
    /// 맨 앞에 BOM을 붙여요 (엑셀에서 바로 열 때)
    #[arg(long)]
    pub bom: bool,
    /// 이 다이제스트의 구독자만
    #[arg(long, value_name = "이름")]
    pub digest: Option<String>,
    /// 이 상태의 구독만: pending, active, paused
    #[arg(long, value_name = "상태", value_parser = state)]
    pub state: Option<SubscriptionState>,
}

const HEADER: [&str; 7] = ["이메일", "이름", "구독일", "상태", "다이제스트", "다시 받는 날", "받는 빈도"];

pub(super) fn run(
    args: &Export,
    deps: &Deps<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), SubscribersError> {
    known(args.digest.as_ref(), deps)?;
    let Some(path) = &args.out else {
        write(args, deps, out)?;
        return Ok(());
    };
    let failed = |cause: io::Error| SubscribersError::File { path: path.clone(), cause: cause_word(&cause) };
    let mut file = BufWriter::new(create(path).map_err(failed)?);
    let written = write(args, deps, &mut file);
    let flushed = file.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
    match (written, flushed) {
        (Ok(count), Ok(())) => {
            writeln!(err, "{}에 {count}줄을 내보냈어요. 개인정보이니 다 쓴 뒤 지우세요", path.display())?
        }
        (Err(error), _) => {
            // Half a list must not pass for the whole.
            let _ = std::fs::remove_file(path);
            return Err(error);
        }
        (Ok(_), Err(cause)) => {
            let _ = std::fs::remove_file(path);
            return Err(failed(cause));
        }
    }
    Ok(())
}

/// Makes the file for its owner alone; one that is there is never overwritten.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn cause_word(cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::AlreadyExists => "이미 있어요. 덮어쓰지 않으니 다른 이름을 적어 주세요".into(),
        io::ErrorKind::NotFound => "폴더가 없어요. 먼저 만들어 주세요".into(),
        io::ErrorKind::PermissionDenied => "쓸 권한이 없어요".into(),
        _ => cause.to_string(),
    }
}

fn write(args: &Export, deps: &Deps<'_>, out: &mut dyn Write) -> Result<u64, SubscribersError> {
    if args.bom {
        out.write_all("\u{feff}".as_bytes())?;
    }
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    csv.write_record(HEADER).map_err(failure)?;
    let filter = SubscriberFilter { digest: args.digest.clone(), state: args.state, erased: false };
    let mut count = 0;
    list::each(deps, &filter, |_, person| {
        count += write_person(&mut csv, &person, &filter, deps)?;
        Ok(())
    })?;
    csv.flush()?;
    Ok(count)
}

/// The output's own error: within csv's, that its reader left would not be seen.
fn failure(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(cause) => cause,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// One row for each subscription the filter lets through. Withdrawn ones are left out: their address is erased anyway.
fn write_person<W: Write>(
    csv: &mut csv::Writer<W>,
    person: &Listed,
    filter: &SubscriberFilter,
    deps: &Deps<'_>,
) -> io::Result<u64> {
    let Some(address) = &person.subscriber.address else { return Ok(0) };
    let mut count = 0;
    for (subscription, consent_at) in &person.subscriptions {
        let wanted = filter.digest.as_ref().is_none_or(|digest| *digest == subscription.digest)
            && filter.state.is_none_or(|state| state == subscription.state)
            && subscription.state != SubscriptionState::Unsubscribed;
        if !wanted {
            continue;
        }
        count += 1;
        let paused = subscription.state == SubscriptionState::Paused;
        let resumes_at = subscription.resumes_at.filter(|_| paused);
        csv.write_record([
            columns::guard(address.as_str()),
            columns::guard(person.subscriber.name.as_deref().unwrap_or_default()),
            consent_at.map(|at| dates::format(at, deps.time_zone)).unwrap_or_default(),
            words::word(subscription.state).to_owned(),
            columns::guard(&subscription.digest),
            resumes_at.map(|at| dates::format(at, deps.time_zone)).unwrap_or_default(),
            words::frequency_word(subscription.frequency).to_owned(),
        ])
        .map_err(failure)?;
    }
    Ok(count)
}
