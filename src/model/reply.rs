//! Pure: a relay's reply as the ledger and the classifier see it, and why an SMTP stage failed.

use std::fmt;

use super::EmailAddress;

/// An enhanced status code (RFC 3463).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enhanced {
    /// 2, 4 or 5.
    pub class: u8,
    /// Subject: 1 address, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// Detail within the subject.
    pub detail: u16,
}

impl Enhanced {
    fn of_word(word: &str) -> Option<Enhanced> {
        let mut parts = word.splitn(3, '.');
        let class = parts.next()?.parse().ok().filter(|class| matches!(class, 2 | 4 | 5))?;
        let (subject, detail) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Enhanced { class, subject, detail })
    }
}

impl fmt::Display for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// One reply. The text is decoded, bounded, free of control characters and of full addresses; it is still hostile input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The basic code, 200–599.
    pub code: u16,
    /// The enhanced code, where one was given.
    pub enhanced: Option<Enhanced>,
    /// All lines' text in one line, without the codes.
    pub text: String,
}

impl Reply {
    /// Done.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// Refused for now.
    pub fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// Refused.
    pub fn is_permanent(&self) -> bool {
        (500..600).contains(&self.code)
    }

    /// Reads a line that [`Reply::line`] wrote; none of what is no reply.
    pub fn of_line(line: &str) -> Option<Reply> {
        let (code, rest) = line.split_once(' ').unwrap_or((line, ""));
        let code = (code.len() == 3).then(|| code.parse().ok()).flatten()?;
        let (first, after) = rest.split_once(' ').unwrap_or((rest, ""));
        let enhanced = Enhanced::of_word(first);
        let text = if enhanced.is_some() { after } else { rest };
        Some(Reply { code, enhanced, text: text.to_owned() })
    }

    /// The one line that the ledger keeps, without the recipient's local part should the relay have repeated it.
    pub fn line(&self, recipient: &EmailAddress) -> String {
        without_word(&self.to_string(), recipient.local())
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        if self.text.is_empty() { Ok(()) } else { write!(f, " {}", self.text) }
    }
}

/// What kind of thing ended a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The relay's reply refused it.
    Refused,
    /// The connection broke or could not be made.
    Io,
    /// The stage's limit passed.
    Timeout,
    /// What came was no reply, or not one that can stand here.
    Protocol,
    /// No handshake, no trust, or no TLS where it is required.
    Tls,
    /// The relay lacks an extension that this recipient needs (SMTPUTF8), or the address cannot be written.
    Unsupported,
    /// The relay's SIZE is smaller than the message.
    TooLarge,
}

/// Why a TLS handshake failed, as far as the other side's certificate tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate's time is over.
    Expired,
    /// The certificate's time has not come.
    NotYet,
    /// The certificate is for other names.
    Name,
    /// Nobody known vouches for it.
    Untrusted,
    /// Anything else.
    Other,
}

impl Cause {
    /// For the operator.
    pub fn korean(self) -> &'static str {
        match self {
            Cause::Refused => "릴레이가 거절했어요",
            Cause::Io => "연결이 끊겼거나 맺어지지 않았어요",
            Cause::Timeout => "정해진 시간 안에 답이 없었어요",
            Cause::Protocol => "SMTP 답으로 볼 수 없는 것이 왔어요",
            Cause::Tls => "안전한 연결(TLS)을 맺지 못했어요",
            Cause::Unsupported => "릴레이가 이 주소를 다루는 기능(SMTPUTF8)을 알리지 않았어요",
            Cause::TooLarge => "메일이 릴레이가 알린 크기 한도보다 커요",
        }
    }
}

/// Hides every `local@domain` in `text`: first letter and domain stay.
pub fn mask_addresses(text: &str) -> String {
    let is_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('@') {
        let kept = before.trim_end_matches(is_local);
        let local = before.strip_prefix(kept).unwrap_or_default();
        out.push_str(kept);
        match local.chars().next() {
            Some(first) if after.starts_with(char::is_alphanumeric) => {
                out.push(first);
                out.push_str("***@");
            }
            _ => {
                out.push_str(local);
                out.push('@');
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// `text` with `word` replaced wherever it stands alone; words under three letters are left.
fn without_word(text: &str, word: &str) -> String {
    if word.chars().count() < 3 {
        return text.to_owned();
    }
    let hidden = |piece: &str| piece.trim_matches('.').eq_ignore_ascii_case(word);
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| !(c.is_alphanumeric() || "._-+".contains(c))) {
        let body = piece.trim_end_matches(|c: char| !(c.is_alphanumeric() || "._-+".contains(c)));
        if hidden(body) {
            out.push_str("***");
            out.push_str(piece.strip_prefix(body).unwrap_or_default());
        } else {
            out.push_str(piece);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_a_text_are_masked() {
        assert_eq!(
            mask_addresses("No such user: <hong.gil+x@example.com>"),
            "No such user: <h***@example.com>"
        );
        assert_eq!(mask_addresses("a @ b, @@, x@"), "a @ b, @@, x@");
        assert_eq!(mask_addresses("홍길동@예시.한국 없음"), "홍***@예시.한국 없음");
    }

    #[test]
    fn a_kept_line_is_read_back_as_it_was() {
        for line in ["550 5.7.1 blocked", "421", "250 2.0.0", "550 no such user", "450 4.2.0 4.2.2 later"] {
            assert_eq!(Reply::of_line(line).map(|reply| reply.to_string()).as_deref(), Some(line));
        }
        let reply = Reply::of_line("550 5.7.26 blocked").expect("a reply");
        assert_eq!((reply.code, reply.enhanced.map(|code| code.detail)), (550, Some(26)));
        for other in ["", "연결이 끊겼어요", "55 x", "5500 x", "다음 호가 나와 더 보내지 않아요"]
        {
            assert_eq!(Reply::of_line(other), None, "{other}");
        }
    }

    #[test]
    fn a_lone_local_part_is_hidden_and_other_words_stay() {
        assert_eq!(without_word("No such user: Hong.", "hong"), "No such user: ***");
        assert_eq!(without_word("hongkong is not hong", "hong"), "hongkong is not ***");
    }
}
