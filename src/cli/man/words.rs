//! Pure: what the manual pages say beyond the help: files, variables, exit codes, and which page belongs to which.

/// A term and what it means.
pub struct Entry(pub &'static str, pub &'static str);

/// Paragraphs beyond the line the help has.
pub fn description(title: &str) -> &'static [&'static str] {
    let first: &[&str] = &[
        "블로그를 지켜보며 글마다 반응과 댓글이 언제 얼마나 늘었는지 적어 두고, 정한 때가 되면 새 글과 \
         반응이 좋았던 글을 골라 한국어 편지로 만들어 구독자에게 SMTP로 보내요. 상태는 모두 파일 하나에 있어요.",
        "자료는 표준 출력에, 알리는 말은 표준 오류에 써요. 목록을 보여 주는 명령은 --json을 알아요.",
    ];
    if title == "moabom" { first } else { &[] }
}

/// Pages that belong together, without `moabom-`.
pub fn related(title: &str) -> &'static [&'static str] {
    match title {
        "moabom" => &["demo", "init", "check", "run", "status"],
        "moabom-init" => &["check", "doctor", "dkim"],
        "moabom-check" => &["doctor", "init"],
        "moabom-doctor" => &["check", "dkim", "test-send"],
        "moabom-run" => &["ingest", "publish", "deliver", "status", "web"],
        "moabom-web" => &["run"],
        "moabom-ingest" => &["posts", "publish"],
        "moabom-publish" => &["preview", "deliver", "schedule"],
        "moabom-deliver" => &["deliveries", "publish"],
        "moabom-preview" => &["publish", "templates", "test-send"],
        "moabom-test-send" => &["preview", "doctor"],
        "moabom-templates" => &["preview"],
        "moabom-posts" => &["ingest", "preview"],
        "moabom-subscribers" => &["export", "law"],
        "moabom-subscribers-export" => &["export"],
        "moabom-editions" => &["deliveries", "publish"],
        "moabom-deliveries" => &["deliver", "editions"],
        "moabom-dkim" => &["doctor"],
        "moabom-keys" => &["backup"],
        "moabom-law" => &["subscribers"],
        "moabom-status" => &["run", "admin"],
        "moabom-schedule" => &["publish"],
        "moabom-backup" => &["restore", "export", "verify"],
        "moabom-restore" => &["backup", "verify"],
        "moabom-export" => &["backup", "subscribers-export"],
        "moabom-adopt" => &["restore"],
        "moabom-migrate" | "moabom-verify" => &["backup"],
        "moabom-completions" => &["man"],
        "moabom-man" => &["completions"],
        "moabom-admin" => &["status"],
        _ => &[],
    }
}

/// What stands on the first page alone.
pub const SECTIONS: &[(&str, &[Entry])] =
    &[("파일", FILES), ("환경 변수", VARIABLES), ("종료 코드", EXIT_CODES)];

const FILES: &[Entry] = &[
    Entry(
        "config/moabom.toml",
        "설정. --config로 다른 파일을 쓸 수 있고, 안에 적은 경로는 moabom을 시작하는 폴더에서 본 것이에요.",
    ),
    Entry(
        "data/moabom.sqlite",
        "모든 상태가 든 저장소. 쓰는 동안에는 끝에 -wal과 -shm이 붙은 파일이 옆에 생겨요.",
    ),
    Entry(
        "data/moabom.sqlite.key",
        "링크를 서명하는 비밀 키. 처음 쓸 때 만들어져요. 잃으면 예전 편지의 링크가 듣지 않으니 저장소와 함께 백업하세요.",
    ),
    Entry("data/moabom.lock", "한 저장소로는 한 곳에서만 보내게 하는 자물쇠."),
    Entry("templates/", "여기에 둔 틀과 스타일이 내장된 것을 대신해요. 없어도 돼요."),
    Entry(
        "/etc/moabom/moabom.toml",
        "systemd 서비스로 돌릴 때의 설정. 저장소는 /var/lib/moabom/data에 두어요.",
    ),
];

const VARIABLES: &[Entry] = &[
    Entry(
        "MOABOM__SECTION__KEY",
        "설정의 키 하나를 바꿔요. [smtp] host는 MOABOM__SMTP__HOST, 첫째 [[digest]]의 schedule은 \
         MOABOM__DIGEST__0__SCHEDULE이에요. 빈 값은 없는 것으로 봐요.",
    ),
    Entry("MOABOM__SMTP__PASSWORD", "메일을 맡길 서버의 비밀번호. 설정 파일에는 적지 않아요."),
    Entry("CREDENTIALS_DIRECTORY", "systemd가 비밀번호(smtp-password)를 건네는 폴더."),
    Entry("NOTIFY_SOCKET, WATCHDOG_USEC", "systemd에 준비된 것과 살아 있는 것을 알리는 데 써요."),
];

const EXIT_CODES: &[Entry] = &[
    Entry("0", "다 했어요. 읽던 쪽이 출력을 먼저 닫은 것도(head 따위) 여기에 들어요."),
    Entry("1", "하지 못했거나, 살펴보는 명령이 잘못을 찾았어요."),
    Entry("2", "명령이나 설정이 잘못되어 시작하지 않았어요."),
    Entry("130", "끝내라는 신호를 두 번 받아 하던 일을 두고 바로 끝냈어요."),
];
