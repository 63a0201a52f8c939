//! Pure: why a letter could not be rendered, told to the person who edits the template.

use std::fmt;

use super::wording::in_korean;
use crate::law::LawError;

/// Where in a template something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFault {
    /// Where the operator finds the template: a file with its folder, `내장 틀 …`, or `제목 틀(subject)`.
    pub file: String,
    /// Line from 1.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
    /// What is wrong, in Korean.
    pub what: String,
    /// The line itself.
    pub source_line: String,
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}행 {}열: {}", self.file, self.line, self.column, self.what)?;
        if self.source_line.is_empty() {
            return Ok(());
        }
        let pad: String = self
            .source_line
            .chars()
            .take(self.column.saturating_sub(1))
            .map(|c| {
                if c == '\t' {
                    "\t"
                } else if (c as u32) < 0x1100 {
                    " "
                } else {
                    "  "
                }
            })
            .collect();
        write!(f, "\n  {}\n  {pad}^", self.source_line)
    }
}

/// What a template leaves out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}에 {what} 없어요. 눈에 보이는 곳에 넣으세요: {variable} ({article})")]
pub struct MissingItem {
    /// As [`TemplateFault::file`].
    pub file: String,
    /// What, with its particle.
    pub what: &'static str,
    /// What stands for it in a template.
    pub variable: &'static str,
    /// The law's article, or why it is needed.
    pub article: &'static str,
}

/// Why a letter could not be rendered.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum RenderError {
    /// A template is wrong; its author can mend it.
    #[error("틀을 쓸 수 없어요. {0}")]
    Template(Box<TemplateFault>),
    /// A template is wrong in a way that has no place.
    #[error("틀을 쓸 수 없어요. {0}")]
    Engine(String),
    /// The subject breaks the law's rule.
    #[error(transparent)]
    Law(#[from] LawError),
    /// A template of the operator's leaves out what its mail must hold.
    #[error("틀을 쓸 수 없어요. {0}")]
    Missing(Box<MissingItem>),
    /// Styles could not be set inline.
    #[error("편지의 스타일(digest/letter.css)을 적용할 수 없어요. {0}")]
    Style(String),
    /// More than mail programs show whole, even without excerpts.
    #[error(
        "편지의 HTML이 {kilobytes} KB라서 보낼 수 없어요(한도 100 KB). \
         다이제스트의 max를 줄이거나 틀에서 덜어 내 주세요"
    )]
    TooLarge {
        /// Size in units of 1,024 bytes.
        kilobytes: usize,
    },
}

/// The name Tera gives a template that is rendered from a string.
const ONE_OFF: &str = "__tera_one_off";

impl RenderError {
    /// Translates Tera's error; `subject` is the subject template, which has no file.
    pub(super) fn of_tera(error: &tera::Error, subject: Option<&str>) -> RenderError {
        match error.kind() {
            tera::ErrorKind::SyntaxError(report) | tera::ErrorKind::RenderingError(report) => {
                RenderError::of_report(&error.to_string(), report, subject)
            }
            _ => RenderError::of_text(&error.to_string()),
        }
    }

    /// The same with the template's name made a place: `named` gives it for a template that has a file.
    pub(super) fn placed(self, named: impl Fn(&str) -> String) -> RenderError {
        let place = |name: &str| if name == ONE_OFF { "제목 틀(subject)".to_owned() } else { named(name) };
        match self {
            RenderError::Template(mut fault) => {
                fault.file = place(&fault.file);
                RenderError::Template(fault)
            }
            RenderError::Missing(mut missing) => {
                missing.file = place(&missing.file);
                RenderError::Missing(missing)
            }
            other => other,
        }
    }

    fn of_report(shown: &str, report: &tera::ReportError, subject: Option<&str>) -> RenderError {
        let span = report.span();
        let source_line = match subject {
            Some(source) => source.lines().nth(span.start_line.saturating_sub(1)).map(str::to_owned),
            None => shown_line(shown),
        };
        let source_line = source_line.unwrap_or_default();
        let name: String = source_line
            .chars()
            .skip(span.start_col)
            .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
            .collect();
        RenderError::Template(Box::new(TemplateFault {
            file: report.filename().to_owned(),
            line: span.start_line,
            column: span.start_col + 1,
            what: in_korean(report.message(), &name),
            source_line,
        }))
    }

    /// Errors that Tera gives as text only (an unknown filter, say) carry their place as `--> file:line:column`.
    fn of_text(text: &str) -> RenderError {
        let place = text.lines().find_map(|line| line.trim_start().strip_prefix("--> "));
        let parsed = place.and_then(|place| {
            let mut parts = place.rsplitn(3, ':');
            let column = parts.next()?.parse().ok()?;
            let line = parts.next()?.parse().ok()?;
            Some((parts.next()?.to_owned(), line, column))
        });
        let message = text.lines().next().unwrap_or(text).trim_start_matches("error: ");
        match parsed {
            Some((file, line, column)) => RenderError::Template(Box::new(TemplateFault {
                file,
                line,
                column,
                what: in_korean(message, ""),
                source_line: shown_line(text).unwrap_or_default(),
            })),
            None => RenderError::Engine(text.to_owned()),
        }
    }
}

/// The source line inside Tera's report: `12 | text`.
fn shown_line(report: &str) -> Option<String> {
    report.lines().find_map(|line| {
        let (number, source) = line.split_once(" | ")?;
        number.trim().parse::<usize>().ok().map(|_| source.to_owned())
    })
}
