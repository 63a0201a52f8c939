//! Pure: the readers' way out: is the address of the one-click link served, safely, by us?

use super::Finding;

const TOPIC: &str = "수신거부 페이지";
const WHY: &str = "독자가 로그인 없이 그만 받을 수 있어야 하고(정보통신망법 50조), Gmail과 Outlook은 대량 메일에 한 번에 수신거부(RFC 8058)를 요구해요.";

/// What GET of a link's address brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// A page.
    Page {
        /// HTTP status.
        status: u16,
        /// It holds the form that our page shows.
        is_ours: bool,
    },
    /// None: why, in Korean.
    Nothing(String),
}

/// Letters carry no links.
pub fn no_address() -> Finding {
    Finding::look(TOPIC, "[web] public_url", "독자가 열 주소가 설정되어 있지 않아요.")
        .because(WHY)
        .advise("편지에 수신거부 메일 주소만 실려요. 독자가 열 수 있는 https 주소를 적으세요.")
        .set("public_url = \"https://letter.내도메인/\"")
}

/// Judges the page behind `url`; `secure`: its scheme is https, `here`: it leads to this machine.
pub fn judge(url: &str, secure: bool, here: bool, fetched: &Fetched) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !secure && !here {
        findings.push(
            Finding::mend(TOPIC, url, "주소가 https가 아니라 http예요.")
                .because("메일 프로그램의 수신거부 단추(RFC 8058)는 https 주소에만 켜져요.")
                .advise("웹 서버(nginx, Caddy)에서 인증서를 붙여 https로 열고 [web] public_url을 바꾸세요.")
                .set(url.replacen("http://", "public_url = \"https://", 1) + "\""),
        );
    } else if here {
        findings.push(
            Finding::look(TOPIC, url, "이 기기에서만 열리는 주소예요.")
                .because("다른 곳의 독자는 열 수 없어요. 시험할 때만 괜찮아요.")
                .advise("실제로 보내기 전에 독자가 열 수 있는 https 주소로 바꾸세요."),
        );
    }
    findings.push(page(url, fetched));
    findings
}

fn page(url: &str, fetched: &Fetched) -> Finding {
    let mend = |found: String, advice: &str| Finding::mend(TOPIC, url, found).because(WHY).advise(advice);
    match fetched {
        Fetched::Page { status: 200, is_ours: true } => {
            Finding::good(TOPIC, url, "수신거부 페이지가 열려요. 열어 보기만 하고 누르지는 않았어요.")
        }
        Fetched::Page { status: 200, is_ours: false } => mend(
            "페이지가 열리지만 모아봄의 수신거부 페이지가 아니에요.".to_owned(),
            "웹 서버가 이 주소의 /unsubscribe/ 아래를 [web] listen으로 넘기는지 확인하세요.",
        ),
        Fetched::Page { status: 301 | 302 | 303 | 307 | 308, .. } => mend(
            "다른 주소로 넘겨요.".to_owned(),
            "한 번에 수신거부는 넘겨진 주소를 따라가지 않아요(RFC 8058). 마지막 주소를 public_url에 적으세요.",
        ),
        Fetched::Page { status, .. } => mend(
            format!("페이지 대신 HTTP {status} 답이 왔어요."),
            "`moabom run`이 돌고 있는지, 웹 서버가 [web] listen으로 넘기는지 확인하세요.",
        ),
        Fetched::Nothing(cause) => mend(
            format!("열리지 않아요: {cause}"),
            "`moabom run`이 돌고 있는지, DNS와 방화벽과 인증서가 맞는지 확인하세요. 인터넷이 끊긴 곳에서 살폈다면 연결한 뒤에 다시 해 보세요.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    fn worst(url: &str, here: bool, fetched: Fetched) -> Option<State> {
        judge(url, url.starts_with("https"), here, &fetched).iter().map(|finding| finding.state).max()
    }

    #[test]
    fn only_our_page_over_https_is_good() {
        let ours = || Fetched::Page { status: 200, is_ours: true };
        assert_eq!(worst("https://a.com/", false, ours()), Some(State::Good));
        assert_eq!(worst("http://a.com/", false, ours()), Some(State::Mend));
        assert_eq!(worst("http://localhost/", true, ours()), Some(State::Look));
        for (status, is_ours) in [(200, false), (404, false), (301, false), (502, true)] {
            assert_eq!(worst("https://a.com/", false, Fetched::Page { status, is_ours }), Some(State::Mend));
        }
        assert_eq!(worst("https://a.com/", false, Fetched::Nothing("끊김".into())), Some(State::Mend));
    }

    #[test]
    fn the_line_to_set_is_the_same_address_with_https() {
        let findings = judge("http://a.com/x/", false, false, &Fetched::Nothing(String::new()));
        assert_eq!(findings[0].set.as_deref(), Some("public_url = \"https://a.com/x/\""));
    }
}
