//! Effect: the README that goes with an export, out of the store's own list of what it holds: field by field, and what is left out.

use std::fmt::Write;

use crate::store::export::{Kind, LEFT_OUT, NOUNS};

/// The text, for the export of a newsletter of that title at that time.
pub(super) fn text(newsletter: &str, exported_at: &str) -> String {
    let mut text = format!(
        "# {newsletter}: 내보낸 것\n\n\
         moabom이 {exported_at}에 저장소의 모든 것을 열린 형식으로 내보낸 폴더예요. \
         한순간에 본 그대로라, 파일끼리 어긋나지 않아요.\n\n\
         구독자의 주소가 들어 있어요. 나만 읽게 두고, 다 쓴 뒤에는 지우세요.\n\n\
         ## 읽는 법\n\n\
         - `*.jsonl`: 한 줄에 하나씩 적은 JSON(UTF-8). 시각은 모두 UTC(RFC 3339)이고, 모르거나 없는 것은 `null`이에요.\n\
         - `letters/번호.html`, `.txt`, `.eml`: 보낸 편지. 이름은 ‘구독자’로, 개인 수신거부 링크는 메일 주소로 채웠어요. \
         `.eml`은 메일 프로그램으로 열 수 있고, 보내는 이는 내보낼 때의 설정을 따라요.\n\
         - `manifest.json`: 파일마다 줄 수(rows), 크기(bytes), SHA-256. 이렇게 확인해요:\n\n\
         \x20     jq -r '.files[] | .sha256 + \"  \" + .path' manifest.json | sha256sum -c\n\n\
         ## 들어 있지 않은 것\n\n\
         - 비밀 키, 비밀번호, 토큰. 그래서 보낸 편지의 수신거부 링크를 다른 곳에서 이어 쓰려면 비밀 키 파일을 따로 챙겨야 해요.\n\
         - 떠난 사람의 주소와 이름. 지운 것은 되살아나지 않아요.\n"
    );
    for (table, why) in LEFT_OUT {
        let _ = writeln!(text, "- `{table}`: {why}.");
    }
    for noun in NOUNS {
        let _ = writeln!(text, "\n## {}.jsonl\n\n{}.\n", noun.name, noun.meaning);
        let _ = writeln!(text, "| 이름 | 꼴 | 뜻 |\n| --- | --- | --- |");
        for field in noun.fields {
            let _ = writeln!(text, "| `{}` | {} | {} |", field.name, kind(field.kind), field.meaning);
        }
    }
    text
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "수",
        Kind::Text => "문자열",
        Kind::Flag => "true/false",
        Kind::Instant => "시각",
        Kind::Json => "JSON",
        Kind::Hex => "16진수",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_explained_in_korean() {
        let text = text("봄날의 노트", "2026-11-24T05:00:00Z");
        for noun in NOUNS {
            assert!(text.contains(&format!("## {}.jsonl", noun.name)));
            for field in noun.fields {
                assert!(field.meaning.chars().any(|c| ('가'..='힣').contains(&c)) || field.name == "result");
                assert!(!field.meaning.contains('|'), "{}: it would end the cell", field.name);
            }
        }
    }
}
