//! Effect: the findings as a terminal shows them.

use std::io::{self, Write};

use console::{Term, style};

use crate::cli::why::plain;
use crate::doctor::{Finding, State};
use crate::korean::width;

/// Columns of the states and of the topics.
const STATE: usize = 15;
const TOPIC: usize = 16;
/// Lines are not made longer than this, nor shorter than what is readable.
const WIDEST: usize = 100;
const NARROWEST: usize = 40;

/// One line each with state, topic and place; below it what is the case, why it matters and what to do.
pub(super) fn write(findings: &[Finding], out: &mut impl Write) -> io::Result<()> {
    let columns = Term::stdout().size_checked().map_or(WIDEST, |(_, columns)| usize::from(columns));
    let columns = columns.clamp(NARROWEST, WIDEST);
    for finding in findings {
        let state = padded(finding.state.korean(), STATE);
        let state = match finding.state {
            State::Good => style(state).green(),
            State::Look => style(state).yellow(),
            State::Mend => style(state).red().bold(),
        };
        writeln!(out, "{state}{}{}", padded(finding.topic, TOPIC), plain(&finding.looked_at))?;
        for text in [&finding.found, &finding.why] {
            paragraph(text, "", columns, out)?;
        }
        paragraph(&finding.advice, "→ ", columns, out)?;
        if let Some(line) = &finding.set {
            // Whole, so that it can be copied.
            writeln!(out, "{}{}", " ".repeat(STATE + 2), style(plain(line)).bold())?;
        }
    }
    Ok(())
}

fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width::of(text)).max(1)))
}

fn paragraph(text: &str, mark: &str, columns: usize, out: &mut impl Write) -> io::Result<()> {
    let lines = text.lines().flat_map(|line| width::wrap(&plain(line), columns - STATE - 2));
    for (index, line) in lines.filter(|line| !line.is_empty()).enumerate() {
        let lead = if index == 0 { mark.to_owned() } else { "  ".repeat(usize::from(!mark.is_empty())) };
        writeln!(out, "{}{lead}{line}", " ".repeat(STATE))?;
    }
    Ok(())
}
