//! What people and machines hand in, each wrong in one way.

use super::{Case, PAGE, case};

const CHECK: &[&str] = &["check"];
const INGEST: &[&str] = &["ingest"];
const IMPORT: &[&str] = &["subscribers", "import", "list.csv"];
const PREVIEW: &[&str] = &["preview", "--format", "html"];
const LETTER: &str = "templates/digest/letter.html";
/// Lists in lists, deeper than is read.
const DEEP: &str = concat!(
    "x = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "\ntls ="
);
const WEB: &str = "[web]\nlisten = \"127.0.0.1:0\"";

pub(super) fn configurations() -> Vec<Case> {
    let wrong = |name, from, to, says| case(name, CHECK, 2, says).config(from, to);
    vec![
        case("no configuration", &["posts", "list"], 2, &["설정 파일이 없어요", "moabom init"])
            .without("moabom.toml"),
        case("a folder in its place", CHECK, 2, &["읽을 수 없어요", "폴더"]).folder("moabom.toml"),
        case("not UTF-8", CHECK, 2, &["UTF-8로 다시 저장"])
            .file("moabom.toml", b"[newsletter]\n\xb0\xa1".as_slice()),
        case("an empty one", CHECK, 2, &["newsletter.title", "smtp.host", "→"]).file("moabom.toml", ""),
        case("a huge one", CHECK, 2, &["1 MB를 넘어요"]).file("moabom.toml", vec![b'#'; 1_100_000]),
        case("binary", CHECK, 2, &["→"]).file("moabom.toml", b"\0\x01\x02[x".as_slice()),
        wrong("an unknown key", "title =", "titel =", &["moabom.toml:2:", "혹시 `title`?"]),
        wrong(
            "no decision on advertising",
            "advertising = false\n",
            "",
            &["newsletter.advertising", "정보통신망법"],
        ),
        wrong("an advertiser without address", "= false", "= true", &["sender.phone", "sender.address"]),
        wrong("no such zone", "= false", "= false\ntime_zone = \"Asia/Soul\"", &["혹시 `Asia/Seoul`?"]),
        wrong("a schedule of four", "0 9 * * MON", "0 9 * MON", &["digest[0].schedule", "다섯 칸"]),
        wrong("a day that never comes", "0 9 * * MON", "0 9 31 2 *", &["달력에 없어요"]),
        wrong("a key twice", "tls =", "port = 26\ntls =", &["두 번"]),
        wrong("an open string", "\"weekly\"", "\"weekly", &["→"]),
        wrong("a sender that is no address", "letter@example.com", "letter@", &["sender.email"]),
        wrong(
            "no TLS to a strange relay",
            "host = \"127.0.0.1\"",
            "host = \"mx.example.com\"",
            &["smtp.tls"],
        ),
        wrong("a password in the file", "tls =", "password = \"hunter2\"\ntls =", &["smtp.password"]),
        wrong(
            "a subject of unknown names",
            "MON\"",
            "MON\"\nsubject = \"{{ led }}\"",
            &["digest[0].subject", "led"],
        ),
        wrong("an unknown format", "page-text", "page-txt", &["혹시 `page-text`?"]),
        wrong("no certificates there", "tls =", "ca_file = \"no.pem\"\ntls =", &["smtp.ca_file"]),
        case("a certificate that is none", CHECK, 1, &["[smtp] ca_file", "page.txt", "PEM"])
            .config("tls = \"none\"", "tls = \"starttls\"\nca_file = \"page.txt\""),
        wrong(
            "a yes in capitals",
            "= false",
            "= False",
            &["moabom.toml:4:15", "`true`나 `false`를 소문자로"],
        ),
        wrong("a yes in words", "= false", "= no", &["moabom.toml:4:15", "`true`나 `false`를 소문자로"]),
        wrong("a number cut short", "port = ", "port = 1_\n# ", &["숫자로 읽을 수 없어요"]),
        wrong("lists in lists", "tls =", DEEP, &["너무 깊이 겹쳤어요"]),
        case("lines that end in CR", CHECK, 2, &["1군데", "줄바꿈", "LF"])
            .file("moabom.toml", "# 봄\r[newsletter]\rtitle = \"봄\"\r[sender]\rname = \"봄\"\r"),
        wrong("a folder for a store", WEB, "[store]\npath = \"data\"\n[web]", &["store.path", "폴더예요"]),
        wrong(
            "a folder for keys",
            WEB,
            "[store]\nkey_file = \"data\"\n[web]",
            &["store.key_file", "폴더예요"],
        ),
        wrong("a folder of posts", "page.txt", "data", &["source[0].location", "폴더예요"]),
        case("a variable out of range", CHECK, 2, &["MOABOM__SMTP__PORT"])
            .variable("MOABOM__SMTP__PORT", "abc"),
        case("a variable of no key", CHECK, 2, &["MOABOM__SMPT__PORT"]).variable("MOABOM__SMPT__PORT", "25"),
        case("init over a configuration", &["init", "--title", "봄"], 2, &["이미 있는 설정이라 그대로"]),
        case("init without what it needs", &["init"], 2, &["--smtp-host", "→"]).without("moabom.toml"),
    ]
}

pub(super) fn pages() -> Vec<Case> {
    let page = |name, bytes: Vec<u8>, says| case(name, INGEST, 1, says).file("page.txt", bytes);
    let lines: Vec<&str> = PAGE.lines().collect();
    let changed = |at: usize, line: &str| {
        let mut lines = lines.clone();
        lines[at] = line;
        (lines.join("\n") + "\n").into_bytes()
    };
    let mut extra = lines.clone();
    extra.insert(3, "끼어든 줄");
    let wide: Vec<u8> = PAGE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mixed = [PAGE.as_bytes(), b"\n\xff\xfe\xb0 \xc1\n"].concat();
    vec![
        page("HTML", b"<!DOCTYPE html><html><body>\n<p>a</p>\n</html>".to_vec(), &["HTML이에요", "텍스트로"]),
        page("a feed", b"<?xml version=\"1.0\"?><rss>\n<a/>\n</rss>".to_vec(), &["1행"]),
        page("JSON", b"{\"posts\": []}".to_vec(), &["JSON이에요"]),
        page("an image", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\x01".to_vec(), &["이진 내용", "UTF-8"]),
        page("nothing", vec![], &["비어 있어요", "확인하세요"]),
        page("blank lines", b"\n \n\t\n\n".to_vec(), &["비어 있어요"]),
        page("a header alone", "작은 부엌의 기록\n소개\n".into(), &["글이 하나도 없어요"]),
        page("an extra line", (extra.join("\n") + "\n").into_bytes(), &["짜임이 맞지 않아요", "행"]),
        page("a huge number", changed(7, "99999999999999999999"), &["8행", "수가 너무 커요"]),
        page("a number below zero", changed(7, "-12"), &["행", "짜임이 맞지 않아요"]),
        page("mixed encodings", mixed, &["글자를 읽을 수 없어요", "UTF-8로 다시 저장"]),
        page("UTF-16 without a mark", wide, &["이진 내용"]),
        page("a line without end", changed(3, &"가".repeat(1_700_000)), &["4행", "5MB가 넘어요"]),
        case("no page", INGEST, 1, &["그런 파일이 없어요", "경로"]).without("page.txt"),
        case("a folder", INGEST, 2, &["moabom.toml:", "source[0].location", "폴더예요"]).folder("page.txt"),
        case("a device", INGEST, 1, &["파이프나 장치"]).config("page.txt", "/dev/null"),
        case("a site that is down", INGEST, 1, &["연결하지 못했어요", "127.0.0.1:1"])
            .config("location = \"page.txt\"", "location = \"http://127.0.0.1:1/l\"\nallow_private = true"),
        case("a private site", INGEST, 2, &["allow_private"]).config("page.txt", "http://127.0.0.1:1/l"),
        case("a source of no such name", &["ingest", "nope"], 2, &["없는 출처예요: `nope`", "있는 것: blog"]),
        case("a demo of no page", &["demo", "--once", "--source", "no.txt"], 2, &["no.txt", "확인하세요"]),
        case(
            "a demo of a broken page",
            &["demo", "--once", "--source", "people.txt", "--out", "."],
            1,
            &["비어 있어요"],
        )
        .file("people.txt", ""),
    ]
}

pub(super) fn lists() -> Vec<Case> {
    let list = |name, text: &str, says| case(name, IMPORT, 1, says).file("list.csv", text);
    let bytes = |name, bytes: &[u8], says| case(name, IMPORT, 1, says).file("list.csv", bytes);
    let sound = "이메일,구독일\nnew@example.com,2024-01-01\n";
    let flag = |name, flag, value, says| {
        case(name, &["subscribers", "import", "list.csv", flag, value], 2, says).file("list.csv", sound)
    };
    vec![
        list(
            "no address column",
            "이름,구독일\n봄,2024-01-01\n",
            &["이메일 열을 찾지 못했어요", "이메일,이름,구독일"],
        ),
        list(
            "no consent column",
            "이메일,이름\nnew@example.com,봄\n",
            &["동의일 열이 없어요", "--consent-date"],
        ),
        list("no header", "new@example.com,2024-01-01\n", &["머리글 행이 없어요"]),
        list("nothing", "", &["빈 파일", "이메일,이름,구독일"]),
        list("no day", "이메일,구독일\nnew@example.com,어제\n", &["2행 2열(구독일)", "'어제'", "연·월·일"]),
        list("a day to come", "이메일,구독일\nnew@example.com,2999-01-01\n", &["아직 오지 않은"]),
        list("no day in any calendar", "이메일,구독일\nnew@example.com,2024-02-30\n", &["달력에 없는"]),
        list(
            "one bad of two",
            "이메일,구독일\nnew@example.com,2024-01-01\nno.at,2024-01-01\n",
            &["3행 1열", "--keep-going"],
        ),
        list("a blank in an address", "이메일,구독일\nn ew@example.com,2024-01-01\n", &["빈칸"]),
        list(
            "an open quote",
            "이메일,구독일\n\"new@example.com,2024-01-01\nb@example.com,2024-01-01\n",
            &["따옴표"],
        ),
        list(
            "a cell too many",
            "이메일,구독일\nnew@example.com,2024-01-01,x\n",
            &["칸이 3개", "머리글은 2개"],
        ),
        list(
            "an unknown state",
            "이메일,구독일,상태\nnew@example.com,2024-01-01,음\n",
            &["'음'의 뜻을 몰라요"],
        ),
        list(
            "an unknown digest",
            "이메일,구독일,다이제스트\nnew@example.com,2024-01-01,daily\n",
            &["'daily'", "weekly"],
        ),
        bytes("no text", b"\xec\x9d\xb4,\x80\xff\n\xfe\xff,1\n", &["글자를 읽을 수 없어요", "CSV UTF-8"]),
        bytes("a spreadsheet", b"PK\x03\x04\x14\0\x06\0", &["엑셀 파일", "CSV UTF-8"]),
        case("no file", IMPORT, 2, &["그런 파일이 없어요"]),
        case("a folder", &["subscribers", "import", "."], 2, &["폴더예요", "CSV"]),
        case("a device", &["subscribers", "import", "/dev/zero"], 1, &["일반 파일이 아니에요"]),
        flag("consent that is no day", "--consent-date", "어제", &["동의일 '어제'"]),
        flag("a digest nobody configured", "--digest", "daily", &["`daily`", "있는 것: weekly"]),
        case(
            "an export into no folder",
            &["subscribers", "export", "--out", "no/such.csv"],
            1,
            &["폴더가 없어요"],
        ),
        case("an export over a file", &["subscribers", "export", "--out", "page.txt"], 1, &["이미 있어요"]),
        case(
            "an export of no digest",
            &["subscribers", "export", "--digest", "daily"],
            2,
            &["있는 것: weekly"],
        ),
    ]
}

pub(super) fn arguments() -> Vec<Case> {
    let add = |name, address, says| case(name, &["subscribers", "add", address], 2, says);
    let failed = |name, arguments: &[&'static str], says| case(name, arguments, 1, says);
    let misuse = |name, arguments: &[&'static str], says| case(name, arguments, 2, says);
    vec![
        add("no at", "reader", &["@ 기호가 없어요"]),
        add("empty", "", &["비어 있어요"]),
        add("two ats", "a@b@example.com", &["두 개 이상"]),
        add("no dot", "a@example", &["점이 없어요"]),
        add("wide letters", "a＠example.com", &["전각 문자"]),
        add("a line break", "a@example.com\nBcc: b@example.com", &["제어 문자"]),
        add("something unseen", "a\u{200b}@example.com", &["보이지 않는"]),
        add("two of them", "a@example.com,b@example.com", &["하나만"]),
        failed(
            "who must not be mailed",
            &["subscribers", "add", "gone@example.com"],
            &["발송 금지", "수신거부"],
        ),
        misuse(
            "consent to come",
            &["subscribers", "add", "n@example.com", "--consent", "2999-01-01"],
            &["아직 오지 않은"],
        ),
        failed("nobody of that number", &["subscribers", "show", "999"], &["subscribers list"]),
        failed("nobody of that address", &["subscribers", "remove", "no@example.com"], &["찾지 못했어요"]),
        misuse("no such state", &["subscribers", "list", "--state", "awake"], &["pending, active"]),
        misuse("readers of no digest", &["subscribers", "list", "--digest", "daily"], &["있는 것: weekly"]),
        failed("no such post", &["posts", "show", "999"], &["글 999번이 없어요", "posts list"]),
        failed("no such post to pin", &["posts", "pin", "999"], &["글 999번이 없어요"]),
        misuse("posts of no source", &["posts", "list", "--source", "nope"], &["`nope`", "있는 것: blog"]),
        misuse("no number", &["posts", "list", "--limit", "many"], &["수를 적어 주세요", "--help"]),
        misuse("no runs", &["schedule", "--count", "0"], &["1에서 1000 사이의 수"]),
        misuse("too many runs", &["schedule", "--count", "1001"], &["1에서 1000 사이의 수"]),
        misuse("no name server", &["doctor", "--resolver", "x"], &["`주소:포트`", "1.1.1.1:53"]),
        misuse("a huge number", &["editions", "show", "99999999999999999999"], &["수가 너무 커요"]),
        misuse(
            "scores of no digest",
            &["posts", "top", "--by", "score", "--digest", "daily"],
            &["있는 것: weekly"],
        ),
        failed("no such edition", &["editions", "show", "99"], &["발행호 99번이 없어요", "editions list"]),
        failed("no such edition to stop", &["editions", "cancel", "99"], &["발행호 99번이 없어요"]),
        misuse("editions of no digest", &["editions", "list", "daily"], &["있는 것: weekly"]),
        misuse("an edition by name", &["editions", "show", "weekly"], &["수를 적어 주세요"]),
        failed(
            "no such delivery",
            &["deliveries", "retry", "99"],
            &["발송 99번이 없어요", "deliveries list"],
        ),
        failed(
            "no such delivery to settle",
            &["deliveries", "resolve", "99", "--as", "sent"],
            &["발송 99번이 없어요"],
        ),
        failed(
            "deliveries of no edition",
            &["deliveries", "list", "--edition", "99"],
            &["발행호 99번이 없어요"],
        ),
        misuse("no such outcome", &["deliveries", "resolve", "1", "--as", "lost"], &["sent, not-sent"]),
        misuse("a preview of no digest", &["preview", "daily"], &["`daily`", "있는 것: weekly"]),
        misuse("a preview of nonsense", &["preview", "--at", "내일"], &["`--at 내일`", "연·월·일"]),
        misuse("a preview of no day", &["preview", "--at", "2026-13-45"], &["달력에 없는"]),
        misuse("a preview as nothing known", &["preview", "--format", "pdf"], &["html, text, eml, json"]),
        failed(
            "a preview into no folder",
            &["preview", "--out", "no/such.html"],
            &["no/such.html", "폴더가 있는지"],
        ),
        misuse("no digest to publish", &["publish", "daily"], &["`daily`", "weekly"]),
        misuse("an edition of nonsense", &["publish", "weekly", "--at", "언젠가"], &["`--at 언젠가`"]),
        misuse(
            "an edition to come",
            &["publish", "weekly", "--at", "2999-01-01"],
            &["지금보다 뒤", "preview --at"],
        ),
        misuse(
            "an edition of long ago",
            &["publish", "weekly", "--at", "0001-01-01"],
            &["1년보다 오래전", "연도"],
        ),
        misuse("no such command", &["pubish"], &["`pubish`", "혹시 `publish`?"]),
        misuse("no command", &[], &["무엇을 할지"]),
        misuse("no such option", &["posts", "list", "--jsn"], &["--jsn", "혹시 `--json`?"]),
        failed("a demo into no folder", &["demo", "--once", "--out", "page.txt/x"], &["쓰지 못했어요"]),
        misuse("a key for no domain", &["dkim", "new", "--domain", "a b", "--folder", "."], &["DNS 이름"]),
    ]
}

pub(super) fn templates() -> Vec<Case> {
    let letter = |name, text: &str, says| case(name, PREVIEW, 2, says).file(LETTER, text);
    let publish = |name, text: &str, says| case(name, &["publish", "weekly"], 2, says).file(LETTER, text);
    vec![
        letter("an open block", "{% if name %}\n", &["letter.html", "문법에 맞지 않아요"]),
        letter(
            "an unknown variable",
            "<p>\n{{ newsletter.titel }}",
            &["2행", "알 수 없는 변수", "쓸 수 있는 이름"],
        ),
        letter("an unknown filter", "{{ subject | shout }}", &["1행", "알 수 없는 필터 'shout'"]),
        letter(
            "an unknown part",
            "{% include \"digest/foot.html\" %}",
            &["알 수 없는 틀 'digest/foot.html'"],
        ),
        letter(
            "an unknown base",
            "{% extends \"digest/base.html\" %}",
            &["틀을 쓸 수 없어요", "digest/base.html"],
        ),
        letter(
            "no way out",
            "<p>{{ subject }}</p><p>{{ sender.name }} {{ sender.email }} {{ sender.phone }} {{ sender.address }}</p>",
            &["수신거부 링크가 없어요", "unsubscribe_url"],
        ),
        publish("published with an open block", "{% for x in sections %}", &["문법에 맞지 않아요"]),
        publish("published with an unknown variable", "{{ nothing }}", &["알 수 없는 변수 'nothing'"]),
        case("checked with an unknown filter", CHECK, 2, &["알 수 없는 필터"])
            .file(LETTER, "{{ subject | shout }}"),
        case("started with an open block", &["run"], 2, &["문법에 맞지 않아요"])
            .file(LETTER, "{% if name %}"),
        case("the text part", PREVIEW, 2, &["letter.txt", "1행"])
            .file("templates/digest/letter.txt", "{{ subject }"),
        case("not UTF-8", PREVIEW, 2, &["UTF-8이 아닌", "letter.html"]).file(LETTER, b"\xb0\xa1".as_slice()),
        case("in a folder of another name", PREVIEW, 2, &["알 수 없는 변수 'oops'"])
            .config(WEB, "[templates]\npath = \"mine\"\n[web]\nlisten = \"127.0.0.1:0\"")
            .file("mine/digest/letter.html", "{{ oops }}"),
        case("a file for a folder", PREVIEW, 2, &["폴더가 아니에요", "[templates] path"])
            .config(WEB, "[templates]\npath = \"page.txt\"\n[web]\nlisten = \"127.0.0.1:0\""),
    ]
}
