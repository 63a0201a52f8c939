//! Effect: where log lines go and how they look. They go to stderr; where that is the journal, each line carries its priority
//! as sd-daemon(3) writes it, so that `journalctl -p warning` shows what is to be looked at.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{LogFormat, LogSettings};

/// One line an event. Of other crates only warnings: what they tell of a conversation may hold what no log may.
pub(super) fn start(settings: &LogSettings) {
    let level = settings.level.as_str().to_lowercase();
    let filter = EnvFilter::new(format!("warn,moabom={level}"));
    let journal = is_journal();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Lines { journal })
        .with_ansi(console::colors_enabled_stderr())
        .with_target(false);
    // A second subscriber is refused; then the first one stays.
    let _ = match (settings.format, journal) {
        // The journal dates its lines itself.
        (LogFormat::Text, true) => lines.without_time().try_init(),
        (LogFormat::Text, false) => lines.try_init(),
        (LogFormat::Json, _) => lines.json().try_init(),
    };
}

/// Says on stderr what is no event of the log but stands beside it: why a command failed, say.
pub(super) fn say(level: Level, told: &str) {
    let text = format!("{told}\n");
    let text = if is_journal() { prefixed(level, text.as_bytes()) } else { text.into_bytes() };
    let _ = io::stderr().write_all(&text);
}

/// Whether stderr leads to the journal: `JOURNAL_STREAM` holds its device and inode (systemd.exec(5)). A child whose stderr
/// goes elsewhere has the variable, too.
fn is_journal() -> bool {
    let Ok(named) = std::env::var("JOURNAL_STREAM") else { return false };
    let stderr = io::stderr().as_fd().try_clone_to_owned().map(File::from).and_then(|file| file.metadata());
    stderr.is_ok_and(|stderr| named == format!("{}:{}", stderr.dev(), stderr.ino()))
}

/// stderr, event by event.
struct Lines {
    journal: bool,
}

/// stderr for one event.
struct Event {
    /// Its level, where lines carry it.
    level: Option<Level>,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Event;

    fn make_writer(&'a self) -> Event {
        Event { level: None }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Event {
        Event { level: self.journal.then(|| *meta.level()) }
    }
}

impl Write for Event {
    /// Takes an event whole, as it is formatted: its lines must not mix with another's.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        match self.level {
            None => io::stderr().write_all(event)?,
            Some(level) => io::stderr().write_all(&prefixed(level, event))?,
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Each line with the priority of `level` before it: the journal makes an entry of every line.
fn prefixed(level: Level, text: &[u8]) -> Vec<u8> {
    let priority = match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        Level::DEBUG | Level::TRACE => "<7>",
    };
    let lines = text.split_inclusive(|&byte| byte == b'\n');
    lines.flat_map(|line| [priority.as_bytes(), line].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_an_event_carries_its_priority() {
        let text = prefixed(Level::WARN, "한 줄\n두 줄\n".as_bytes());
        assert_eq!(String::from_utf8(text).unwrap(), "<4>한 줄\n<4>두 줄\n");
        assert_eq!(prefixed(Level::TRACE, b"x"), b"<7>x");
        assert_eq!(prefixed(Level::ERROR, b""), b"");
    }
}
