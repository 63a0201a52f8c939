//! Pure: tests of particles.

use super::*;

#[test]
fn the_vectors_hold() {
    for line in
        include_str!("../../../tests/fixtures/vectors/josa.tsv").lines().filter(|l| !l.starts_with("# "))
    {
        let cells: Vec<&str> = line.split('\t').collect();
        if let [noun, object, direction] = cells.as_slice() {
            assert_eq!(particle(noun, Pair::EulReul), *object, "{noun}");
            assert_eq!(particle(noun, Pair::EuroRo), *direction, "{noun}");
        }
    }
}

fn check(cases: &[(&str, &str)]) {
    for (noun, expected) in cases {
        assert_eq!(particle(noun, Pair::EuroRo), *expected, "{noun}");
    }
}

#[test]
fn a_reading_in_brackets_speaks_for_a_foreign_head() {
    check(&[
        ("LLM(대규모 언어 모델)", "로"),
        ("Kubernetes(쿠버네티스)", "로"),
        ("黃金(황금)", "으로"),
        ("애플(Apple)", "로"),
        ("서울(수도)", "로"),
        ("(주)", "로"),
        ("삼성(주)", "으로"),
        ("5kg(약 11파운드)", "으로"),
        ("책(2판)[개정]", "으로"),
        ("Python (파이썬)", "으로"),
    ]);
}

#[test]
fn numbers_are_read_as_they_are_spoken() {
    check(&[
        ("10", "으로"),
        ("1,000", "으로"),
        ("10,000", "으로"),
        ("100000000", "으로"),
        ("1000000000000", "로"),
        ("1만", "으로"),
        ("10억", "으로"),
        ("1.0", "으로"),
        ("3.14", "로"),
        ("v2.0", "으로"),
        ("1.2.3", "으로"),
        ("3:30", "으로"),
        ("3:00", "로"),
        ("12:30:00", "으로"),
        ("16:9", "로"),
        ("2026-11-23", "로"),
        ("2026. 11. 23.", "로"),
        ("1~3", "으로"),
        ("1/2", "로"),
        ("007", "로"),
        ("제3", "으로"),
        ("3rd", "로"),
        ("Ⅳ", "로"),
        ("Ⅲ", "으로"),
        ("VIII", "로"),
        ("①", "로"),
        ("１０", "으로"),
        ("-5", "로"),
        ("$100", "로"),
        ("₩1,000", "으로"),
        ("1️⃣", "로"),
        ("½", "로"),
    ]);
}

#[test]
fn units_are_read_by_their_names() {
    check(&[
        ("50%", "로"),
        ("5kg", "으로"),
        ("5 kg", "으로"),
        ("10km", "로"),
        ("3m²", "로"),
        ("20°", "로"),
        ("20℃", "로"),
        ("20°C", "로"),
        ("16GB", "로"),
        ("300px", "로"),
        ("5g", "으로"),
        ("5G", "로"),
        ("4K", "로"),
        ("10t", "으로"),
        ("60km/h", "로"),
        ("1.5L", "로"),
        ("㎏", "으로"),
        ("100dB", "로"),
        ("C#", "으로"),
        ("A+", "로"),
    ]);
}

#[test]
fn capitals_are_read_by_letter_and_words_by_dictionary() {
    check(&[
        ("HTML", "로"),
        ("LLM", "으로"),
        ("LLMs", "로"),
        ("CDN", "으로"),
        ("PR", "로"),
        ("R&D", "로"),
        ("ChatGPT", "로"),
        ("GPT-4o", "로"),
        ("OpenAI", "로"),
        ("YouTube", "로"),
        ("iPhone", "으로"),
        ("Google", "로"),
        ("Apple", "로"),
        ("Facebook", "으로"),
        ("Node.js", "로"),
        ("AirPods Max", "로"),
        ("Qwzrtblk", "(으)로"),
        ("Straße", "(으)로"),
        ("X", "로"),
        ("n", "으로"),
    ]);
}

#[test]
fn marks_emoji_tags_and_laughter_at_the_end_are_passed_over() {
    check(&[
        ("집😀", "으로"),
        ("집 👨‍👩‍👧‍👦", "으로"),
        ("물!!!", "로"),
        ("『책』", "으로"),
        ("<b>집</b>", "으로"),
        ("&quot;집&quot;", "으로"),
        ("집…", "으로"),
        ("집~", "으로"),
        ("집ㅋㅋㅋ", "으로"),
        ("한글\u{3164}", "로"),
        ("Wi-Fi", "로"),
        ("ㅋㅋ", "(으)로"),
        ("ㄹ", "로"),
        ("ㄱ", "으로"),
        ("", "(으)로"),
        ("!?", "(으)로"),
        ("()", "(으)로"),
        ("[서울]", "로"),
    ]);
}

#[test]
fn every_pair_has_its_forms_and_is_read_back_from_them() {
    let after = |noun: &str| Pair::ALL.map(|pair| particle(noun, pair));
    assert_eq!(after("집"), ["은", "이", "을", "과", "으로", "이나", "이랑", "이라", "아"]);
    assert_eq!(after("배"), ["는", "가", "를", "와", "로", "나", "랑", "라", "야"]);
    assert_eq!(after("물"), ["은", "이", "을", "과", "로", "이나", "이랑", "이라", "아"]);
    assert_eq!(
        after("?"),
        ["은(는)", "이(가)", "을(를)", "과(와)", "(으)로", "(이)나", "(이)랑", "(이)라", "아(야)"]
    );
    for pair in Pair::ALL {
        for noun in ["집", "배", "?"] {
            assert_eq!(Pair::parse(particle(noun, pair)), Some(pair));
        }
    }
    assert_eq!(Pair::parse("으로/로"), Some(Pair::EuroRo));
    assert_eq!(Pair::parse("를/을"), Some(Pair::EulReul));
    assert_eq!(Pair::parse("가(이)"), Some(Pair::IGa));
    assert_eq!(Pair::parse("에서"), None);
    assert_eq!(with("‘벽돌’", Pair::EuroRo), "‘벽돌’로");
}

/// The particles of a noun must be those of its reading, in every pair.
fn read_as(cases: &[(&str, &str)]) {
    for (noun, reading) in cases {
        for pair in Pair::ALL {
            assert_eq!(particle(noun, pair), particle(reading, pair), "{noun} ({reading})");
        }
    }
}

#[test]
fn known_words_take_the_particle_of_their_korean_reading() {
    assert_eq!(with("Google", Pair::EulReul), "Google을");
    assert_eq!(with("Google", Pair::EuroRo), "Google로");
    assert_eq!(with("Bit", Pair::EulReul), "Bit를");
    assert_eq!(with("Mac", Pair::EuroRo), "Mac으로");
    read_as(&[
        ("Google", "구글"),
        ("Daum", "다음"),
        ("Debian", "데비안"),
        ("Mac", "맥"),
        ("Lab", "랩"),
        ("GitLab", "깃랩"),
        ("Template", "템플릿"),
        ("RedHat", "레드햇"),
        ("Europe", "유럽"),
        ("Tech", "테크"),
        ("FinTech", "핀테크"),
        ("BioTech", "바이오테크"),
        ("EdTech", "에듀테크"),
        ("HighTech", "하이테크"),
        ("Check", "체크"),
        ("Bit", "비트"),
        ("Diet", "다이어트"),
        ("Disc", "디스크"),
        ("Hit", "히트"),
        ("Sync", "싱크"),
        ("Async", "어싱크"),
        ("Shock", "쇼크"),
        ("Knock", "노크"),
        ("Iraq", "이라크"),
        ("Merit", "메리트"),
        ("Theme", "테마"),
        ("ip", "아이피"),
    ]);
}

#[test]
fn capitals_that_are_read_as_words_are_not_spelled() {
    read_as(&[
        ("K-POP", "케이팝"),
        ("LINE", "라인"),
        ("SHOP", "숍"),
        (".NET", "닷넷"),
        ("ASP.NET", "닷넷"),
        ("BOOK", "북"),
        ("TOEIC", "토익"),
        ("OPEC", "오펙"),
        ("ZIP", "집"),
        ("NEW", "뉴"),
        ("SQL", "에스큐엘"),
        ("VR", "브이알"),
        ("SBS", "에스비에스"),
        ("HTTPS", "에이치티티피에스"),
        ("IT", "아이티"),
    ]);
    // nobody spells so long a name by its letters, and nobody knows how it is read
    assert_eq!(particle("MONTPARNASSE", Pair::EulReul), "을(를)");
}

#[test]
fn plurals_possessives_and_compounds_go_by_their_last_part() {
    read_as(&[
        ("Tools", "툴스"),
        ("Companies", "컴퍼니스"),
        ("Boxes", "박시스"),
        ("Explained", "익스플레인드"),
        ("Advanced", "어드밴스드"),
        ("Prompter", "프롬프터"),
        ("Averaging", "애버리징"),
        ("Softly", "소프틀리"),
        ("Boldness", "볼드니스"),
        ("Google’s", "구글스"),
        ("Apple's", "애플스"),
        ("PowerPoint", "파워포인트"),
        ("smartfactory", "스마트팩토리"),
        ("sign-up", "사인업"),
        ("T-shirt", "티셔츠"),
        ("Post-it", "포스트잇"),
        ("Pokémon", "포켓몬"),
    ]);
}

#[test]
fn a_unit_takes_the_particle_of_its_name_however_it_is_typed() {
    read_as(&[
        ("100㎥", "세제곱미터"),
        ("5㎛", "마이크로미터"),
        ("5μm", "마이크로미터"),
        ("5µm", "마이크로미터"),
        ("5㎍", "마이크로그램"),
        ("5μg", "마이크로그램"),
        ("33㎡", "제곱미터"),
        ("33 ㎡", "제곱미터"),
        ("33m2", "제곱미터"),
        ("100cm3", "세제곱센티미터"),
        ("1km³", "세제곱킬로미터"),
        ("605㎢", "제곱킬로미터"),
        ("500㎖", "밀리리터"),
        ("300㎉", "킬로칼로리"),
        ("5㎾", "킬로와트"),
        ("3㏊", "헥타르"),
        ("1013㍱", "헥토파스칼"),
        ("1013hPa", "헥토파스칼"),
        ("20℃", "섭씨 도"),
        ("90℉", "화씨 도"),
        ("90 °F", "화씨 도"),
        ("3‰", "퍼밀"),
        ("50％", "퍼센트"),
        ("5Å", "옹스트롬"),
        ("5Å", "옹스트롬"),
        ("100Ω", "옴"),
        ("10kΩ", "킬로옴"),
        ("10㏀", "킬로옴"),
        ("5₩", "원"),
        ("￦5,000", "원"),
        ("5$", "달러"),
        ("€5", "유로"),
        ("£5", "파운드"),
        ("¥500", "엔"),
        ("￥500", "엔"),
        ("60㏈", "데시벨"),
        ("2㏖", "몰"),
        ("5㎐", "헤르츠"),
        ("㎏", "킬로그램"),
        ("80㎞", "킬로미터"),
        ("80㎞/h", "킬로미터 매 시"),
        ("10㎎/L", "밀리그램 매 리터"),
        ("50㎍/㎥", "세제곱미터"),
        ("9.8㎨", "미터 매 제곱초"),
        ("100kJ", "킬로줄"),
        ("12pt", "포인트"),
        ("10kPa", "킬로파스칼"),
        ("5㏄", "시시"),
        ("3㏃", "베크렐"),
        ("10㏋", "마력"),
        ("7㏗", "피에이치"),
        ("9㏂", "에이엠"),
        ("2em", "이엠"),
        ("0.5μSv", "마이크로시버트"),
        ("α", "알파"),
        ("ε", "엡실론"),
        ("Ω", "오메가"),
    ]);
}

#[test]
fn a_title_in_angle_brackets_is_no_tag() {
    read_as(&[
        ("영화 <Inception>", "인셉션"),
        ("<Parasite Eve>", "이브"),
        ("<기생충>", "기생충"),
        ("<b>책</b>", "책"),
        ("책<br/>", "책"),
        ("책<br />", "책"),
        ("<a href=\"https://a.b\">책</a>", "책"),
        ("책</font>", "책"),
    ]);
}

#[test]
fn what_an_editor_writes_takes_the_particle_that_is_read() {
    read_as(&[
        ("책¹", "책"),
        ("나무²", "나무"),
        ("나무[1]", "나무"),
        ("10²", "제곱"),
        ("㉠", "기역"),
        ("㉣", "리을"),
        ("getElementById", "아이디"),
        ("useState", "스테이트"),
        ("$100M", "달러"),
        ("$3.5B", "달러"),
        ("₩5K", "원"),
        ("100M", "엠"),
        ("New York", "뉴욕"),
        ("York", "요크"),
        ("Central Park", "센트럴파크"),
        ("Hong Kong", "홍콩"),
        ("120bpm", "비피엠"),
        ("LG전자(066570)", "전자"),
        ("세계보건기구(WHO)", "기구"),
        ("WHO(세계보건기구)", "기구"),
        ("X(옛 트위터)", "트위터"),
        ("『총, 균, 쇠』", "쇠"),
        ("‘봄’의 “기록”", "기록"),
        ("나무🌳🌳", "나무"),
        ("책 👨‍👩‍👧‍👦❤️", "책"),
        ("010-1234-5678", "팔"),
        ("제10호", "호"),
        ("2nd", "세컨드"),
        ("½", "이분의 일"),
        ("⅔", "삼분의 이"),
        ("3½", "이분의 일"),
        ("3.0", "영"),
        ("⑩", "십"),
        ("XII", "십이"),
        ("iPhone 15", "십오"),
        ("A/B", "비"),
        ("TCP/IP", "아이피"),
        ("C++", "플러스"),
        ("C#", "시샵"),
        ("Disney+", "플러스"),
        ("GPT-4o", "오"),
        ("README.md", "엠디"),
        ("archive.zip", "집"),
        ("https://example.com/", "닷컴"),
        ("me@example.com", "닷컴"),
        ("snake_case", "케이스"),
        ("users'", "유저스"),
        ("CO₂", "이"),
        ("Beyoncé", "비욘세"),
        ("6·25", "이십오"),
        ("D-7", "칠"),
        ("Vol. 3", "삼"),
        ("IPv6", "육"),
        ("16:9", "구"),
        ("5:30", "삼십 분"),
        ("11월 23일 (월)", "일"),
    ]);
    // nobody can know
    for noun in ["大學", "東京", "さくら", "Москва", "👨‍👩‍👧‍👦", "ㅋㅋㅋ", "Sonnet", "naïve", "αβγ"]
    {
        assert_eq!(particle(noun, Pair::EulReul), "을(를)", "{noun}");
    }
}
