//! Pure: how numbers, units, capitals and known Latin words end when a Korean reads them aloud.

use super::letter::is_latin;
use super::sound::Sound::{self, Consonant, Rieul, Vowel};

/// Units as written right after a number, by the end of their Korean names.
const UNITS_VOWEL: &str = "m cm mm km nm ha l ml dl kl s ms ns b kb mb gb tb pb kib mib gib tib hz khz mhz ghz w kw mw gw wh \
     kwh v kv mv a ma mah kcal cal k pa hpa kpa mpa j kj bps kbps mbps gbps fps h/s km/h m/s mph db/m lb \
     oz ft inch yd bar lux st nd rd th x p d c";
const UNITS_RIEUL: &str = "px db mol cal/mol pixel";
const UNITS_CONSONANT: &str = "g mg kg ug mcg t pt rpm n ppm min h hr yen won gram ton";

/// Words that occur in Korean texts in Latin letters, by the end of their usual Hangul spelling; the last part of a
/// compound (`GitHub` by `hub`) stands for the whole.
const WORDS_VOWEL: &str = "fi access account active actor ad address adidas ads adventure advice agent ai air airbnb airpods ajax \
     alibaba alpha alternative amazone america amount anaconda analytics android angular answer apache \
     api approach apps architecture archive art asia atlas audio auth author auto azure backend badge \
     bandwidth banner bar base basics batch battery beatles beer before best beta better beverage \
     birthday blog blues bluetooth bmi board body bonus boost border boss box branch brand bridge brief \
     broadcast browser bts buffer build bus business butter buyer buzz byte cache cafe calendar camera \
     campus canada canvas car card career case catalog catalogue category census center ceo chair \
     challenge change chapter charge chart chatgpt chef china choice choices christmas cinema city class \
     claude client close closure cloud cluster coca code coke cola collage color comment comments \
     community company compare compiler complex computer consumer contact container content contest \
     context copper copy core cost counter course cover coverage covid craft creative creator cross css \
     cto culture cure cursor curve customer dart dash dashboard data database date daum day debian deer \
     delta demo depth designer desire details developer device dialog dialogue diary director discord \
     discover disney display docker docs doctor document dollar door download draft drama drive driver \
     earth easy ebay echo edge editor elasticsearch end energy engineer english error escape essay etc \
     euro europe event ever excalibur exchange excuse executive explore export express face fact factor \
     failure faith family faq fast favorite fax feature feed fever field fifa figma figure filter finish \
     fire firebase firefox first five fix flag flash floor flower flutter focus folder footer for \
     forecast four fresh friday friend front frontend furniture future gallery gamma garage gas \
     gateway gemini gender generator gift github gitlab glass go golf google graphics grid growth guru \
     hardware hash head header health hello here hero history holiday honey host hour house html5 hub \
     iaas id ignore ikea image impact import inbox index india indoor info instagrams interactive \
     interest interface interview intro investor ios iot issue it java javascript jazz jeans jira js \
     jupyter kafka kaist kakao keras key keyboard keys keyword kind knife knowledge korea kospi kpi \
     kubernetes lab lambda language laser last latest latex launch lawyer layer lead leader league left \
     lego less letter library license life linker linux list literature live llama load locker log \
     logo love lyft mac macos macro maker manager mario marker mass massage master match math matter max \
     measure media memo memory menu message meta method micro microsoft mind minecraft mini mix mode \
     moment monday money monitor monkey month more moto mouse move movie mvp nasa native nato nature \
     naver netflix netscape never new news newsletter next nginx nike nintendo node noise nokia note \
     number numpy nvidia oauth object offer office ok okay ollama opera operator or orange order os over \
     paas package page pair pandas paper parser part party pass password patch path payment pepsi phase \
     photo photos php physics picture pioneer pipe pizza place play player please pleasure plus \
     podcast point poker policy post poster postgres posts power prada premier pressure preview price \
     print privacy private prize pro process product progress project prologue promo proof prototype \
     publish puma pure purpose push queue quiz quote race radar radio range react read reader ready \
     recipe record redhat redis register release reminder render report request research reserve resource \
     response resume review reviews river road router ruby russia rust saas safe sales samsungs sass \
     saturday save scala scipy score search sector secure security seminar series serve server service \
     shape share shift short similar simulator site size sketch ski skype slider smart smith snowflake \
     soap sofa soft software solve sony source spa space speed sphere sport sports spotify sprint square \
     ssd ssh staff stage standard star starbucks start state status storage store story strategy stripe \
     structure studio study subject success summary summer sunday supabase super supercomputer support \
     sure surface survey svelte swift switch tag tape tax taxi teams technology template tesla test tex \
     text the thread threads tiktoks timer tinder tips today tokyo tools toss touch tour tower trace \
     trello trend tsunami twitch twitter type typescript uber ubuntu ui under unesco unicef unix update \
     upload upper usage use user ux value vector vendor venture venue video videos view villa vintage vip \
     virus visa vogue voice volunteer vote vs vue vue3 watch wave way web3 webinar website weekend \
     welfare wife wifi wikipedia windows winter wire with wolf wonder word wordpress worker world write \
     writer xbox yes you your youtube zara zero ";
const WORDS_RIEUL: &str = "agile alcohol all angle animal annual appeal apple april article available ball baseball battle bill \
     bottle bowl bubble bull bundle cable call candle capital capsule casual cell channel circle civil \
     commercial control cool council crawl crystal curl cycle daumcommunicationl deal dell detail devil \
     digital double dribbble drupal dual email enroll equal essential evil example excel external fail \
     fall feel female file fill final financial firewall flexible football formal fossil foul fulfil full \
     gaggle girl global gmail goal graphql growl hall handle heal heel hospital hotel hotmail html ideal \
     install intel internal international journal jungle kaggle kakaomail kernel label lentil level \
     little local mail mall manual material meal mental metal middle mile minimal miracle mobile model \
     module molecule moodle muscle mutual mysql national needle noodle normal nosql novel null official \
     optimal oracle original owl panel pascal paypal payroll paywall pearl pencil people perl personal \
     pixel poll poodle pool portal possible postal postgresql professional profile protocol pull puzzle \
     rail real recall recycle reel rental retail reveal roll rule sale sample scale schedule school \
     scroll seal sell seoul serial settle shell shuttle signal simple single skill small smile social \
     soul special spell sql stable steel style subtitle symbol table tail terminal title toml tool total \
     trail travel trial triangle troll tunnel tutorial uncle unreal until url variable vehicle vinyl \
     virtual visual vital wall well wheel while will xml yaml";
const WORDS_CONSONANT: &str = "com kim line zoom game photoshop about action addition admin adoption afternoon again airdrop airline airplane alarm album algorithm \
     align alphabet aluminium amazon amsterdam animation anime app application arabic arctic arm artistic \
     asset assign async atlantic attack auction audit authentication automatic automation awesome back \
     backpack backup bacon balloon ban bang banking baseline basic basket bathroom batman beacon bean \
     become begin benefit berlin bet between bidding billion bin bing biotech birmingham bishop bit \
     bitcoin black block blockchain bloom boeing book booking bookshop boom bootstrap boston bot bracket \
     brain branding breakdown brick briefing bring britain broken brown bucket budget building bullet but \
     button cabinet callback calm campaign can cannon canon canteen cap capitalism captain cartoon cat \
     ceiling certain chain champion championship charm chat chatbot chatroom check checkout checkup \
     chicken children chip chrome chromebook citizen citizenship classic classroom clean cleanup click \
     clinic clinton clip clock clone cloudcomputing clown coffeeshop coin collection combat come comic \
     commit common competition computing con condition confirm connection consulting cook cooking copilot \
     costume cotton countdown crane cream credit cricket crime critic crowdfunding crown cuisine curtain \
     cut dataset deadline debugging decision deck define description design desktop diagram diet digit \
     direction disc discussion division dock dolphin domain dot dotnet down dragon dram dream drone drop \
     dropshipping drown duck dynamic ebook economic ecosystem edison edit edition edtech education \
     elastic election electric eleven emotion encryption engine engineering entrepreneurship epic \
     ethereum ethernet ethic evening evergreen everyone everything exam exception explain extreme fabric \
     facebook falcon fame fan farm fashion feedback feeling fiction filename film fine fintech firm fit \
     flagship flame flat flip followup foreign forget form format forum foundation fountain frame \
     friendship frozen fullback fun function funding gadget gain gaming gang gap garden generation \
     generic german get gin git golden graham gram graphic green guidebook guideline gun habit habitat \
     hack hackathon halloween handbook hat headline helm hidden hightech hiking hiphop histogram hit \
     holding home hongkong hook hop horizon hosting hot hotspot houston human icon income inform \
     information ing injection innovation input instagram internet internship intranet ip iphone iraq \
     item jacket japan jean journalism jpeg json kick kilogram king kit kitchen knock known kong korean \
     kosdaq kotlin kpop kubrick lan lane laptop layout leadership lean learning lemon lesson let lexicon \
     lime limit lineup linkedin llm location lock lockdown logic login logout london long look lookup lot \
     luck macbook machine magazine magic magnet main maintain makeup man map mapping marathon margin \
     markdown market marketing markup maximum mean mechanism medicine medium meeting meetup membership \
     meme men merit metric milestone million mine minimum mission momentum moon morning mosaic motion \
     mountain museum mushroom music name nation neck nelson neon net networking newton nine nixon none \
     nonstop noon notebook nothing notification notion ocean offline offset olympic one onion online opec \
     open operation opinion option orbit organic origin outcome outlet outlook output overtime own \
     ownership ozone pacific pack packet pain pallet palm pan panic parking partnership passion pen \
     pentagon perform perfume permission person pet phone pic pick pickup pilot pin ping pipeline plan \
     plane planet plastic platform platoon playback plot plugin pocket podium poem pokemon polygon pop \
     popup position postech posting premium preset pricing prime prism problem production profit program \
     programming promotion protection public publishing put python quantum queen question quick rabbit \
     rack racket rain ram ranking reaction reading realism realm realtime reason recommendation reddit \
     redmine reform regime region relation relationship religion rename rendering republic reset retain \
     rhythm ring roadmap robot rock rocket rollback rom roman romantic room routine run runtime salmon \
     same samsung scan scheme scholarship scientific screen screenshot scrum season section selection \
     semantic session set setup seven shine ship shock shop shopping shortcut shot shut shutdown sign \
     signup silicon sim simulation sitemap skin skip slack slang slot smartphone snack snap snapchat \
     snapshot socket solution some someone something song soon spain spam specific spectrum spiderman \
     spirit spoken sponsorship spoon spot spring stack stadium startup static station steam stem stick \
     stock stockmarket stone stop storm strap stream streaming string strong submit subscription subset \
     summit sun sunset superman supermarket supplychain supreme swarm swing sync syndrome system tab \
     tablet talking tan target team tech teen telegram television term testing that them theme thermostat \
     thing thinking ticket tiktok time timeline timeout tip titanic token tone toolkit top topic tourism \
     town track tracking trading tradition traffic train training transaction transit translation trap \
     trick trip truck uniform union unit unknown unlock unpack up username vacation vaccine vacuum van \
     version videogame vietnam vim vision visit vlan volume walking wallet wan warm washington wasm \
     watson web webhook websocket wedding welcome wet what whatsapp whip widget win wine wing woman women \
     workout workshop wrap wreck writing written wrong yang young zing zip zone";

/// The end of the reading of what stands last: a word of Latin letters, a number, a unit or a readable symbol.
pub(super) fn sound(letters: &[char]) -> Option<Sound> {
    let &last = letters.last()?;
    if let Some(sound) = squared(letters).or_else(|| symbol(last)) {
        return Some(sound);
    }
    if last.is_ascii_digit() {
        return number(letters);
    }
    if is_latin(last) { word(letters) } else { None }
}

/// The reading of a symbol that is spoken.
pub(super) fn symbol(ch: char) -> Option<Sound> {
    match ch {
        '%' | '％' | '°' | '℃' | '℉' | '+' | '&' | '$' | '€' | '@' | '½' => match ch {
            '@' => None,
            '½' => Some(Rieul),
            _ => Some(Vowel),
        },
        '¼' => Some(Rieul),
        '¾' | '#' | '²' | '³' | '₩' | '¥' | '￦' => Some(Consonant),
        '£' => Some(Vowel),
        '‰' => Some(Rieul),
        _ => None,
    }
}

/// The name of a Hangul letter that stands alone: 기역, 리을, 아.
pub(super) fn jamo(ch: char) -> Option<Sound> {
    match ch {
        'ㄹ' => Some(Rieul),
        'ㄱ'..='ㅎ' => Some(Consonant),
        'ㅏ'..='ㅣ' => Some(Vowel),
        _ => None,
    }
}

/// The value of a Roman numeral that Unicode holds as one character.
pub(super) fn roman_numeral(ch: char) -> Option<u32> {
    let (from, ch) = match ch {
        'Ⅰ'..='Ⅻ' => ('Ⅰ', ch),
        'ⅰ'..='ⅻ' => ('ⅰ', ch),
        _ => return None,
    };
    Some(u32::from(ch) - u32::from(from) + 1)
}

/// `m²` is a square metre, `x²` a square.
fn squared(letters: &[char]) -> Option<Sound> {
    let (last, head) = letters.split_last()?;
    if !matches!(last, '²' | '³') {
        return None;
    }
    Some(if head.last() == Some(&'m') { Vowel } else { Consonant })
}

fn digit(ch: char) -> Option<Sound> {
    match ch {
        '0' | '3' | '6' => Some(Consonant),
        '1' | '7' | '8' => Some(Rieul),
        '2' | '4' | '5' | '9' => Some(Vowel),
        _ => None,
    }
}

/// The run of a number's characters at the end, split at its marks: `2026-11-23` → 2026, 11, 23 with `-`, `-`.
fn number(letters: &[char]) -> Option<Sound> {
    let from =
        letters.iter().rposition(|c| !(c.is_ascii_digit() || ".,:/-⁄ ".contains(*c))).map_or(0, |i| i + 1);
    let run: String = letters
        .get(from..)?
        .iter()
        .collect::<String>()
        .trim_start_matches([' ', ',', '.', ':', '/', '⁄'])
        .to_owned();
    let before = letters.get(..from).and_then(|head| head.iter().rev().find(|c| !c.is_whitespace()));
    let adjacent = from.checked_sub(1).and_then(|i| letters.get(i)) == before;
    if let Some(sound) = clock_or_date(&run) {
        return Some(sound);
    }
    // a currency sign before the number is spoken after it: $100 is 백 달러
    if let Some(sound) = before
        .filter(|c| adjacent && matches!(c, '$' | '€' | '£' | '¥' | '₩' | '￦'))
        .and_then(|&c| symbol(c))
    {
        return Some(sound);
    }
    let last = run.rsplit([' ', ':', '-', '/', '⁄']).next().unwrap_or_default();
    let fraction = run.rsplit(' ').next().unwrap_or_default().replace('⁄', "/");
    if let Some((over, under)) = fraction.split_once('/') {
        return spoken_fraction(over, under, last);
    }
    spoken(last)
}

/// Up to tenths a proper fraction is read from below (`1/2` is 이분의 일); otherwise the last number ends it.
fn spoken_fraction(over: &str, under: &str, last: &str) -> Option<Sound> {
    match (over.parse::<u32>(), under.parse::<u32>()) {
        (Ok(o), Ok(u)) if o < u && u <= 10 => spoken(over),
        (Ok(o), Ok(u)) if (1..=12).contains(&o) && (11..=31).contains(&u) => Some(Rieul),
        _ => spoken(last),
    }
}

fn clock_or_date(run: &str) -> Option<Sound> {
    let run = run.rsplit_once("  ").map_or(run, |(_, tail)| tail);
    let time: Vec<&str> = run.rsplit(' ').next()?.split(':').collect();
    let two = |part: &str| part.len() == 2 && part.parse::<u32>().is_ok_and(|n| n < 60);
    match time.as_slice() {
        [hour, minute] if hour.parse::<u32>().is_ok_and(|h| h <= 24) && two(minute) => {
            return Some(if *minute == "00" { Vowel } else { Consonant });
        }
        [_, minute, second] if two(minute) && two(second) => {
            return Some(match (*minute, *second) {
                ("00", "00") => Vowel,
                (_, "00") => Consonant,
                _ => Vowel,
            });
        }
        _ => {}
    }
    let compact = run.replace(". ", ".");
    let parts: Vec<&str> = compact.rsplit(' ').next()?.split(['-', '.', '/']).collect();
    let in_range =
        |part: &str, to: u32| part.len() <= 2 && part.parse::<u32>().is_ok_and(|n| (1..=to).contains(&n));
    let year = |part: &str| part.len() == 4 && (part.starts_with("19") || part.starts_with("20"));
    match parts.as_slice() {
        // 월 and 일 both end in ㄹ
        [y, month, day] if year(y) && in_range(month, 12) && in_range(day, 31) => Some(Rieul),
        [y, month] if year(y) && in_range(month, 12) && month.len() == 2 => Some(Rieul),
        _ => None,
    }
}

/// One number: `1,000` is 천, `2.50` is 이점오영, `007` is read digit by digit.
fn spoken(number: &str) -> Option<Sound> {
    let number = number.trim_matches([',', '.']);
    let last = number.chars().next_back()?;
    if let Some((_, fraction)) = number.rsplit_once('.') {
        return fraction.chars().next_back().and_then(digit);
    }
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let zeros = digits.chars().rev().take_while(|&c| c == '0').count();
    if zeros == 0 || zeros == digits.len() || digits.starts_with('0') {
        return digit(last);
    }
    match zeros {
        1..=11 | 16..=19 => Some(Consonant),
        12..=15 | 20..=23 => Some(Vowel),
        _ => None,
    }
}

fn word(letters: &[char]) -> Option<Sound> {
    let joined = |c: char| is_latin(c) || matches!(c, '/');
    let from = letters.iter().rposition(|&c| !joined(c)).map_or(0, |i| i + 1);
    let run: String = letters.get(from..)?.iter().collect();
    let head = letters.get(..from)?;
    let before = head.iter().rev().find(|c| !c.is_whitespace()).copied();
    let measured = before.is_some_and(|c| c.is_ascii_digit());
    if measured && let Some(sound) = unit(&run) {
        return Some(sound);
    }
    if before == Some('°') && (run == "C" || run == "F") {
        return Some(Vowel);
    }
    let last = run.rsplit('/').next().unwrap_or_default();
    let adjoining_digit = head.last().is_some_and(char::is_ascii_digit);
    let measure = || if last.len() > 1 && last.chars().all(char::is_lowercase) { unit(last) } else { None };
    roman_word(last, adjoining_digit).or_else(|| known(last)).or_else(measure).or_else(|| capitals(last))
}

fn unit(run: &str) -> Option<Sound> {
    let among = |list: &str, name: &str| list.split_ascii_whitespace().any(|unit| unit == name);
    // one capital after a number is mostly a letter (5G, 4K, 70B); L is a litre however it is written
    if run.chars().count() == 1 && run != "L" && run.chars().all(char::is_uppercase) {
        return None;
    }
    let name = run.to_lowercase();
    if among(UNITS_VOWEL, &name) {
        Some(Vowel)
    } else if among(UNITS_RIEUL, &name) {
        Some(Rieul)
    } else if among(UNITS_CONSONANT, &name) {
        Some(Consonant)
    } else {
        None
    }
}

/// `II`, `VIII`, `XIV` as numbers; one letter alone stays a letter.
fn roman_word(word: &str, adjoining_digit: bool) -> Option<Sound> {
    if adjoining_digit
        || word.len() < 2
        || word.len() > 8
        || !word.bytes().all(|b| matches!(b, b'I' | b'V' | b'X'))
    {
        return None;
    }
    const ONES: [&str; 10] = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"];
    let tens = word.bytes().take_while(|&b| b == b'X').count().min(3);
    (0..=tens).find_map(|tens| {
        let ones = word.get(tens..)?;
        let value = ONES.iter().position(|one| *one == ones)?;
        spoken(&(tens * 10 + value).to_string())
    })
}

fn known(word: &str) -> Option<Sound> {
    // short words in capitals are spelled out, but for a few
    if word.chars().count() <= 4 && word.chars().all(char::is_uppercase) {
        return matches!(word, "JPEG" | "OPEC" | "CLIP").then_some(Consonant);
    }
    let lower = word.to_lowercase();
    listed(&lower).or_else(|| {
        // the last part of a name in camel case: GitHub, YouTube, PowerPoint
        let parts = word.char_indices().skip(1).filter(|(_, c)| c.is_uppercase()).map(|(at, _)| at).last()?;
        let tail = word.get(parts..)?;
        (tail.chars().count() > 2 && tail.chars().any(char::is_lowercase))
            .then(|| listed(&tail.to_lowercase()))
            .flatten()
    })
}

fn listed(word: &str) -> Option<Sound> {
    let among = |list: &str| list.split_ascii_whitespace().any(|known| known == word);
    if among(WORDS_CONSONANT) {
        Some(Consonant)
    } else if among(WORDS_RIEUL) {
        Some(Rieul)
    } else if among(WORDS_VOWEL) {
        Some(Vowel)
    } else {
        None
    }
}

/// Capitals by the letter's name; `LLMs` ends in 스; a letter alone is a letter in either case.
fn capitals(word: &str) -> Option<Sound> {
    let mut back = word.chars().rev();
    let last = back.next()?;
    let before = back.next();
    if last == 's' && before.is_some_and(char::is_uppercase) {
        return Some(Vowel);
    }
    if before.is_some() && !last.is_uppercase() {
        return None;
    }
    match last.to_ascii_uppercase() {
        'L' | 'R' => Some(Rieul),
        'M' | 'N' => Some(Consonant),
        'A'..='Z' => Some(Vowel),
        _ => None,
    }
}
