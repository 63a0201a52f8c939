//! Effect: a file of subscribers, read as a stream inside one transaction: all or nothing unless told otherwise.

mod file;
mod row;

use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use csv::StringRecord;
use serde::Serialize;

use super::columns::Standing;
use super::{Deps, SubscribersError, chosen, date, shown, suppression_key};
use crate::model::subscriber::Frequency;
use crate::model::{SubscriberId, SuppressionKey};
use crate::store::subscribers::{Added, NewSubscriber};
use crate::store::{Ledger, StoreError};
use file::{Fault, csv_fault, open};
use row::{Row, Rules};

/// `subscribers import`
#[derive(Clone, Debug, clap::Args)]
pub struct Import {
    /// CSV나 TSV 파일 (UTF-8, UTF-16, CP949)
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
    /// 보고를 JSON으로
    #[arg(long)]
    pub json: bool,
}

/// A line of progress after this many rows.
const PROGRESS: u64 = 10_000;

/// What became of the rows of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Report {
    /// Rows with anything in them.
    rows: u64,
    /// New people.
    accepted: u64,
    /// People who were there, or came earlier in the file, and now have a further digest.
    joined: u64,
    /// Rows whose address came earlier in the file.
    duplicate: u64,
    /// People who were there with all of it.
    already: u64,
    /// Addresses that must not be mailed.
    suppressed: u64,
    /// Rows the file itself marks as gone or not agreed.
    left: u64,
    /// Rows without a day of consent.
    without_consent: u64,
    /// Rows that cannot be read.
    invalid: u64,
}

/// What the job in the writer needs; owned, for it runs on another thread.
struct Job {
    file: PathBuf,
    source: String,
    digests: Vec<String>,
    rules: Rules,
    keep_going: bool,
    dry_run: bool,
    key: SuppressionKey,
    talk: SyncSender<String>,
}

pub(super) fn run(
    args: &Import,
    deps: &Deps<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), SubscribersError> {
    let (talk, heard) = sync_channel(256);
    let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let job = Job {
        file: args.file.clone(),
        source: format!("import:{}", shown(&name)),
        digests: chosen(&args.digest, deps)?,
        rules: Rules {
            stated: args.consent_date.as_deref().map(|text| date(text, deps)).transpose()?,
            named: !args.digest.is_empty(),
            configured: deps.digests.to_vec(),
            zone: deps.time_zone,
            now: deps.now,
        },
        keep_going: args.keep_going,
        dry_run: args.dry_run,
        key: suppression_key(deps)?,
        talk,
    };
    let store = deps.store.clone();
    let working = thread::spawn(move || store.write(move |ledger| job.run(ledger)));
    // The channel ends with the job. A broken `err` must not stop an import halfway, so its errors are kept for later.
    let mut told = Ok(());
    for line in heard {
        told = told.and_then(|()| writeln!(err, "{line}"));
    }
    let result = working.join().unwrap_or(Err(StoreError::Closed))?;
    told?;
    let report = result.map_err(|Fault(cause)| SubscribersError::File { path: args.file.clone(), cause })?;
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report).unwrap_or_default())?;
    } else {
        print(&report, args, out)?;
    }
    if report.invalid > 0 && !args.keep_going {
        return Err(SubscribersError::Refused(report.invalid));
    }
    Ok(())
}

fn print(report: &Report, args: &Import, out: &mut dyn Write) -> std::io::Result<()> {
    let refused = report.invalid > 0 && !args.keep_going;
    let head = match (args.dry_run, refused) {
        (true, _) => "시험 실행이라 아무것도 바꾸지 않았어요. 실제로 하면:",
        (false, true) => "가져오지 않았어요. 읽은 결과:",
        (false, false) => "가져왔어요:",
    };
    writeln!(out, "{head}")?;
    for (word, count) in [
        ("읽은 행", report.rows),
        ("새 구독자", report.accepted),
        ("다이제스트 추가", report.joined),
        ("파일 안 중복", report.duplicate),
        ("이미 있음", report.already),
        ("발송 금지", report.suppressed),
        ("해지·미동의 상태", report.left),
        ("동의일 없음", report.without_consent),
        ("잘못된 행", report.invalid),
    ] {
        writeln!(out, "  {word}: {count}")?;
    }
    Ok(())
}

impl Job {
    fn run(self, ledger: &Ledger<'_>) -> Result<Result<Report, Fault>, StoreError> {
        ledger.unless_refused(|ledger| {
            let result = self.read(ledger)?;
            let sound = result.as_ref().is_ok_and(|report| report.invalid == 0 || self.keep_going);
            Ok((result, sound && !self.dry_run))
        })
    }

    fn read(&self, ledger: &Ledger<'_>) -> Result<Result<Report, Fault>, StoreError> {
        let (mut csv, since_record) = match open(&self.file) {
            Ok(opened) => opened,
            Err(fault) => return Ok(Err(fault)),
        };
        let mut record = StringRecord::new();
        let columns = match csv.read_record(&mut record).map_err(|error| csv_fault(&error)) {
            Ok(true) => match self.rules.header(&record) {
                Ok(columns) => columns,
                Err(fault) => return Ok(Err(fault)),
            },
            Ok(false) => {
                return Ok(Err(Fault(
                    "빈 파일이에요. 첫 행이 이메일,이름,구독일인 CSV 파일을 주세요".into(),
                )));
            }
            Err(fault) => return Ok(Err(fault)),
        };
        let width = record.len();
        let header: Vec<String> = record.iter().map(shown).collect();
        let before = ledger.last_subscriber()?;
        let mut report = Report::default();
        loop {
            since_record.set(0);
            match csv.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => return Ok(Ok(report)),
                Err(error) => return Ok(Err(csv_fault(&error))),
            }
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            report.rows += 1;
            let line = record.position().map_or(0, csv::Position::line);
            match self.rules.row(&record, &columns, width) {
                Ok(row) => self.apply(ledger, row, line, before, &mut report)?,
                Err((column, cause)) => {
                    report.invalid += 1;
                    let title = column.and_then(|column| header.get(column).map(|title| (column + 1, title)));
                    match title {
                        Some((number, title)) => self.tell(format!("{line}행 {number}열({title}): {cause}")),
                        None => self.tell(format!("{line}행: {cause}")),
                    }
                }
            }
            if report.rows % PROGRESS == 0 {
                self.tell(format!("{}행까지 읽었어요…", report.rows));
            }
        }
    }

    fn tell(&self, line: String) {
        // Nobody listening is no reason to stop.
        let _ = self.talk.send(line);
    }

    fn apply(
        &self,
        ledger: &Ledger<'_>,
        row: Row,
        line: u64,
        before: SubscriberId,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let Standing::On(state) = row.standing else {
            report.left += 1;
            return Ok(());
        };
        let Some((consent_at, wording)) = row.consent else {
            report.without_consent += 1;
            self.tell(format!("{line}행: 동의일이 없어 뺐어요"));
            return Ok(());
        };
        let new = NewSubscriber {
            address: &row.address,
            name: row.name.as_deref(),
            digests: row.digests.as_deref().unwrap_or(&self.digests),
            state,
            consent_at,
            source: &self.source,
            wording,
        };
        let added = ledger.add_subscriber(&new, &self.key, self.rules.now)?;
        match &added {
            Added::New(id) => self.set_wishes(ledger, *id, new.digests, &row)?,
            Added::Joined(id, joined) => self.set_wishes(ledger, *id, joined, &row)?,
            Added::Known(_) | Added::Suppressed(_) => {}
        }
        match added {
            Added::New(_) => {
                report.accepted += 1;
                if let Some(hint) = row.address.hint() {
                    self.tell(format!(
                        "{line}행 주의: {} 대신 {hint} 아닌가요? 적힌 그대로 넣어요",
                        row.address
                    ));
                }
            }
            Added::Joined(..) => report.joined += 1,
            Added::Known(id) if id > before => report.duplicate += 1,
            Added::Known(_) => report.already += 1,
            Added::Suppressed(reason) => {
                report.suppressed += 1;
                self.tell(format!("{line}행: 발송 금지된 주소라 뺐어요 (까닭: {})", reason.words()));
            }
        }
        Ok(())
    }
    /// How a subscription of the row is received. One that was there before keeps its reader's own wishes.
    fn set_wishes(
        &self,
        ledger: &Ledger<'_>,
        id: SubscriberId,
        digests: &[String],
        row: &Row,
    ) -> Result<(), StoreError> {
        for digest in digests {
            if let Some(until) = row.resumes_at {
                ledger.pause(id, digest, until, self.rules.now)?;
            }
            if row.frequency != Frequency::Every {
                ledger.set_frequency(id, digest, row.frequency)?;
            }
        }
        Ok(())
    }
}
