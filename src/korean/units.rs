//! Pure: units and signs, each by its Korean name; the particle follows from the name.

use super::letter::is_latin;
use super::sound::Sound;

/// Units as they are written after a number: a row for each ending would save space, but nobody could judge it.
const UNITS: &str = "\
    m 미터 cm 센티미터 mm 밀리미터 km 킬로미터 dm 데시미터 μm 마이크로미터 um 마이크로미터 nm 나노미터 \
    in 인치 inch 인치 ft 피트 yd 야드 mi 마일 Å 옹스트롬 ha 헥타르 a 아르 \
    g 그램 mg 밀리그램 kg 킬로그램 μg 마이크로그램 ug 마이크로그램 mcg 마이크로그램 ng 나노그램 t 톤 ton 톤 gram 그램 \
    lb 파운드 lbs 파운드 oz 온스 ct 캐럿 \
    l 리터 ml 밀리리터 cl 센티리터 dl 데시리터 kl 킬로리터 μl 마이크로리터 ul 마이크로리터 cc 시시 gal 갤런 \
    s 초 sec 초 ms 밀리초 μs 마이크로초 us 마이크로초 ns 나노초 ps 피코초 min 분 h 시간 hr 시간 hrs 시간 \
    am 에이엠 pm 피엠 \
    b 비트 bit 비트 byte 바이트 kb 킬로바이트 mb 메가바이트 gb 기가바이트 tb 테라바이트 pb 페타바이트 eb 엑사바이트 \
    kib 키비바이트 mib 메비바이트 gib 기비바이트 tib 테비바이트 bps 비피에스 kbps 케이비피에스 mbps 엠비피에스 gbps 지비피에스 \
    tbps 티비피에스 hz 헤르츠 khz 킬로헤르츠 mhz 메가헤르츠 ghz 기가헤르츠 thz 테라헤르츠 \
    w 와트 kw 킬로와트 mw 메가와트 gw 기가와트 tw 테라와트 wh 와트시 kwh 킬로와트시 mwh 메가와트시 gwh 기가와트시 \
    v 볼트 kv 킬로볼트 mv 밀리볼트 μv 마이크로볼트 ma 밀리암페어 μa 마이크로암페어 pA 피코암페어 nA 나노암페어 kA 킬로암페어 \
    ah 암페어시 mah 밀리암페어시 va 볼트암페어 hp 마력 μf 마이크로패럿 nf 나노패럿 pf 피코패럿 \
    cal 칼로리 kcal 킬로칼로리 j 줄 kj 킬로줄 mj 메가줄 ev 전자볼트 kev 킬로전자볼트 mev 메가전자볼트 n 뉴턴 kn 킬로뉴턴 kgf 킬로그램힘 \
    pa 파스칼 hpa 헥토파스칼 kpa 킬로파스칼 mpa 메가파스칼 gpa 기가파스칼 bar 바 psi 피에스아이 atm 기압 mmhg 수은주밀리미터 \
    lm 루멘 lx 럭스 lux 럭스 cd 칸델라 nit 니트 db 데시벨 dbm 디비엠 mol 몰 mmol 밀리몰 ppm 피피엠 ppb 피피비 \
    bq 베크렐 sv 시버트 msv 밀리시버트 μsv 마이크로시버트 gy 그레이 rad 라디안 \
    px 픽셀 pixel 픽셀 dpi 디피아이 ppi 피피아이 fps 에프피에스 pt 포인트 em 이엠 rem 렘 dp 디피 vw 브이더블유 vh 브이에이치 \
    rpm 알피엠 bpm 비피엠 mph 엠피에이치 kph 케이피에이치 k 케이 c 시 p 피 x 엑스 st 스트 nd 드 rd 드 th 스 won 원 yen 엔";

/// The unit that `run` is, which stands right after a number; of `km/h` the last part, which is 시 there.
pub(super) fn of(run: &str) -> Option<Sound> {
    // one capital after a number is mostly a letter (5G, 4K, 70B); L is a litre however it is written
    if run.chars().count() == 1 && !matches!(run, "L" | "Å") && run.chars().all(char::is_uppercase) {
        return None;
    }
    let mut parts = run.split('/').filter(|part| !part.is_empty());
    let last = parts.next_back()?;
    if run.contains('/') && last.eq_ignore_ascii_case("h") {
        return Some(Sound::Vowel);
    }
    parts.all(|part| name(part).is_some()).then(|| name(last)).flatten().and_then(Sound::of_reading)
}

fn name(unit: &str) -> Option<&'static str> {
    let find = |unit: &str| {
        let mut cells = UNITS.split_ascii_whitespace();
        std::iter::from_fn(|| cells.next().zip(cells.next()))
            .find(|(written, _)| *written == unit)
            .map(|(_, name)| name)
    };
    // mW and MW end alike; where a capital makes the difference (pA, Pa), it is written so in the table
    find(unit).or_else(|| find(&unit.to_lowercase()))
}

/// A character that is part of a unit's run.
pub(super) fn is_part(ch: char) -> bool {
    is_latin(ch) || matches!(ch, '/' | 'μ')
}

/// How a sign is spoken, a unit in one character among them.
pub(super) fn sign(ch: char) -> Option<Sound> {
    squared(ch)
        .or(match ch {
            '%' => Some("퍼센트"),
            '‰' => Some("퍼밀"),
            '°' | '℃' | '℉' => Some("도"),
            '+' => Some("플러스"),
            '&' => Some("앤드"),
            '#' => Some("샵"),
            '∞' => Some("무한대"),
            '$' => Some("달러"),
            '¢' => Some("센트"),
            '€' => Some("유로"),
            '£' => Some("파운드"),
            '¥' => Some("엔"),
            '₩' => Some("원"),
            '₿' => Some("비트코인"),
            '₫' => Some("동"),
            '₹' => Some("루피"),
            '₽' => Some("루블"),
            '₱' => Some("페소"),
            '½' => Some("이분의일"),
            '¼' => Some("사분의일"),
            '¾' => Some("사분의삼"),
            '²' => Some("제곱"),
            '³' => Some("세제곱"),
            _ => None,
        })
        .and_then(Sound::of_reading)
}

/// Whether a sign is money, which is spoken after the number it stands before.
pub(super) fn is_money(ch: char) -> bool {
    matches!(ch, '$' | '¢' | '€' | '£' | '¥' | '₩' | '₿' | '₫' | '₹' | '₽' | '₱')
}

/// The units that Unicode holds as one character (U+3371 to U+337A, U+3380 to U+33DF), in its order.
fn squared(ch: char) -> Option<&'static str> {
    const OLD: &str = "헥토파스칼 데카 천문단위 바 볼트 파섹 데시미터 제곱데시미터 세제곱데시미터 아이유";
    const NEW: &str = "\
        피코암페어 나노암페어 마이크로암페어 밀리암페어 킬로암페어 킬로바이트 메가바이트 기가바이트 \
        칼로리 킬로칼로리 피코패럿 나노패럿 마이크로패럿 마이크로그램 밀리그램 킬로그램 \
        헤르츠 킬로헤르츠 메가헤르츠 기가헤르츠 테라헤르츠 마이크로리터 밀리리터 데시리터 \
        킬로리터 펨토미터 나노미터 마이크로미터 밀리미터 센티미터 킬로미터 제곱밀리미터 \
        제곱센티미터 제곱미터 제곱킬로미터 세제곱밀리미터 세제곱센티미터 세제곱미터 세제곱킬로미터 미터매초 \
        미터매제곱초 파스칼 킬로파스칼 메가파스칼 기가파스칼 라디안 라디안매초 라디안매제곱초 \
        피코초 나노초 마이크로초 밀리초 피코볼트 나노볼트 마이크로볼트 밀리볼트 \
        킬로볼트 메가볼트 피코와트 나노와트 마이크로와트 밀리와트 킬로와트 메가와트 \
        킬로옴 메가옴 에이엠 베크렐 시시 칸델라 쿨롬매킬로그램 컴퍼니 \
        데시벨 그레이 헥타르 마력 인치 케이케이 킬로미터 킬로톤 \
        루멘 자연로그 로그 럭스 밀리바 밀 몰 피에이치 \
        피엠 피피엠 피알 스테라디안 시버트 웨버 볼트매미터 암페어매미터";
    let nth = |names: &'static str, first: char| {
        let place = u32::from(ch).checked_sub(u32::from(first))?;
        names.split_ascii_whitespace().nth(usize::try_from(place).ok()?)
    };
    match ch {
        '\u{3371}'..='\u{337A}' => nth(OLD, '\u{3371}'),
        '\u{3380}'..='\u{33DF}' => nth(NEW, '\u{3380}'),
        _ => None,
    }
}

/// The name of a Greek letter that stands alone.
pub(super) fn greek(ch: char) -> Option<Sound> {
    const NAMES: &str = "알파 베타 감마 델타 엡실론 제타 에타 세타 이오타 카파 람다 뮤 뉴 크시 오미크론 파이 로 시그마 시그마 타우 \
                         입실론 파이 카이 프시 오메가";
    let first = match ch {
        'Α'..='Ω' => 'Α',
        'α'..='ω' => 'α',
        _ => return None,
    };
    let place = usize::try_from(u32::from(ch) - u32::from(first)).ok()?;
    NAMES.split_ascii_whitespace().nth(place).and_then(Sound::of_reading)
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization;

    use super::super::letter::is_syllable;
    use super::*;

    #[test]
    fn every_unit_stands_once_with_a_name_in_hangul() {
        let cells: Vec<&str> = UNITS.split_ascii_whitespace().collect();
        assert_eq!(cells.len() % 2, 0);
        let mut seen = std::collections::BTreeSet::new();
        for row in cells.chunks(2) {
            assert!(seen.insert(row[0]), "{} stands twice", row[0]);
            assert!(row[1].chars().all(is_syllable), "{}: {}", row[0], row[1]);
        }
    }

    #[test]
    fn units_in_one_character_end_as_those_they_unfold_to() {
        assert_eq!(squared('\u{337A}'), Some("아이유"));
        assert_eq!(squared('\u{33DF}'), Some("암페어매미터"));
        for ch in '\u{3380}'..='\u{33DF}' {
            let unfolded: String = ch.nfkc().collect();
            if let Some(name) = name(&unfolded) {
                assert_eq!(sign(ch), Sound::of_reading(name), "{ch} {unfolded}");
            }
        }
    }
}
