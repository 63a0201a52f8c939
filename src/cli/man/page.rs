//! Pure: one command's manual page in roff, in the words its help has.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, line_break, roman};

use super::words::{self, Entry};

/// The first line of every page of ours; by it a page is known again, and replaced.
pub const MARK: &str = ".\\\" moabom man: generated, replaced by the next one";

/// What each piece begins with so that an apostrophe stays one; once on a page is enough.
const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// A page under the name of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// `moabom-subscribers-import.1`.
    pub file: String,
    /// In UTF-8.
    pub text: String,
}

/// The pages of a command that is built, and of all below it that are shown. `day`: `2026-11-24`.
pub fn pages(command: &Command, day: &str) -> Vec<Page> {
    let mut all = Vec::new();
    collect(command, None, day, &mut all);
    all.sort_by(|one, other| one.file.cmp(&other.file));
    all
}

fn collect(command: &Command, above: Option<&Command>, day: &str, all: &mut Vec<Page>) {
    all.push(page(command, above, day));
    for below in shown(command) {
        collect(below, Some(command), day, all);
    }
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| !command.is_hide_set())
}

/// `moabom-subscribers-import`.
fn title(command: &Command) -> String {
    command.get_bin_name().unwrap_or(command.get_name()).replace(' ', "-")
}

fn page(command: &Command, above: Option<&Command>, day: &str) -> Page {
    let man = Man::new(command.clone());
    let title = title(command);
    let source = format!("moabom {}", env!("CARGO_PKG_VERSION"));
    let mut head = Roff::new();
    head.control("TH", [title.to_uppercase().as_str(), "1", day, &source, "모아봄 설명서"]);
    // Korean breaks at spaces alone, and lines blown up to one width are hard to read.
    head.control("nh", []).control("ad", ["l"]);
    head.control("SH", ["이름"]).text([roman(format!("{title} - {}", about(command)))]);
    head.control("SH", ["쓰는 법"]).text(usage(command));
    let mut text = format!("{MARK}\n{}", head.render());
    text.push_str(&piece(|out| described(command).to_writer(out)));
    text.push_str(&piece(|out| man.render_options_section(out)));
    if shown(command).next().is_some() {
        text.push_str(&piece(|out| man.render_subcommands_section(out)));
    }
    text.push_str(&piece(|out| closing(command, above).to_writer(out)));
    Page { file: format!("{title}.1"), text }
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// The usage line its help has.
fn usage(command: &Command) -> Vec<Inline> {
    let usage = command.clone().render_usage().to_string().replace("[OPTIONS]", "[옵션]");
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let arguments = usage.split_once(name).map_or("", |(_, arguments)| arguments);
    vec![bold(name), roman(arguments.trim_end())]
}

/// A piece of the page without the preamble the first one had. Writing to memory does not fail.
fn piece(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    let _ = write(&mut bytes);
    String::from_utf8_lossy(&bytes).replace(PREAMBLE, "")
}

/// What the help says beyond the line that stands beside the name; nothing where it says no more.
fn described(command: &Command) -> Roff {
    let mut paragraphs: Vec<Vec<Inline>> =
        words::description(&title(command)).iter().map(|text| vec![roman(*text)]).collect();
    if let Some(long) = command.get_long_about() {
        paragraphs.push(vec![roman(long.to_string())]);
    }
    if let Some(after) = command.get_after_help().map(ToString::to_string) {
        let mut lines: Vec<Inline> =
            after.lines().flat_map(|line| [roman(line.trim()), line_break()]).collect();
        lines.pop();
        paragraphs.push(lines);
    }
    let mut roff = Roff::new();
    for (number, paragraph) in paragraphs.into_iter().enumerate() {
        match number {
            0 => roff.control("SH", ["설명"]),
            _ => roff.control("PP", []),
        };
        roff.text(paragraph);
    }
    roff
}

/// What only the first page tells, and where to read on.
fn closing(command: &Command, above: Option<&Command>) -> Roff {
    let mut roff = Roff::new();
    if above.is_none() {
        for (heading, entries) in words::SECTIONS {
            roff.control("SH", [*heading]);
            for Entry(term, meaning) in *entries {
                roff.control("TP", []).text([bold(*term)]).text([roman(*meaning)]);
            }
        }
    }
    roff.control("SH", ["함께 보기"]);
    let others = see_also(command, above);
    let last = others.len().saturating_sub(1);
    for (number, other) in others.iter().enumerate() {
        let (name, section) = other.split_once('(').unwrap_or((other, "1)"));
        let comma = if number < last { "," } else { "" };
        roff.text([bold(name), roman(format!("({section}{comma}"))]);
    }
    roff
}

/// The page above, those beside a nested one, and whatever belongs to it: `moabom-deliver(1)`.
fn see_also(command: &Command, above: Option<&Command>) -> Vec<String> {
    let own = title(command);
    let mut others: Vec<String> = above.map(title).into_iter().collect();
    if let Some(above) = above.filter(|above| title(above) != "moabom") {
        others.extend(shown(above).map(title).filter(|name| *name != own));
    }
    others.extend(words::related(&own).iter().map(|name| format!("moabom-{name}")));
    let mut others: Vec<String> = others.into_iter().map(|name| format!("{name}(1)")).collect();
    if own == "moabom" || own == "moabom-run" {
        others.push("systemd.service(5)".to_owned());
    }
    others
}
