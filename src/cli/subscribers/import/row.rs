//! Effect: one row of a file: whom it means, since when, and what exactly cannot be read of it.

use chrono_tz::Tz;
use csv::StringRecord;
use unicode_normalization::UnicodeNormalization;

use super::file::Fault;
use crate::cli::dates;
use crate::cli::subscribers::columns::{self, Columns};
use crate::cli::subscribers::shown;
use crate::cli::subscribers::words::{self, Standing};
use crate::clock::Instant;
use crate::model::address::{self, AddressError};
use crate::model::subscriber::{Frequency, SubscriptionState};
use crate::model::{EmailAddress, name};

/// Whose word a day of consent is, for the consent ledger.
const STATED: &str = "운영자가 밝힌 동의일 (--consent-date)";
const WRITTEN: &str = "가져온 파일에 적힌 동의일";

/// Why a row cannot be read.
#[derive(Debug)]
pub(super) struct Wrong {
    /// The column at fault, where it is one.
    pub(super) column: Option<usize>,
    /// The reason.
    pub(super) cause: String,
    /// Whose row it is, where it may say that the person left.
    pub(super) doubtful: Option<EmailAddress>,
}

impl Wrong {
    fn at(column: impl Into<Option<usize>>, cause: impl Into<String>) -> Wrong {
        Wrong { column: column.into(), cause: cause.into(), doubtful: None }
    }
}

/// What rows are read by.
pub(super) struct Rules {
    /// The day of consent for rows without one, as the operator stated it.
    pub(super) stated: Option<Instant>,
    /// The digests were named on the command line: the file's own column is not asked.
    pub(super) named: bool,
    /// The configured digests.
    pub(super) configured: Vec<String>,
    /// The file's name says that none of its people is to be mailed.
    pub(super) gone: bool,
    /// The letters are advertising: only who agreed to that may come.
    pub(super) advertising: bool,
    /// The zone of days without an offset.
    pub(super) zone: Tz,
    /// Now.
    pub(super) now: Instant,
}

impl Rules {
    /// What the columns of that first row hold.
    pub(super) fn header(&self, record: &StringRecord) -> Result<Columns, Fault> {
        const EXAMPLE: &str = "첫 행을 예를 들어 이렇게 적어 주세요: 이메일,이름,구독일";
        let Some(columns) = columns::find(record.iter()) else {
            let cells: Vec<String> = record.iter().take(8).map(shown).collect();
            return Err(Fault(if record.iter().any(|cell| EmailAddress::parse(cell).is_ok()) {
                format!("머리글 행이 없어요 (첫 행이 바로 주소예요). {EXAMPLE}")
            } else {
                let divide =
                    if cells.len() == 1 { " 칸은 쉼표(,)나 탭으로 나눠 주세요." } else { "" };
                format!("이메일 열을 찾지 못했어요. 첫 행: '{}'.{divide} {EXAMPLE}", cells.join(" | "))
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
    pub(super) fn row(&self, record: &StringRecord, columns: &Columns, width: usize) -> Result<Row, Wrong> {
        let extra = record.iter().skip(width).any(|cell| !cell.trim().is_empty());
        if record.len() < width || extra {
            let count = record.len();
            return Err(Wrong::at(
                None,
                format!("칸이 {count}개인데 머리글은 {width}개예요. 쉼표나 따옴표를 확인해 주세요"),
            ));
        }
        let cell = |column: usize| columns::unguard(record.get(column).unwrap_or_default().trim());
        // What takes no ink at the ends comes along with copying; within, it is a fault.
        let seen = |column: usize| {
            cell(column).trim_matches(|c: char| c.is_whitespace() || address::is_invisible(c))
        };
        let typed = seen(columns.address);
        let standing = self.standing(columns, cell);
        let parsed = match standing {
            Ok(Standing::On(_)) => address::parse_mailbox(typed),
            _ => meant(typed).map(|address| (None, address)),
        };
        let (called, address) =
            parsed.map_err(|cause| Wrong::at(columns.address, format!("'{}' {cause}", shown(typed))))?;
        let standing = match standing {
            Ok(Standing::Gone) => return Ok(Row::gone(address)),
            Ok(standing) => standing,
            Err(wrong) => return Err(Wrong { doubtful: Some(address), ..wrong }),
        };
        let mut consent = self.stated.map(|at| (at, STATED));
        if let Some(&column) = columns.consent.iter().find(|&&column| !seen(column).is_empty()) {
            let typed = seen(column);
            let zone = if columns.universal.contains(&column) { Tz::UTC } else { self.zone };
            let at = dates::parse_consent(typed, zone, self.now)
                .map_err(|cause| Wrong::at(column, format!("'{}' {cause}", shown(typed))))?;
            consent = Some((at, WRITTEN));
        }
        let name = name::clean(
            &Some(whole_name(columns, cell)).filter(|name| !name.is_empty()).or(called).unwrap_or_default(),
        )
        .map_err(|cause| Wrong::at(columns.name.or(columns.given).or(columns.family), cause.to_string()))?;
        let digests = self.digests(columns, cell)?;
        let resumes_at = self.resumption(columns, standing, cell)?;
        let frequency = frequency(columns, cell)?;
        Ok(Row { address, name, consent, standing, digests, resumes_at, frequency })
    }

    fn standing<'r>(&self, columns: &Columns, cell: impl Fn(usize) -> &'r str) -> Result<Standing, Wrong> {
        let unwilling = |column: usize| self.advertising && cell(column).is_empty();
        if self.gone
            || columns.left.iter().any(|&column| !words::stays(cell(column)))
            || columns.agreed.iter().any(|&column| cell(column).is_empty())
            || columns.advertising.is_some_and(unwilling)
        {
            return Ok(Standing::Gone);
        }
        let mut standing = Standing::On(SubscriptionState::Active);
        for &column in columns.status.iter().chain(&columns.agreed).chain(&columns.advertising) {
            let word = cell(column);
            match words::standing(word) {
                Some(Standing::On(SubscriptionState::Active)) => {}
                Some(Standing::Gone) => return Ok(Standing::Gone),
                Some(other) => standing = other,
                None => {
                    let cause = format!(
                        "상태 '{}'의 뜻을 몰라요. '구독 중'이나 '수신거부'처럼 적어 주세요",
                        shown(word)
                    );
                    return Err(Wrong::at(column, cause));
                }
            }
        }
        Ok(standing)
    }

    /// When a pause of the row ends; a row that does not pause has none, whatever stands there.
    fn resumption<'r>(
        &self,
        columns: &Columns,
        standing: Standing,
        cell: impl Fn(usize) -> &'r str,
    ) -> Result<Option<Instant>, Wrong> {
        let paused = standing == Standing::On(SubscriptionState::Paused);
        let Some(column) = columns.resumes.filter(|&column| paused && !cell(column).is_empty()) else {
            return Ok(None);
        };
        let typed = cell(column);
        let at = dates::parse(typed, self.zone)
            .map_err(|cause| Wrong::at(column, format!("'{}' {cause}", shown(typed))))?;
        Ok(Some(at))
    }

    fn digests<'r>(
        &self,
        columns: &Columns,
        cell: impl Fn(usize) -> &'r str,
    ) -> Result<Option<Vec<String>>, Wrong> {
        let Some(column) = columns.digest.filter(|&column| !self.named && !cell(column).is_empty()) else {
            return Ok(None);
        };
        let digest = cell(column).to_owned();
        if self.configured.contains(&digest) {
            return Ok(Some(vec![digest]));
        }
        let known = self.configured.join(", ");
        Err(Wrong::at(column, format!("설정에 없는 다이제스트 '{}' (있는 것: {known})", shown(&digest))))
    }
}

fn frequency<'r>(columns: &Columns, cell: impl Fn(usize) -> &'r str) -> Result<Frequency, Wrong> {
    let Some(column) = columns.frequency else { return Ok(Frequency::Every) };
    words::frequency(cell(column)).ok_or_else(|| {
        let cause =
            format!("받는 빈도 '{}'의 뜻을 몰라요. '매번'이나 '월간'으로 적어 주세요", shown(cell(column)));
        Wrong::at(column, cause)
    })
}

/// A row that could be read.
pub(super) struct Row {
    pub(super) address: EmailAddress,
    pub(super) name: Option<String>,
    /// When, and whose word that is.
    pub(super) consent: Option<(Instant, &'static str)>,
    pub(super) standing: Standing,
    pub(super) digests: Option<Vec<String>>,
    pub(super) resumes_at: Option<Instant>,
    pub(super) frequency: Frequency,
}

impl Row {
    /// Of who left nothing else matters, so nothing else needs to be readable.
    fn gone(address: EmailAddress) -> Row {
        Row {
            address,
            name: None,
            consent: None,
            standing: Standing::Gone,
            digests: None,
            resumes_at: None,
            frequency: Frequency::Every,
        }
    }
}

/// The address of who left, however it was written: leaving must not fail on what joining does.
fn meant(typed: &str) -> Result<EmailAddress, AddressError> {
    let plain: String = typed.nfkc().filter(|&c| !address::is_invisible(c)).collect();
    address::parse_mailbox(&plain).map(|(_, address)| address)
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
