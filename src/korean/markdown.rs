//! Pure: the prose of Markdown text, without fenced code and tables. They say nothing in an excerpt.

/// The text without fenced code and the rows of tables. Where a page lost its line ends, both are known within a line.
pub(super) fn prose(text: &str) -> String {
    without_tables(&without_code(text))
}

/// Whether a line still shows what code and tables are written with.
pub(super) fn is_marked(line: &str) -> bool {
    line.contains("```") || is_ruled(line)
}

/// Without what stands from three or more backticks at the beginning of a line to as many at a line's end; to the end of
/// the text where nothing closes it. Waves draw lines more often than they fence code, and stay.
fn without_code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let begin = line.trim_start_matches(|c: char| c.is_whitespace() || c == '>').trim_end();
        let length = begin.len() - begin.trim_start_matches('`').len();
        match open {
            Some(least) => {
                let closing = begin.len() - begin.trim_end_matches('`').len();
                open = open.filter(|_| closing < least);
            }
            None if length >= 3 && !begin.get(length..).is_some_and(|rest| rest.contains("```")) => {
                open = Some(length);
            }
            None => push_without_pairs(&mut out, line),
        }
        out.push('\n');
    }
    out
}

/// A line without what stands between backticks, three or more; to its end where nothing closes them, but for those with
/// a particle after them, which are spoken of: they go alone.
fn push_without_pairs(out: &mut String, line: &str) {
    let mut open: Option<(usize, usize)> = None;
    let mut rest = line;
    while let Some((before, marked)) = rest.find("```").and_then(|at| rest.split_at_checked(at)) {
        out.push_str(before);
        out.push(' ');
        rest = marked.trim_start_matches('`');
        let length = marked.len() - rest.len();
        open = match open {
            Some((kept, least)) if length >= least => {
                out.truncate(kept);
                None
            }
            None => Some((out.len(), length)),
            still => still,
        };
        let spoken = rest.starts_with(|c: char| !c.is_ascii()) && !rest.contains("```");
        open = open.filter(|_| !spoken);
    }
    out.push_str(rest);
    if let Some((kept, _)) = open {
        out.truncate(kept);
    }
}

/// Without the row of dashes, the row before it, and those after it; nor rows in bars on both sides.
fn without_tables(text: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    let mut kept = String::with_capacity(text.len());
    let mut inside = false;
    for line in text.lines() {
        let row = line.trim();
        inside = (inside && row.contains('|')) || (row.contains('|') && is_rule(row));
        if inside && is_rule(row) && out.last().is_some_and(|before| before.contains('|')) {
            out.pop();
        }
        let barred = row.len() > 1 && row.starts_with('|') && row.ends_with('|');
        out.push(if inside || barred { "" } else { line });
    }
    for line in out {
        match (line.find('|'), line.rfind('|')) {
            // a whole table in one line
            (Some(first), Some(last)) if is_ruled(line) => {
                kept.push_str(line.get(..first).unwrap_or_default());
                kept.push(' ');
                kept.push_str(line.get(last + 1..).unwrap_or_default());
            }
            _ => kept.push_str(line),
        }
        kept.push('\n');
    }
    kept
}

/// `|---|:--:|`: a row of dashes and nothing else.
fn is_rule(row: &str) -> bool {
    row.contains('-') && row.chars().all(|c| matches!(c, '|' | '-' | ':') || c.is_whitespace())
}

/// Bars with a cell of dashes alone among them.
fn is_ruled(line: &str) -> bool {
    line.contains('|')
        && line.split('|').map(str::trim).any(|cell| cell.len() >= 3 && cell.contains('-') && is_rule(cell))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        prose(text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn fenced_code_goes_and_prose_stays() {
        for (text, expected) in [
            ("앞이다.\n```rust\nfn main() {}\n```\n뒤다.", "앞이다. 뒤다."),
            ("~~~~\n공지다.\n~~~~\n뒤다.", "~~~~ 공지다. ~~~~ 뒤다."),
            ("````\n```\n안\n```\n````\n뒤다.", "뒤다."),
            ("> ```\n> 코드\n> ```\n> 뒤다.", "> 뒤다."),
            ("앞이다. ```js let a = 1; ``` 뒤다.", "앞이다. 뒤다."),
            ("앞이다.\n```python\nprint(1)", "앞이다."),
            ("앞이다. ```python print(1) ```` 뒤다.", "앞이다. 뒤다."),
            ("앞이다. ```python print(1)", "앞이다."),
            ("앞이다. ```` ``` 안", "앞이다."),
            ("코드는 ```로 감싼다. 다음 문장이다.", "코드는 로 감싼다. 다음 문장이다."),
            ("어서 와~~~ 반가워~~~", "어서 와~~~ 반가워~~~"),
            ("`한 낱말`은 그대로다.", "`한 낱말`은 그대로다."),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn rows_of_a_table_go_and_bars_in_prose_stay() {
        for (text, expected) in [
            ("앞이다.\n\n| 이름 | 값 |\n|---|---|\n| 가 | 1 |\n| 나 | 2 |\n\n뒤다.", "앞이다. 뒤다."),
            ("이름 | 값\n--- | :-:\n가 | 1\n뒤다.", "뒤다."),
            ("앞이다. | 이름 | 값 | |---|---| | 가 | 1 | 뒤다.", "앞이다. 뒤다."),
            ("| 이름 | 값 |", ""),
            ("봄 | 여름 | 가을", "봄 | 여름 | 가을"),
            ("A|B는 또는이다.\n---\n뒤다.", "A|B는 또는이다. --- 뒤다."),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
