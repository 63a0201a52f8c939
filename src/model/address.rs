//! Pure: e-mail addresses, parsed once at the edge (RFC 5321 section 4.1.2, RFC 6531, RFC 5890 for domains).
//!
//! What passes can stand in RCPT TO and in a header as it is: no control, no white space, no `<>`, nothing invisible.

mod hint;

use std::fmt;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;

/// A syntactically sound address. The domain is in lower-case A-labels; the local part is as typed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    whole: String,
    at: usize,
}

/// Why a text is no address. Each is a Korean sentence for whoever typed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is nothing.
    #[error("주소가 비어 있어요")]
    Empty,
    /// Not of the form `local@domain`.
    #[error("'이름@도메인' 꼴이 아니에요 (@ 기호가 없어요)")]
    Shape,
    /// More than one `@`.
    #[error("@ 기호가 두 개 이상 있어요. 한 칸에 주소 하나만 적어 주세요")]
    SeveralAt,
    /// Full-width forms, such as `＠`.
    #[error("전각 문자가 있어요: '{0}'. 영문 자판의 반각 문자로 바꿔 주세요")]
    FullWidth(char),
    /// Zero-width, bidirectional or filler characters.
    #[error("눈에 보이지 않는 문자(U+{:04X})가 섞여 있어요. 지우고 다시 적어 주세요", u32::from(*.0))]
    Invisible(char),
    /// CR, LF, NUL and their like.
    #[error("줄바꿈 같은 제어 문자(U+{:04X})가 들어 있어요", u32::from(*.0))]
    Control(char),
    /// White space inside.
    #[error("주소 안에 빈칸이 있어요")]
    Space,
    /// `Name <address>` where only an address is wanted.
    #[error("꺾쇠(< >)는 빼고 주소만 적어 주세요")]
    Angle,
    /// A comma or semicolon: several addresses, or a mistyped dot.
    #[error("쉼표나 쌍반점이 있어요. 주소 하나만, 점(.)은 점으로 적어 주세요")]
    List,
    /// `"quoted"@example.com`.
    #[error("따옴표를 쓴 주소는 받지 않아요")]
    Quoted,
    /// `(comment)`.
    #[error("괄호 설명이 든 주소는 받지 않아요")]
    Comment,
    /// A character no local part may hold without quotes.
    #[error("@ 앞에 쓸 수 없는 문자가 있어요: '{0}'")]
    LocalCharacter(char),
    /// Nothing before the `@`.
    #[error("@ 앞이 비어 있어요")]
    LocalEmpty,
    /// A dot at an end or two in a row.
    #[error("@ 앞부분은 점으로 시작하거나 끝날 수 없고, 점을 이어서 쓸 수도 없어요")]
    LocalDots,
    /// Over 64 octets.
    #[error("@ 앞부분이 너무 길어요 (64바이트까지)")]
    LocalTooLong,
    /// Nothing after the `@`.
    #[error("@ 뒤 도메인이 비어 있어요")]
    DomainEmpty,
    /// An empty label.
    #[error("도메인의 점 사이가 비어 있어요")]
    DomainDots,
    /// No dot at all.
    #[error("도메인에 점이 없어요 (예: example.com)")]
    DomainSingle,
    /// Not letters, digits and hyphens, or no valid internationalised name.
    #[error("도메인에 쓸 수 없는 글자가 있거나 국제 도메인 규칙에 맞지 않아요")]
    Domain,
    /// A label over 63 octets, or a domain over 253.
    #[error("도메인이 너무 길어요 (한 마디 63자, 모두 253자까지)")]
    DomainTooLong,
    /// An IP address in place of a name.
    #[error("IP 주소로 된 메일 주소는 받지 않아요")]
    IpLiteral,
    /// Over 254 octets (RFC 5321 section 4.5.3.1.3, without the angle brackets).
    #[error("주소가 너무 길어요 (254바이트까지)")]
    TooLong,
    /// `Name <address` without its end, or text after it.
    #[error("'이름 <주소>' 꼴이 아니에요")]
    Mailbox,
}

impl EmailAddress {
    /// Parses `text`, surrounding white space aside.
    pub fn parse(text: &str) -> Result<EmailAddress, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        check_characters(text)?;
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Shape)?;
        check_local(local)?;
        let domain = ascii_domain(domain)?;
        if local.len() + 1 + domain.len() > 254 {
            return Err(AddressError::TooLong);
        }
        Ok(EmailAddress { whole: format!("{local}@{domain}"), at: local.len() })
    }

    /// The whole address, as it stands in RCPT TO.
    pub fn as_str(&self) -> &str {
        &self.whole
    }

    /// Before the `@`.
    pub fn local(&self) -> &str {
        &self.whole[..self.at]
    }

    /// After the `@`: lower-case A-labels.
    pub fn domain(&self) -> &str {
        &self.whole[self.at + 1..]
    }

    /// What makes two addresses the same person here: the whole address in lower case, composed (NFC).
    pub fn key(&self) -> String {
        if self.whole.is_ascii() {
            self.whole.to_ascii_lowercase()
        } else {
            self.whole.nfc().collect::<String>().to_lowercase().nfc().collect()
        }
    }

    /// Whether the relay must speak SMTPUTF8 (RFC 6531) to take it.
    pub fn needs_smtputf8(&self) -> bool {
        !self.whole.is_ascii()
    }

    /// The address probably meant, where the domain looks like a slip of a well-known one. Only ever shown, never used.
    pub fn hint(&self) -> Option<String> {
        hint::domain(self.domain()).map(|domain| format!("{}@{domain}", self.local()))
    }

    /// For logs: first letter and domain, `h***@example.com`.
    pub fn masked(&self) -> String {
        let first = self.local().chars().next().unwrap_or('*');
        format!("{first}***@{}", self.domain())
    }
}

/// Parses `Name <address>`, `"Name" <address>`, `<address>` or an address alone.
pub fn parse_mailbox(text: &str) -> Result<(Option<String>, EmailAddress), AddressError> {
    let text = text.trim();
    let Some((name, rest)) = text.rsplit_once('<') else {
        return EmailAddress::parse(text).map(|address| (None, address));
    };
    let inner = rest.strip_suffix('>').ok_or(AddressError::Mailbox)?;
    let address = EmailAddress::parse(inner)?;
    // Two addresses and no name: which one was meant cannot be known.
    if name.contains('@') && !name.trim_start().starts_with('"') {
        return Err(name
            .chars()
            .find(|c| c.is_control())
            .map_or(AddressError::Mailbox, AddressError::Control));
    }
    let name = unquote(name.trim());
    if let Some(bad) = name.chars().find(|&c| c.is_control() || c == '<' || c == '>') {
        return Err(if bad.is_control() { AddressError::Control(bad) } else { AddressError::Mailbox });
    }
    Ok(((!name.is_empty()).then_some(name), address))
}

fn unquote(name: &str) -> String {
    let Some(inner) = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return name.to_owned();
    };
    let mut plain = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        plain.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    plain.trim().to_owned()
}

/// Whether a character takes no ink: zero-width, bidirectional, fillers, variation selectors, tags.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn check_characters(text: &str) -> Result<(), AddressError> {
    for c in text.chars() {
        let fault = match c {
            _ if is_invisible(c) => AddressError::Invisible(c),
            '\u{3002}' | '\u{ff01}'..='\u{ff65}' | '\u{ffe0}'..='\u{ffe6}' => AddressError::FullWidth(c),
            '\u{2028}' | '\u{2029}' => AddressError::Control(c),
            _ if c.is_control() => AddressError::Control(c),
            _ if c.is_whitespace() => AddressError::Space,
            '<' | '>' => AddressError::Angle,
            ',' | ';' => AddressError::List,
            '"' => AddressError::Quoted,
            '(' | ')' => AddressError::Comment,
            _ => continue,
        };
        return Err(fault);
    }
    Ok(())
}

fn check_local(local: &str) -> Result<(), AddressError> {
    if local.is_empty() {
        return Err(AddressError::LocalEmpty);
    }
    if local.contains('@') {
        return Err(AddressError::SeveralAt);
    }
    // atext of RFC 5322; beyond ASCII letters and digits of any script, which is what the mail library takes too.
    let fits = |c: char| c.is_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(c);
    if let Some(bad) = local.chars().find(|&c| !fits(c)) {
        return Err(AddressError::LocalCharacter(bad));
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err(AddressError::LocalDots);
    }
    if local.len() > 64 {
        return Err(AddressError::LocalTooLong);
    }
    Ok(())
}

fn ascii_domain(domain: &str) -> Result<String, AddressError> {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    if domain.is_empty() {
        return Err(AddressError::DomainEmpty);
    }
    let bracketed = domain.starts_with('[') || domain.ends_with(']');
    if bracketed || domain.parse::<std::net::IpAddr>().is_ok() {
        return Err(AddressError::IpLiteral);
    }
    if domain.split('.').any(str::is_empty) {
        return Err(AddressError::DomainDots);
    }
    // Hyphens in the third and fourth place are common in host names, so only the ends are checked.
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Ignore)
        .map_err(|_| AddressError::Domain)?
        .into_owned();
    if ascii.len() > 253 || ascii.split('.').any(|label| label.len() > 63) {
        return Err(AddressError::DomainTooLong);
    }
    // The mapping may drop characters or make dots of others.
    if ascii.split('.').any(str::is_empty) {
        return Err(AddressError::DomainDots);
    }
    let top = ascii.rsplit('.').next().unwrap_or_default();
    if top.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(if ascii.contains('.') { AddressError::IpLiteral } else { AddressError::DomainSingle });
    }
    if !ascii.contains('.') && ascii != "localhost" {
        return Err(AddressError::DomainSingle);
    }
    Ok(ascii)
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.whole)
    }
}

/// Masked, so that a stray `{:?}` never puts a full address in a log.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.masked())
    }
}

#[cfg(test)]
mod tests;
