//! Effect: a file of subscribers, read once to check it and once more to bring it in.

mod apply;
mod check;
mod file;
mod input;
mod report;
mod row;
mod rows;

use std::io::Write;
use std::path::PathBuf;

use super::columns;
use super::decode::DecodeError;
use super::{Deps, SubscribersError, chosen, date, shown, suppression_key};
use crate::cli::is_no_file;
use apply::{Done, Job};
use check::check;
use file::Fault;
use input::Input;
use report::{ReportJson, Talk};
use row::Rules;

/// `subscribers import`
#[derive(Clone, Debug, clap::Args)]
pub struct Import {
    /// CSV나 TSV 파일 (UTF-8, UTF-16, CP949). `-`는 표준 입력
    pub file: PathBuf,
    /// 동의일이 빈 행에 쓸 날: 이 날까지 동의를 받았다는 운영자의 진술이에요
    #[arg(long, value_name = "날짜")]
    pub consent_date: Option<String>,
    /// 구독할 다이제스트 (여러 번 쓸 수 있고, 적지 않으면 파일의 다이제스트 열, 그 열도 없으면 모두)
    #[arg(long, value_name = "이름")]
    pub digest: Vec<String>,
    /// 잘못된 행은 빼고 나머지를 가져와요
    #[arg(long)]
    pub keep_going: bool,
    /// 아무것도 바꾸지 않고 결과만 미리 봐요
    #[arg(long)]
    pub dry_run: bool,
    /// 보고를 뺀 행과 그 까닭(1000행까지)과 함께 JSON으로
    #[arg(long)]
    pub json: bool,
}

pub(super) fn run(
    args: &Import,
    deps: &Deps<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), SubscribersError> {
    let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let digests = chosen(&args.digest, deps)?;
    let rules = Rules {
        stated: args.consent_date.as_deref().map(|text| date(text, deps)).transpose()?,
        named: !args.digest.is_empty(),
        configured: deps.digests.to_vec(),
        gone: columns::holds_the_gone(&name),
        advertising: deps.advertising,
        zone: deps.time_zone,
        now: deps.now,
    };
    let key = suppression_key(deps)?;
    let path = || args.file.clone();
    let fault = |Fault(cause)| SubscribersError::File { path: path(), cause };
    let input = Input::of(&args.file, deps.store.path()).map_err(|error| {
        let misuse = matches!(&error, DecodeError::Io(cause) if is_no_file(cause));
        let Fault(cause) = error.into();
        if misuse {
            SubscribersError::NotThere { path: path(), cause }
        } else {
            SubscribersError::File { path: path(), cause }
        }
    })?;
    let mut talk = Talk::to(err);
    if rules.gone {
        talk.say(
            "파일 이름을 보고 모두 떠난 사람으로 읽어 아무도 넣지 않아요. 아니라면 파일 이름을 바꿔 주세요",
        );
    }
    let checked = check(&input, &rules, &key, &mut talk).map_err(fault)?;
    let job = Job {
        input,
        source: format!("import:{}", shown(&name)),
        digests,
        rules,
        keep_going: args.keep_going,
        dry_run: args.dry_run,
        key,
        checked,
    };
    let Done { report, held } = deps.store.write(move |ledger| job.run(ledger))?.map_err(fault)?;
    held.say(&mut talk);
    let outside = talk.end()?;
    if args.json {
        let shown = ReportJson { report: &report, outside: &outside };
        writeln!(out, "{}", serde_json::to_string_pretty(&shown).unwrap_or_default())?;
    } else {
        report::print(&report, args, out)?;
    }
    if report.invalid > 0 && !args.keep_going {
        return Err(SubscribersError::Refused(report.invalid));
    }
    Ok(())
}
