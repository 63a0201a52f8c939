//! Pure: `[admin]`: where the operator's page is served, and what must hold before others than this machine reach it.

use super::super::AdminSettings;
use super::super::section::Section;
use super::super::value::{Problem, path};
use super::rest::{is_here, listen, public_url};

const PASSWORD: &str =
    "`moabom admin password`로 비밀번호를 만들고 `password_hash_file = \"config/admin-password\"`를 적으세요";

/// None only where there is a fault.
pub(super) fn read(mut section: Section<'_, '_>) -> Option<AdminSettings> {
    let address = section.or("listen", listen, None);
    let file = section.optional("password_hash_file", path);
    let public = section.optional("public_url", public_url);
    let wrong = [
        ("listen", address.is_none()),
        ("password_hash_file", file.is_none()),
        ("public_url", public.is_none()),
    ]
    .into_iter()
    .any(|(key, none)| none && section.has(key));
    let beyond = address.is_some_and(|address| !address.ip().is_loopback());
    if beyond && file.is_none() {
        section.fault("listen", Problem::new("비밀번호 없이는 이 기기 밖에서 열 수 없어요", PASSWORD));
    } else if beyond && public.is_none() && !wrong {
        section.fault(
            "listen",
            Problem::new(
                "비밀번호가 암호화되지 않은 채 지나가지 않도록, 이 기기 밖에서는 https 주소로만 열 수 있어요",
                "`public_url`에 앞에 세운 프록시의 https 주소를 적거나 `127.0.0.1`로 바꾸세요",
            ),
        );
    }
    if let Some(url) = &public {
        if file.is_none() {
            section
                .fault("public_url", Problem::new("비밀번호 없이는 이 기기 밖에서 열 수 없어요", PASSWORD));
        } else if url.scheme() != "https" && !is_here(url) {
            section.fault(
                "public_url",
                Problem::new("https 주소가 아니에요", "비밀번호가 지나가니 https로 여세요"),
            );
        } else if url.path() != "/" {
            section.fault(
                "public_url",
                Problem::new("주소에 경로가 있어요", "따로 쓰는 이름의 맨 위(`/`)에 두세요"),
            );
        }
    }
    section.finish();
    (!wrong).then_some(AdminSettings { listen: address, password_hash_file: file, public_url: public })
}
