//! Pure: what the template engine says of a fault, said in Korean; its own words stay behind where they may tell more.

/// `message` of Tera in Korean; `name` is the name at the place, where there is one.
pub(super) fn in_korean(message: &str, name: &str) -> String {
    // what our own filters say begins in Korean and is said as it is
    if message.starts_with(|c| ('가'..='힣').contains(&c)) {
        return message.to_owned();
    }
    unknown(message, name).unwrap_or_else(|| match explained(message) {
        Some(korean) => format!("문법에 맞지 않아요. {korean} (Tera: {message})"),
        None => format!("문법에 맞지 않아요. (Tera: {message})"),
    })
}

/// Names that are none: variables, fields, filters, components and the like.
fn unknown(message: &str, name: &str) -> Option<String> {
    let quoted = message.split(['`', '\'']).nth(1).unwrap_or(name);
    let after = |mark: &str| message.split_once(mark).map(|(_, list)| list.trim());
    if message.contains("Unknown argument") {
        return Some(format!("부품(component)이 받지 않는 값을 주었어요. (Tera: {message})"));
    }
    if message.starts_with("Block") {
        return None;
    }
    if message.contains("is not defined") {
        let known = after("Available variables:").or_else(|| after("Available fields:"));
        let name = if name.is_empty() { quoted } else { name };
        let list = known.map(|list| format!(" 쓸 수 있는 이름: {list}")).unwrap_or_default();
        return Some(format!("알 수 없는 변수 '{name}'.{list}"));
    }
    if message.contains("undefined") {
        return Some(format!("값이 없는 변수 '{name}'."));
    }
    let lower = message.to_lowercase();
    let missing = ["unknown", "not found", "not registered"].iter().any(|word| lower.contains(word));
    let kinds = [
        ("filter", "필터"),
        ("component", "부품(component)"),
        ("template", "틀"),
        ("test", "검사"),
        ("function", "함수"),
    ];
    let kind = kinds.iter().find(|(english, _)| missing && lower.contains(english));
    kind.map(|(_, korean)| format!("알 수 없는 {korean} '{quoted}'."))
}

/// What the commonest faults of syntax mean and what to look at.
fn explained(message: &str) -> Option<String> {
    if let Some((found, expected)) =
        message.strip_prefix("Found ").and_then(|rest| rest.split_once(" but expected "))
    {
        let unclosed = found == "`{`" && expected.starts_with("}}");
        let hint = if unclosed { ". 앞줄에서 {{로 연 것을 }}로 닫았는지 보세요" } else { "" };
        return Some(format!("여기 있는 것: {} · 있어야 할 것: {}{hint}", piece(found), piece(expected)));
    }
    if let Some((wanted, given)) = message
        .strip_prefix("Invalid type for the value, expected `")
        .and_then(|rest| rest.split_once("` but got `"))
    {
        let given = given.trim_end_matches('`');
        return Some(format!("값의 종류가 달라요. 받는 것: {} · 준 것: {}", kind(wanted), kind(given)));
    }
    let sayings = [
        (
            "Unexpected end of input",
            "틀이 끝났는데 닫히지 않은 것이 있어요. {% if %}, {% for %}, {% component %}을 {% endif %}, {% endfor %}, {% endcomponent %}로 닫았는지 보세요",
        ),
        (
            "Unknown tag",
            "모르는 태그예요. 낱말이 맞는지, {% endif %}나 {% endfor %}처럼 닫는 태그라면 짝이 있는지 보세요",
        ),
        ("String opened with", "따옴표로 연 글이 닫히지 않았어요"),
        ("unexpected end of string", "따옴표로 연 글이 닫히지 않았어요"),
        ("unexpected end of raw block", "{% raw %}를 {% endraw %}로 닫지 않았어요"),
        ("Closing comment tag", "{#로 연 메모를 #}로 닫지 않았어요"),
        ("Components with body content", "부품은 {{<이름 값={값} />}}처럼 />로 닫으세요"),
        ("Unclosed component", "부품(component)이 닫히지 않았어요"),
        ("Math operations", "셈은 수끼리만 할 수 있어요"),
        ("Cannot divide by 0", "0으로 나눌 수 없어요"),
        ("Missing keyword argument", "필터나 함수에 줄 값이 빠졌어요"),
        ("Argument `", "부품(component)에 줄 값이 빠졌어요"),
        ("Template already contains", "같은 이름이 두 번 있어요"),
        ("Invalid syntax for `set`", "{% set 이름 = 값 %}처럼 쓰세요"),
        ("Unexpected character", "여기에 쓸 수 없는 글자예요"),
    ];
    let said = sayings.iter().find(|(english, _)| message.starts_with(english));
    said.map(|(_, korean)| (*korean).to_owned())
}

/// A piece of syntax by the name an author knows.
fn piece(english: &str) -> &str {
    match english.trim_end_matches('.') {
        list if list.starts_with("one of: ") => "값(이름, 수, 따옴표로 두른 글)",
        "identifier" => "이름",
        "string" => "따옴표로 두른 글",
        "integer" | "float" | "number" => "수",
        "bool" => "true나 false",
        other => other,
    }
}

/// A type of value by the name an author knows.
fn kind(english: &str) -> &str {
    match english {
        "&str" | "str" | "string" | "String" => "글",
        "i64" | "u64" | "i128" | "u128" | "f64" | "integer" | "float" | "number" => "수",
        "bool" => "참·거짓",
        "array" | "Vec" => "목록",
        "map" => "이름 있는 값의 묶음",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::in_korean;
    use crate::render::Renderer;

    /// What is said of a template whose second line is `line`.
    fn said_of(line: &str) -> String {
        let text = format!("첫 줄\n{line}\n{{{{ unsubscribe_url }}}}");
        let files = [("digest/letter.txt".to_owned(), text)];
        Renderer::new(&files).and_then(|renderer| renderer.check()).expect_err(line).to_string()
    }

    #[test]
    fn common_faults_are_explained_with_the_engines_words_behind() {
        for (line, korean, english) in [
            ("{{ summary", "{{로 연 것을 }}로 닫았는지", "Found `{` but expected }}"),
            ("{% if summary %}", "닫히지 않은 것이 있어요", "Unexpected end of input"),
            ("글{% endif %}", "모르는 태그예요", "Unknown tag"),
            ("{{ summary b }}", "여기 있는 것: 이름 · 있어야 할 것: }}", "Found identifier"),
            ("{{ \"글 }}", "따옴표로 연 글", "String opened with"),
            ("{{ summary | }}", "있어야 할 것: 이름", "expected identifier"),
            ("{{ }}", "있어야 할 것: 값", "expected one of"),
            ("{{ number | wrap }}", "받는 것: 글 · 준 것: 수", "expected `&str`"),
            ("{{<NumberedRow />}}", "줄 값이 빠졌어요", "Argument `post` missing"),
            ("{{<NumberedRow pos={1} />}}", "받지 않는 값", "Unknown argument(s) `pos`"),
            ("{% raw %}", "endraw", "raw block"),
            ("{# 메모", "#}로 닫지", "Closing comment tag"),
            ("{{ summary - 1 }}", "셈은 수끼리만", "Math operations"),
            ("{{ super() }}", "문법에 맞지 않아요. (Tera: ", "super()"),
        ] {
            let said = said_of(line);
            assert!(said.contains(korean) && said.contains(english), "{line}: {said}");
            assert!(said.contains("templates/digest/letter.txt "), "{said}");
        }
    }

    #[test]
    fn what_has_no_name_is_told_by_its_kind() {
        for (line, korean) in [
            ("{{ sumary }}", "알 수 없는 변수 'sumary'. 쓸 수 있는 이름: "),
            ("{{ summary | wrp }}", "알 수 없는 필터 'wrp'"),
            ("{{ now() }}", "알 수 없는 함수 'now'"),
            ("{{ summary is fancy }}", "알 수 없는 검사 'fancy'"),
            ("{% include \"x.html\" %}", "알 수 없는 틀 'x.html'"),
            ("{{<Card />}}", "알 수 없는 부품(component) 'Card'"),
        ] {
            assert!(said_of(line).contains(korean), "{line}: {}", said_of(line));
        }
        assert!(in_korean("Something new", "").ends_with("(Tera: Something new)"));
    }
}
