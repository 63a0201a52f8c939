//! Pure: clap in Korean: what a command takes, and what was wrong with what was typed.

use std::net::AddrParseError;
use std::num::{IntErrorKind, ParseIntError};

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, Error};

use crate::korean::width;

const TEMPLATE: &str = "{before-help}{about-with-newline}\n쓰는 법: {usage}\n\n{all-args}{after-help}";

/// The command and all below it with Korean headings, help and version options.
pub fn in_korean(command: Command) -> Command {
    let top = command.get_name() == "moabom";
    let command = command
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .help_template(TEMPLATE)
        .subcommand_help_heading("명령")
        .subcommand_value_name("명령")
        .mut_args(argument)
        .mut_subcommands(in_korean)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .help("이 도움말을 보여 줘요")
                .help_heading("옵션"),
        );
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
    if top { command.arg(version.help("판을 보여 줘요").help_heading("옵션")) } else { command }
}

/// What clap has to show; `[OPTIONS]` in its usage line is the one word it lets nobody choose.
pub fn shown(error: &Error, colours: bool) -> String {
    let text = error.render();
    let text = if colours { text.ansi().to_string() } else { text.to_string() };
    text.replace("[OPTIONS]", "[옵션]")
}

/// What stands for a value in usage lines; anything else is a 값.
const PLACES: &[(&str, &str)] = &[
    ("address", "주소"),
    ("by", "기준"),
    ("config", "경로"),
    ("digest", "다이제스트"),
    ("domain", "도메인"),
    ("everything", "폴더"),
    ("file", "파일"),
    ("files", "파일"),
    ("folder", "폴더"),
    ("edition", "번호"),
    ("format", "형식"),
    ("id", "번호"),
    ("ids", "번호"),
    ("name", "이름"),
    ("phone", "전화번호"),
    ("reason", "까닭"),
    ("selector", "셀렉터"),
    ("state", "상태"),
    ("text", "파일"),
    ("tls", "방식"),
    ("verdict", "결과"),
    ("who", "구독자"),
    ("port", "포트"),
    ("query", "찾을 말"),
    ("resolver", "주소:포트"),
    ("timeout", "초"),
    ("shell", "셸"),
    ("count", "수"),
    ("email", "주소"),
    ("home", "주소"),
    ("host", "서버"),
    ("schedule", "때"),
    ("source", "출처"),
    ("title", "이름"),
    ("url", "주소"),
    ("user", "이름"),
];

/// The name of an argument's value in Korean, where its author gave none in Korean.
fn place(argument: &Arg) -> Option<&'static str> {
    let names = argument.get_value_names().unwrap_or_default();
    if names.iter().any(|name| !name.is_ascii() || name.contains('|')) {
        return None;
    }
    let id = argument.get_id().as_str();
    let last = id.rsplit('_').next().unwrap_or(id);
    let known = PLACES.iter().find(|(known, _)| *known == id || *known == last);
    Some(known.map_or("값", |(_, place)| place))
}

fn argument(argument: Arg) -> Arg {
    let takes_value = argument.get_action().takes_values();
    let argument = match place(&argument).filter(|_| takes_value) {
        Some(place) => argument.value_name(place),
        None => argument,
    };
    let mut help = argument.get_help().map(StyledStr::to_string).unwrap_or_default();
    let choices: Vec<String> =
        argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if takes_value && !choices.is_empty() {
        help.push_str(&format!(" [쓸 수 있는 값: {}]", choices.join(", ")));
    }
    let defaults: Vec<&str> =
        argument.get_default_values().iter().filter_map(|value| value.to_str()).collect();
    if takes_value && !defaults.is_empty() {
        help.push_str(&format!(" [기본값: {}]", defaults.join(", ")));
    }
    let heading = if argument.is_positional() { "인자" } else { "옵션" };
    let argument = argument.help(help).help_heading(heading);
    if takes_value { argument.hide_default_value(true).hide_possible_values(true) } else { argument }
}

/// What was wrong and what to do, or nothing where clap has only something to show (help, version).
pub fn told(error: &Error) -> Option<String> {
    let what = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => return None,
        ErrorKind::InvalidSubcommand => {
            format!("그런 명령은 없어요: `{}`.", first(error, ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            match first(error, ContextKind::ValidSubcommand) {
                known if known.is_empty() => "무엇을 할지 적어 주세요.".to_owned(),
                known => format!("무엇을 할지 적어 주세요. 쓸 수 있는 명령: {known}"),
            }
        }
        ErrorKind::UnknownArgument => {
            format!("여기에 쓸 수 없는 것이 있어요: {}", first(error, ContextKind::InvalidArg))
        }
        ErrorKind::MissingRequiredArgument => {
            format!("꼭 있어야 하는 것이 빠졌어요: {}", first(error, ContextKind::InvalidArg))
        }
        ErrorKind::ArgumentConflict => {
            let (one, other) = (first(error, ContextKind::InvalidArg), first(error, ContextKind::PriorArg));
            if one == other || other.is_empty() {
                format!("한 번만 적을 수 있어요: {one}")
            } else {
                format!("함께 쓸 수 없어요: {one}, {other}")
            }
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => value(error),
        ErrorKind::InvalidUtf8 => "UTF-8이 아닌 글자가 있어요.".to_owned(),
        _ => "적은 것을 알아듣지 못했어요.".to_owned(),
    };
    let hint = suggestion(error).map(|known| format!(" 혹시 `{known}`?")).unwrap_or_default();
    Some(format!("{what}{hint}\n  → 쓰는 법은 `--help`를 붙여 보세요"))
}

/// Columns of a refused value that are repeated.
const GIVEN: usize = 60;

fn value(error: &Error) -> String {
    let (place, given) = (first(error, ContextKind::InvalidArg), first(error, ContextKind::InvalidValue));
    if given.is_empty() {
        return format!("{place}에 값을 적어 주세요.{}", choices(error));
    }
    let given = width::cut(&given, GIVEN);
    let advice = match std::error::Error::source(error) {
        Some(cause) => format!(" {}", wanted(cause)),
        None => choices(error),
    };
    format!("{place}에 쓸 수 없는 값이에요: `{given}`.{advice}")
}

/// What to write instead. What our own readers say is Korean; what the libraries say is not.
fn wanted(cause: &(dyn std::error::Error + 'static)) -> String {
    let said = cause.to_string();
    let number = cause.downcast_ref::<ParseIntError>().map(ParseIntError::kind);
    let range = said.split_once(" is not in ").and_then(|(_, range)| range.split_once("..="));
    match (range, number) {
        _ if !said.is_ascii() => said,
        _ if cause.is::<AddrParseError>() => "`주소:포트` 꼴로 적어 주세요. 예: 1.1.1.1:53".to_owned(),
        (Some((least, most)), _) => format!("{least}에서 {most} 사이의 수를 적어 주세요."),
        (_, Some(IntErrorKind::PosOverflow | IntErrorKind::NegOverflow)) => "수가 너무 커요.".to_owned(),
        _ => "수를 적어 주세요.".to_owned(),
    }
}

fn choices(error: &Error) -> String {
    match first(error, ContextKind::ValidValue) {
        known if known.is_empty() => String::new(),
        known => format!(" 쓸 수 있는 값: {known}"),
    }
}

fn suggestion(error: &Error) -> Option<String> {
    let kinds = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    kinds.into_iter().map(|kind| first(error, kind)).find(|known| !known.is_empty())
}

/// The context of that kind as text; empty where clap gives none.
fn first(error: &Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        _ => String::new(),
    }
}
