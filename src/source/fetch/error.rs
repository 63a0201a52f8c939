//! Pure: why a source could not be read, said to its owner; and whether trying again later may help.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use super::answer::Retry;

/// A source that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("출처를 읽지 못했어요 ({place}). {reason}")]
pub struct FetchError {
    /// What was read, as shown to people: never with a password or a query.
    pub place: String,
    /// Why it failed and what to do.
    pub reason: Reason,
}

/// Why a source could not be read. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// No such file.
    #[error("그런 파일이 없어요. 경로를 확인하세요. 상대 경로는 moabom을 실행한 폴더에서 시작해요")]
    Missing,
    /// The file's permissions.
    #[error("읽을 권한이 없어요. moabom을 실행하는 사용자에게 이 파일과 폴더의 읽기 권한을 주세요")]
    Denied,
    /// A folder, a pipe, a device.
    #[error("일반 파일이 아니라 {kind}예요. 글 목록이 담긴 파일의 경로를 적으세요")]
    NotAFile {
        /// What it is instead, in Korean, without a final consonant.
        kind: &'static str,
    },
    /// Any other failure of the disk.
    #[error("파일을 읽다가 멈췄어요 ({0}). 디스크와 파일을 확인하세요")]
    Disk(io::Error),
    /// More than the limit.
    #[error(
        "내용이 너무 커요. {limit_mb}MB까지만 읽어요. 글 목록만 담겼는지 확인하고 오래된 글을 덜어 내세요"
    )]
    TooLarge {
        /// The limit in megabytes (10⁶ bytes), rounded down.
        limit_mb: u64,
    },
    /// Zero bytes: not text, or UTF-16 without a mark.
    #[error("글이 아니라 이진 내용이에요. UTF-8 텍스트로 저장한 것을 주세요")]
    NotText,
    /// Neither UTF-8 nor CP949 nor what was declared.
    #[error(
        "{line}행({byte}번째 바이트)부터 글자를 읽을 수 없어요. UTF-8도 CP949도 아니에요. UTF-8로 다시 저장하세요"
    )]
    Encoding {
        /// Line of the first byte that is not UTF-8, from 1.
        line: usize,
        /// That byte's place in the content, from 1.
        byte: usize,
    },
    /// Not http, not https.
    #[error("http나 https 주소만 읽어요 ({scheme}:). 블로그의 https 주소를 적으세요")]
    Scheme {
        /// The scheme found.
        scheme: String,
    },
    /// An address that no public site has.
    #[error(
        "이 컴퓨터나 사설망 안의 주소라서 연결하지 않았어요 ({}). 직접 운영하는 곳이라면 그 주소를 location에 적고 allow_private = true를 켜세요",
        host_and_address(.host, *.address)
    )]
    Private {
        /// The host as written.
        host: String,
        /// What it resolves to.
        address: IpAddr,
    },
    /// One redirect more than allowed.
    #[error("다른 주소로 {limit}번 넘게 넘겨졌어요. 브라우저에서 마지막으로 열리는 주소를 적으세요")]
    Redirects {
        /// How many are followed.
        limit: usize,
    },
    /// A redirect that gives up encryption.
    #[error("https 주소가 암호화하지 않는 http 주소로 넘겼어요. 블로그의 https 설정을 확인하세요")]
    Downgrade,
    /// A redirect to nowhere.
    #[error("다른 주소로 넘긴다고 답했지만 그 주소를 읽을 수 없어요. 브라우저에서 열리는 주소를 적으세요")]
    BadRedirect,
    /// The resolver found nothing.
    #[error("호스트 이름을 찾지 못했어요 ({host}). 철자와 인터넷 연결을 확인하세요")]
    Name {
        /// The host asked for.
        host: String,
    },
    /// No connection.
    #[error("서버에 연결하지 못했어요 ({host}, {why}). 주소와 포트, 인터넷 연결을 확인하세요")]
    Connect {
        /// Host and port.
        host: String,
        /// In a few Korean words.
        why: &'static str,
    },
    /// No encrypted connection.
    #[error(
        "안전한 연결(TLS)을 맺지 못했어요 ({host}, {why}). 블로그의 인증서와 이 컴퓨터의 시계를 확인하세요"
    )]
    Tls {
        /// Host and port.
        host: String,
        /// In a few Korean words.
        why: &'static str,
    },
    /// Not connected in time.
    #[error("{}초 안에 연결되지 않았어요. 주소와 인터넷 연결을 확인하세요", seconds(.0))]
    ConnectTimeout(Duration),
    /// Not read in time.
    #[error("{}초 안에 다 읽지 못했어요. 서버가 느리면 나중에 다시 읽으세요", seconds(.0))]
    Timeout(Duration),
    /// The answer broke off, or is not HTTP.
    #[error("서버의 답이 중간에 끊겼거나 형식에 맞지 않아요. 브라우저에서 열리는지 확인하세요")]
    Broken,
    /// Any status but 200 and 304.
    #[error("{}{retry}", status_words(*.code))]
    Status {
        /// The HTTP status.
        code: u16,
        /// When the server wants to be asked again.
        retry: Retry,
    },
    /// An image, an archive, a document.
    #[error("글이 아닌 내용이에요 ({content_type}). 글 목록이 텍스트로 열리는 주소를 적으세요")]
    Binary {
        /// The type the server declared.
        content_type: String,
    },
    /// A Content-Encoding that was not asked for.
    #[error("풀 수 없는 방식으로 압축된 답이에요. 서버가 gzip이나 br로 보내는지 확인하세요")]
    Packed,
    /// The client could not be set up: the machine's certificates.
    #[error("웹에서 읽을 준비를 하지 못했어요. 이 컴퓨터에 ca-certificates 패키지가 있는지 확인하세요")]
    Client,
}

impl FetchError {
    /// Whether the same request may succeed later without anyone changing anything.
    pub fn is_transient(&self) -> bool {
        match &self.reason {
            Reason::Status { code, .. } => matches!(code, 408 | 425 | 429 | 500..=599),
            Reason::Name { .. }
            | Reason::Connect { .. }
            | Reason::ConnectTimeout(_)
            | Reason::Timeout(_)
            | Reason::Broken
            | Reason::Disk(_) => true,
            _ => false,
        }
    }

    /// How long the server asked to be left alone, at most a day.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.reason {
            Reason::Status { retry: Retry(after), .. } => after,
            _ => None,
        }
    }
}

/// The address stands beside a name only.
fn host_and_address(host: &str, address: IpAddr) -> String {
    if host.contains(&address.to_string()) { host.to_owned() } else { format!("{host}, {address}") }
}

/// Whole seconds, or tenths below one.
fn seconds(span: &Duration) -> String {
    match span.as_secs() {
        0 => format!("{:.1}", span.as_secs_f64()),
        whole => whole.to_string(),
    }
}

fn status_words(code: u16) -> String {
    let words = match code {
        304 => "묻지 않았는데 바뀌지 않았다고 답했어요 (304). 블로그 앞의 캐시 설정을 확인하세요",
        401 => "로그인이 필요한 주소예요 (401). 로그인 없이 열리는 주소를 적으세요",
        403 => "서버가 읽기를 거절했어요 (403). 블로그가 공개되어 있는지, 자동 접속을 막는지 확인하세요",
        404 => "그런 주소가 없어요 (404). 브라우저에서 열리는 주소인지 확인하세요",
        410 => "영영 없어진 주소예요 (410). 블로그가 옮겨 갔다면 새 주소를 적으세요",
        429 => "너무 자주 읽는다고 거절했어요 (429). 이 출처의 poll 간격을 늘리세요",
        500..=599 => {
            return format!("블로그 서버가 잘못됐다고 답했어요 ({code}). 대개 나중에 다시 읽으면 돼요");
        }
        _ => return format!("서버가 뜻밖의 답을 했어요 ({code}). 브라우저에서 열리는 주소인지 확인하세요"),
    };
    words.to_owned()
}
