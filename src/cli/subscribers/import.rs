//! Effect: a file of subscribers, read as a stream inside one transaction: all or nothing unless told otherwise.

use std::cell::Cell;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use chrono_tz::Tz;
use csv::StringRecord;
use serde::Serialize;

use super::columns::{self, Columns, Standing};
use super::decode::Text;
use super::{Deps, Import, SubscribersError, chosen, date, reason_word, shown, suppression_key};
use crate::cli::dates;
use crate::clock::Instant;
use crate::config::io_words;
use crate::model::subscriber::SubscriptionState;
use crate::model::{EmailAddress, SubscriberId, SuppressionKey, name};
use crate::store::subscribers::{Added, NewSubscriber};
use crate::store::{Ledger, StoreError};

/// Whose word a day of consent is, for the consent ledger.
const STATED: &str = "운영자가 밝힌 동의일 (--consent-date)";
const WRITTEN: &str = "가져온 파일에 적힌 동의일";

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

/// Why a file is refused before its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault(String);

/// What the job in the writer needs; owned, for it runs on another thread.
struct Job {
    file: PathBuf,
    source: String,
    named: bool,
    digests: Vec<String>,
    configured: Vec<String>,
    stated: Option<Instant>,
    keep_going: bool,
    dry_run: bool,
    zone: Tz,
    now: Instant,
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
        named: !args.digest.is_empty(),
        digests: chosen(&args.digest, deps)?,
        configured: deps.digests.to_vec(),
        stated: args.consent_date.as_deref().map(|text| date(text, deps)).transpose()?,
        keep_going: args.keep_going,
        dry_run: args.dry_run,
        zone: deps.time_zone,
        now: deps.now,
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
            Ok(true) => match self.header(&record) {
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
            match self.row(&record, &columns, width) {
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

    fn header(&self, record: &StringRecord) -> Result<Columns, Fault> {
        const EXAMPLE: &str = "첫 행을 예를 들어 이렇게 적어 주세요: 이메일,이름,구독일";
        let Some(columns) = columns::find(record.iter()) else {
            let cells: Vec<String> = record.iter().take(8).map(shown).collect();
            return Err(Fault(if record.iter().any(|cell| EmailAddress::parse(cell).is_ok()) {
                format!("머리글 행이 없어요 (첫 행이 바로 주소예요). {EXAMPLE}")
            } else {
                format!("이메일 열을 찾지 못했어요. 첫 행: '{}'. {EXAMPLE}", cells.join(" | "))
            }));
        };
        if columns.consent.is_empty() && self.stated.is_none() {
            return Err(Fault(format!(
                "동의일 열이 없어요 (구독일, 수신동의일, OPTIN_TIME, created_at 등). 동의 없이는 보낼 수 없으니 {EXAMPLE}. \
                 모두 언제까지 동의했는지 알고 있다면 --consent-date 날짜로 밝혀 주세요"
            )));
        }
        Ok(columns)
    }

    /// Reads one row; on a fault, the column (where it lies in one) and the reason.
    fn row(
        &self,
        record: &StringRecord,
        columns: &Columns,
        width: usize,
    ) -> Result<Row, (Option<usize>, String)> {
        let extra = record.iter().skip(width).any(|cell| !cell.trim().is_empty());
        if record.len() < width || extra {
            let count = record.len();
            return Err((
                None,
                format!("칸이 {count}개인데 머리글은 {width}개예요. 쉼표나 따옴표를 확인해 주세요"),
            ));
        }
        let cell = |column: usize| columns::unguard(record.get(column).unwrap_or_default().trim());
        let typed = cell(columns.address);
        let address = EmailAddress::parse(typed)
            .map_err(|cause| (Some(columns.address), format!("'{}' {cause}", shown(typed))))?;
        let standing = self.standing(columns, cell)?;
        let mut consent = self.stated.map(|at| (at, STATED));
        if let Some(&column) = columns.consent.iter().find(|&&column| !cell(column).is_empty()) {
            let typed = cell(column);
            let at = dates::parse_consent(typed, self.zone, self.now)
                .map_err(|cause| (Some(column), format!("'{}' {cause}", shown(typed))))?;
            consent = Some((at, WRITTEN));
        }
        let name = name::clean(&whole_name(columns, cell))
            .map_err(|cause| (columns.name.or(columns.given).or(columns.family), cause.to_string()))?;
        let digests = match columns.digest.filter(|_| !self.named) {
            Some(column) if !cell(column).is_empty() => {
                let digest = cell(column).to_owned();
                if !self.configured.contains(&digest) {
                    let known = self.configured.join(", ");
                    return Err((
                        Some(column),
                        format!("설정에 없는 다이제스트 '{}' (있는 것: {known})", shown(&digest)),
                    ));
                }
                Some(vec![digest])
            }
            _ => None,
        };
        Ok(Row { address, name, consent, standing, digests })
    }

    fn standing<'r>(
        &self,
        columns: &Columns,
        cell: impl Fn(usize) -> &'r str,
    ) -> Result<Standing, (Option<usize>, String)> {
        if columns.left.iter().any(|&column| !cell(column).is_empty()) {
            return Ok(Standing::Gone);
        }
        let mut standing = Standing::On(SubscriptionState::Active);
        for &column in &columns.status {
            let word = cell(column);
            match columns::standing(word) {
                Some(Standing::On(SubscriptionState::Active)) => {}
                Some(Standing::Gone) => return Ok(Standing::Gone),
                Some(other) => standing = other,
                None => {
                    let cause = format!(
                        "상태 '{}'의 뜻을 몰라요. '구독 중'이나 '수신거부'처럼 적어 주세요",
                        shown(word)
                    );
                    return Err((Some(column), cause));
                }
            }
        }
        Ok(standing)
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
        match ledger.add_subscriber(&new, &self.key, self.now)? {
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
                self.tell(format!("{line}행: 발송 금지된 주소라 뺐어요 (까닭: {})", reason_word(reason)));
            }
        }
        Ok(())
    }
}

/// A row that could be read.
struct Row {
    address: EmailAddress,
    name: Option<String>,
    /// When, and whose word that is.
    consent: Option<(Instant, &'static str)>,
    standing: Standing,
    digests: Option<Vec<String>>,
}

/// The name column, else given and family name: Korean ones family first and joined, others in Western order.
fn whole_name<'r>(columns: &Columns, cell: impl Fn(usize) -> &'r str) -> String {
    let at = |column: Option<usize>| column.map(&cell).unwrap_or_default();
    let (given, family) = (at(columns.name.or(columns.given)), at(columns.family));
    let korean = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
    if family.is_empty() || given.is_empty() {
        format!("{given}{family}")
    } else if korean(given) && korean(family) {
        format!("{family}{given}")
    } else {
        format!("{given} {family}")
    }
}

type Reader = csv::Reader<std::io::Chain<Cursor<Vec<u8>>, Text>>;

/// Opens the file as records; the delimiter is what its first line holds most of: comma, tab or semicolon.
fn open(path: &Path) -> Result<(Reader, Rc<Cell<usize>>), Fault> {
    let mut text = Text::open(path).map_err(|error| {
        Fault(match error {
            super::decode::DecodeError::Io(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
                "그런 파일이 없어요. 경로를 확인해 주세요".into()
            }
            super::decode::DecodeError::Io(cause) => {
                format!("{}. CSV 파일의 경로를 적어 주세요", io_words(&cause))
            }
            error => error.to_string(),
        })
    })?;
    let mut head = Vec::new();
    let mut piece = [0u8; 4096];
    while head.len() < 64 * 1024 && !head.contains(&b'\n') {
        let read = text.read(&mut piece).map_err(|error| Fault(error.to_string()))?;
        if read == 0 {
            break;
        }
        head.extend_from_slice(piece.get(..read).unwrap_or_default());
    }
    let since_record = text.since_record();
    let delimiter = delimiter(&head);
    let csv = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(Cursor::new(head).chain(text));
    Ok((csv, since_record))
}

fn delimiter(head: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b'\t', 0), (b';', 0)];
    for &byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(known, _)| *known == byte).for_each(|(_, count)| *count += 1),
        }
    }
    // The first of equals: a file of one column is read with commas.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(byte, _)| *byte)
}

fn csv_fault(error: &csv::Error) -> Fault {
    let line = error.position().map(|at| format!("{}행: ", at.line())).unwrap_or_default();
    Fault(match error.kind() {
        csv::ErrorKind::Io(cause) => format!("{line}{cause}"),
        _ => format!("{line}CSV로 읽을 수 없어요 ({error})"),
    })
}
