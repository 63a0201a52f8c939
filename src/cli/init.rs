//! Effect: `moabom init`: asks for what a configuration must say, checks it, and writes a short one; never over another.

mod questions;

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};

use anyhow::{Context as _, Result};
use clap::Args;
use dialoguer::{Confirm, Input};
use url::Url;

use super::{Context, Misuse};
use crate::config::new_file::{Mode, Put, put_new};
use crate::config::{Config, ConfigFaults};
use crate::source::SourceKind;
use crate::source::known_blog::feed_of;
use questions::{QUESTIONS, Question, When};

/// `moabom init`
#[derive(Clone, Debug, Default, Args)]
pub struct InitArgs {
    /// 뉴스레터의 이름
    #[arg(long)]
    pub title: Option<String>,
    /// 블로그의 주소
    #[arg(long)]
    pub home: Option<String>,
    /// 영리 목적의 광고 편지인지 (정보통신망법 50조; 기본값 없음)
    #[arg(long, value_name = "true|false")]
    pub advertising: Option<String>,
    /// 받는 사람이 볼 보내는 이의 이름
    #[arg(long)]
    pub sender_name: Option<String>,
    /// 보내는 메일 주소
    #[arg(long)]
    pub sender_email: Option<String>,
    /// 보내는 이의 전화번호 (광고면 꼭)
    #[arg(long)]
    pub sender_phone: Option<String>,
    /// 보내는 이의 우편 주소 (광고면 꼭)
    #[arg(long)]
    pub sender_address: Option<String>,
    /// 글 목록이나 피드(RSS, Atom)의 웹 주소나 파일
    #[arg(long)]
    pub source: Option<String>,
    /// 보낼 때: 분 시 일 월 요일 [기본값: 0 9 * * MON]
    #[arg(long)]
    pub schedule: Option<String>,
    /// 메일을 맡길 SMTP 서버
    #[arg(long)]
    pub smtp_host: Option<String>,
    /// SMTP 서버의 포트
    #[arg(long)]
    pub smtp_port: Option<String>,
    /// starttls, implicit, none [기본값: 이 기기면 none, 465번이면 implicit, 그 밖에는 starttls]
    #[arg(long)]
    pub smtp_tls: Option<String>,
    /// SMTP 로그인 이름 (로그인이 있으면)
    #[arg(long)]
    pub smtp_user: Option<String>,
    /// SMTP 비밀번호가 든 파일 (권한 600)
    #[arg(long)]
    pub smtp_password_file: Option<String>,
    /// 독자가 여는 이 서버의 주소 (광고면 꼭)
    #[arg(long)]
    pub public_url: Option<String>,
}

/// Values by key, as typed.
type Answers = BTreeMap<&'static str, String>;

/// Writes the configuration file. Asks on a terminal; elsewhere everything must come by flags.
pub fn run(context: &Context, args: &InitArgs, out: &mut impl Write) -> Result<()> {
    let path = &context.config_path;
    let exists = || {
        let shown = path.display();
        Misuse(format!(
            "이미 있는 설정이라 그대로 두었어요: {shown}\n  → 고치려면 편집기로 열고, 새로 만들려면 `moabom --config 다른경로 init`을 쓰세요"
        ))
    };
    if path.symlink_metadata().is_ok() {
        return Err(exists().into());
    }
    let mut answers = flagged(args);
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        ask(&mut answers)?;
    }
    refuse_missing(&answers)?;
    let text = text(&answers);
    check(&text, &answers).map_err(|faults| Misuse(told_by_flags(&faults)))?;
    let shown = path.display();
    let put = put_new(path, &text, Mode::Usual).with_context(|| {
        format!("설정 파일을 쓸 수 없어요: {shown}. 폴더의 권한과 남은 공간을 확인하세요")
    })?;
    if put == Put::Exists {
        return Err(exists().into());
    }
    writeln!(out, "설정을 만들었어요: {shown}")?;
    let place = answers.get("source[0].location").and_then(|place| Url::parse(place).ok());
    if let Some(feed) = place.as_ref().and_then(feed_of) {
        writeln!(out, "블로그의 첫 페이지 대신 피드를 읽도록 적었어요: {feed}")?;
    }
    if answers.contains_key("smtp.user") && !answers.contains_key("smtp.password_file") {
        writeln!(out, "SMTP 비밀번호는 환경 변수 MOABOM__SMTP__PASSWORD나 password_file로 주세요.")?;
    }
    Ok(writeln!(
        out,
        "다음은 `moabom check`로 확인하고, `moabom ingest`로 글을 가져와 `moabom preview`로 보는 일이에요."
    )?)
}

fn flagged(args: &InitArgs) -> Answers {
    let given = |question: &Question| Some((question.key, (question.flagged)(args)?.trim().to_owned()));
    QUESTIONS.iter().filter_map(given).filter(|(_, answer)| !answer.is_empty()).collect()
}

fn is_advertising(answers: &Answers) -> bool {
    answers.get("newsletter.advertising").is_some_and(|answer| answer == "true")
}

/// A relay on this machine, which needs no TLS.
fn is_here(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "::1")
}

fn is_needed(question: &Question, answers: &Answers) -> bool {
    match question.when {
        When::Always => true,
        When::Advertising => is_advertising(answers),
        When::Perhaps if question.key == "web.public_url" => is_advertising(answers),
        When::Perhaps | When::Flag => false,
    }
}

/// Asks for what was not flagged, each until it is sound.
fn ask(answers: &mut Answers) -> Result<()> {
    for question in &QUESTIONS {
        let needed = is_needed(question, answers);
        if answers.contains_key(question.key) || !(needed || question.when == When::Perhaps) {
            continue;
        }
        let answer = if question.key == "newsletter.advertising" {
            ask_decision()?
        } else {
            ask_text(question, needed)?
        };
        if !answer.is_empty() {
            answers.insert(question.key, answer);
        }
    }
    Ok(())
}

fn ask_decision() -> Result<String> {
    eprintln!(
        "영리 목적의 광고인지는 보내는 분이 정해요(정보통신망법 50조). 광고면 제목에 (광고)를 붙이고 전화와 주소를 실어요.\n\
         판매 없는 개인 글 소식은 보통 아니고, 협찬·쿠폰·강의·상품 링크가 하나라도 있으면 광고예요."
    );
    let prompt = "영리 목적의 광고 편지인가요? (y: 예, n: 아니요)";
    Ok(Confirm::new().with_prompt(prompt).wait_for_newline(true).interact()?.to_string())
}

fn ask_text(question: &Question, needed: bool) -> Result<String> {
    let mut input = Input::<String>::new().with_prompt(question.ask).allow_empty(!needed);
    if matches!(question.key, "smtp.port" | "digest[0].schedule") {
        input = input.default(question.sound.to_owned());
    }
    let sound = |answer: &String| match problem(question, answer.trim()) {
        Some(problem) if needed || !answer.trim().is_empty() => Err(problem),
        _ => Ok(()),
    };
    Ok(input.validate_with(sound).interact_text()?.trim().to_owned())
}

/// What the configuration says of this answer among otherwise sound ones.
fn problem(question: &Question, answer: &str) -> Option<String> {
    let mut answers: Answers = QUESTIONS
        .iter()
        .filter(|other| other.when == When::Always)
        .map(|other| (other.key, other.sound.to_owned()))
        .collect();
    answers.insert(question.key, answer.to_owned());
    let faults = check(&text(&answers), &answers).err()?;
    let fault = faults.faults.into_iter().find(|fault| fault.key == question.key)?;
    Some(format!("{}. {}", fault.problem, fault.advice))
}

/// All that is missing, at once.
fn refuse_missing(answers: &Answers) -> Result<(), Misuse> {
    let missing: Vec<String> = QUESTIONS
        .iter()
        .filter(|question| is_needed(question, answers) && !answers.contains_key(question.key))
        .map(|question| format!("\n  {:<18}{}", question.flag, question.ask))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Misuse(format!(
        "설정을 만들려면 이것도 필요해요:{}\n  → 옵션으로 주거나, 터미널에서 `moabom init`을 실행해 물음에 답하세요",
        missing.concat()
    )))
}

/// Reads the text as a configuration. A password is not ours to ask for, so one stands in.
fn check(text: &str, answers: &Answers) -> Result<Config, ConfigFaults> {
    let stands_in = answers.contains_key("smtp.user") && !answers.contains_key("smtp.password_file");
    let password = ("MOABOM__SMTP__PASSWORD".to_owned(), "-".to_owned());
    Config::parse("moabom.toml".as_ref(), text, stands_in.then_some(password).into_iter())
}

/// The faults by the flags that brought them: there is no file yet whose lines could be named.
fn told_by_flags(faults: &ConfigFaults) -> String {
    let one = |fault: &crate::config::Fault| {
        let flag = QUESTIONS.iter().find(|question| question.key == fault.key).map(|question| question.flag);
        format!("\n\n{}\n  {}\n  → {}", flag.unwrap_or(&fault.key), fault.problem, fault.advice)
    };
    let each: String = faults.faults.iter().map(one).collect();
    format!("설정을 만들지 않았어요. 고칠 곳이 {}군데 있어요.{each}", faults.faults.len())
}

/// Text as a TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The file: what was answered, with a line of why where it helps.
fn text(answers: &Answers) -> String {
    let answer = |key: &str| answers.get(key).map(String::as_str);
    let line = |key: &str| {
        let name = key.rsplit('.').next().unwrap_or(key);
        answer(key).map(|value| format!("{name} = {}\n", quoted(value))).unwrap_or_default()
    };
    // These are no text in TOML; what is no such value either is left for the check to refuse.
    let bare = |key: &str, name: &str| {
        let value = answer(key).unwrap_or_default();
        let value = match (value, value.parse::<i64>()) {
            ("true" | "false", _) => value.to_owned(),
            (_, Ok(number)) => number.to_string(),
            (_, Err(_)) => quoted(value),
        };
        format!("{name} = {value}")
    };
    let tls = answer("smtp.tls").unwrap_or(match answer("smtp.port") {
        _ if answer("smtp.host").is_some_and(is_here) => "none",
        Some("465") => "implicit",
        _ => "starttls",
    });
    let public_url = match answer("web.public_url") {
        Some(_) => line("web.public_url"),
        None => "# public_url = \"https://letter.example.com/\"  # 독자가 여는 주소. 수신거부 링크가 이것으로 시작해요\n".to_owned(),
    };
    let mut text = String::from(
        "# moabom 설정. 모든 키와 기본값은 배포본의 config/moabom.toml에 있어요. 고친 뒤에는 `moabom check`.\n\n",
    );
    text.push_str(&format!("[newsletter]\n{}{}", line("newsletter.title"), line("newsletter.home")));
    text.push_str(&format!(
        "{}  # 영리 목적의 광고인지(정보통신망법 50조). true면 제목에 (광고)를 붙여요\n\n",
        bare("newsletter.advertising", "advertising")
    ));
    text.push_str(&format!("[sender]\n{}{}", line("sender.name"), line("sender.email")));
    text.push_str(&format!("{}{}\n", line("sender.phone"), line("sender.address")));
    let place = answer("source[0].location").unwrap_or_default();
    // The front page of such a blog holds no list that can be read; its feed does.
    let feed = Url::parse(place).ok().as_ref().and_then(feed_of).map(String::from);
    let place = feed.as_deref().unwrap_or(place);
    let location = match place {
        "" => String::new(),
        place => format!("location = {}\n", quoted(place)),
    };
    text.push_str(&format!(
        "[[source]]\nname = \"blog\"\nkind = \"{}\"  # page-text: 글 목록을 저장한 텍스트, feed: RSS·Atom·JSON Feed\n{location}\n",
        likely_kind(place).as_str(),
    ));
    let schedule = quoted(answer("digest[0].schedule").unwrap_or("0 9 * * MON"));
    text.push_str(&format!("[[digest]]\nname = \"weekly\"\ntitle = \"정기 편지\"  # 독자에게 보이는 이름\nschedule = {schedule}  # 분 시 일 월 요일\n\n"));
    text.push_str(&format!("[smtp]\n{}{}\n", line("smtp.host"), bare("smtp.port", "port")));
    text.push_str(&format!("tls = {}\n{}{}\n", quoted(tls), line("smtp.user"), line("smtp.password_file")));
    text.push_str(&format!("[web]\n{public_url}"));
    text
}

/// What lies at a location, by its name alone: feeds are called so.
fn likely_kind(location: &str) -> SourceKind {
    let name = location.to_ascii_lowercase();
    let path = name
        .split_once("://")
        .map_or(name.as_str(), |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    if path.ends_with(".jsonl") {
        return SourceKind::Jsonl;
    }
    let words = ["feed", "rss", "atom", ".xml", ".rdf", ".json"];
    if words.iter().any(|word| path.contains(word)) { SourceKind::Feed } else { SourceKind::PageText }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_known_by_its_address() {
        for feed in [
            "https://b.example.com/feed",
            "https://b.example.com/rss.xml",
            "atom.xml",
            "https://x.example/index.json",
        ] {
            assert_eq!(likely_kind(feed), SourceKind::Feed, "{feed}");
        }
        assert_eq!(likely_kind("https://b.example.com/posts.JSONL"), SourceKind::Jsonl);
        for page in ["list.txt", "https://feed.example.com/", "https://blog.example.com/list.txt", ""] {
            assert_eq!(likely_kind(page), SourceKind::PageText, "{page}");
        }
    }
}
