//! Effect: `[[digest]]`: schedule, subject and the rules of choosing.

use chrono::Duration;
use chrono_tz::Tz;
use unicode_segmentation::UnicodeSegmentation;

use super::super::raw::Item;
use super::super::report::nearest;
use super::super::section::Section;
use super::super::value::{Problem, choice, count, line, name, number, span};
use super::{duplicate, holidays, masthead};
use crate::law::subject_mark;
use crate::model::Titles;
use crate::model::edition::{SectionKind, Silence};
use crate::publish::{Approval, Digest};
use crate::render::Renderer;
use crate::schedule::Schedule;
use crate::select::{Rules, SectionRule};

/// Subject unless one is written; a letter of one post loses ` 외 0편`.
const SUBJECT: &str = "{{ lead.title }} 외 {{ rest }}편";

/// All of them and what readers call them; none where one is wrong or there is none.
pub(super) fn all(
    root: &mut Section<'_, '_>,
    zone: Tz,
    advertising: Option<bool>,
) -> Option<(Vec<Digest>, Titles)> {
    // The built-in templates always load: a subject needs the engine, not the operator's files.
    let renderer = Renderer::new(&[]).ok();
    let (mut seen, mut digests, mut wishes) = (Vec::new(), Vec::<Option<Digest>>::new(), Vec::new());
    let mut titles = Vec::new();
    root.each("digest", |mut section| {
        let name = section.required("name", name, "다이제스트의 이름을 적으세요. 예: `name = \"weekly\"`");
        if let Some(problem) =
            name.as_ref().and_then(|name| duplicate(&mut seen, name, &section.place("name")))
        {
            section.fault("name", problem);
        }
        if let (Some(name), Some(title)) = (&name, section.optional("title", line)) {
            titles.push((name.clone(), title));
        }
        let schedule = section.required(
            "schedule",
            |item| schedule(item, zone),
            "언제 보낼지 적으세요. 매주 월요일 오전 9시는 `schedule = \"0 9 * * MON\"`",
        );
        let schedule = match holidays::read(&mut section) {
            Some((rule, days)) => schedule.map(|schedule| schedule.with_holidays(rule, days)),
            None => schedule,
        };
        let subject = subject(&mut section, renderer.as_ref(), advertising);
        let max_late =
            section.or("max_late", span(Duration::zero()..=Duration::days(30)), Duration::hours(12));
        let approval = approval(&mut section);
        let rules = rules(&mut section);
        let best_of = section.optional("best_of", line);
        if let Some(of) = &best_of {
            wishes.push((name.clone(), of.clone(), section.place("best_of")));
        }
        let unread = best_of.is_none() && section.has("best_of");
        section.finish();
        digests.push(
            name.zip(schedule)
                .zip(subject)
                .map(|((name, schedule), subject)| Digest {
                    name,
                    schedule,
                    subject,
                    rules,
                    max_late,
                    best_of,
                    approval,
                })
                .filter(|_| !unread),
        );
    });
    for (name, of, place) in wishes {
        let whole = |digest: &&Digest| digest.name == of && digest.best_of.is_none();
        let found = digests.iter().flatten().find(whole).filter(|digest| Some(&digest.name) != name.as_ref());
        if found.is_none() && !digests.iter().any(Option::is_none) {
            let what = format!(
                "`{of}`의 모음으로 둘 수 없어요. 그런 다이제스트가 없거나, 이것 자신이거나, 그것도 모음이에요"
            );
            root.fault_in(
                place,
                "digest.best_of",
                Problem::new(what, "월간 독자가 본래 받는 다이제스트의 이름을 적으세요"),
            );
        }
    }
    if digests.is_empty() {
        root.missing_section(
            "digest",
            "보낼 다이제스트를 하나 이상 적으세요. `[[digest]]` 아래에 name과 schedule이 필요해요",
        );
        return None;
    }
    Some((digests.into_iter().collect::<Option<_>>()?, titles.into_iter().collect()))
}

fn schedule(item: &Item, zone: Tz) -> Result<Schedule, Problem> {
    let advice = "crontab과 같은 꼴이에요. @daily, @weekly, @monthly로도 적을 수 있어요";
    Schedule::parse(&line(item)?, zone).map_err(|error| Problem::new(error.to_string(), advice))
}

fn subject(
    section: &mut Section<'_, '_>,
    renderer: Option<&Renderer>,
    advertising: Option<bool>,
) -> Option<String> {
    let template = section.or("subject", |item| line(item).map(Some), Some(SUBJECT.to_owned()))?;
    let advice = "쓸 수 있는 것: `{{ lead.title }}`, `{{ rest }}`, `{{ count }}`, `{{ issue }}`, `{{ date }}`, `{{ period }}`, `{{ newsletter.title }}`";
    // The template's own start, as it is written: a mark by hand is a look-alike or comes twice.
    let fault = subject_mark(&template, true)
        .err()
        .map(|error| error.to_string())
        .or_else(|| renderer?.check_subject(&template).err().map(|error| error.to_string()));
    if let Some(what) = fault {
        section.fault("subject", Problem::new(what, advice));
        return None;
    }
    if advertising == Some(false) {
        masthead::hints(section, "subject", &template);
    }
    Some(template)
}

fn rules(section: &mut Section<'_, '_>) -> Rules {
    let usual = Rules::default();
    let rules = Rules {
        sections: sections(section, usual.sections),
        min_posts: section.or("min", count(1..=100), usual.min_posts),
        max_posts: section.or("max", count(1..=100), usual.max_posts),
        cooldown: section.or("cooldown", span(Duration::zero()..=Duration::days(3650)), usual.cooldown),
        grace: section.or("grace", span(Duration::zero()..=Duration::days(30)), usual.grace),
        look_back: section.or("look_back", count(0..=1000), usual.look_back),
        reaction_weight: section.or("reaction_weight", number(0.0..=100.0), usual.reaction_weight),
        comment_weight: section.or("comment_weight", number(0.0..=100.0), usual.comment_weight),
        gravity: section.or("gravity", number(0.0..=5.0), usual.gravity),
        floor: section.or("floor", number(0.0..=100.0), usual.floor),
        emoji_weights: section.section("emoji_weights").entries(emoji_weight),
    };
    if rules.min_posts > rules.max_posts {
        let what =
            format!("min({})이 max({})보다 커서 한 호도 낼 수 없어요", rules.min_posts, rules.max_posts);
        section.fault("min", Problem::new(what, "min을 줄이거나 max를 늘리세요"));
    }
    rules
}

fn sections(section: &mut Section<'_, '_>, usual: Vec<SectionRule>) -> Vec<SectionRule> {
    if !section.has("sections") {
        section.knows("sections");
        return usual;
    }
    let rules: Vec<SectionRule> = section.section("sections").entries(section_rule);
    let any = rules.iter().any(|rule| rule.max > 0);
    if !any {
        let advice = "꼭지를 하나 이상 두세요. 예: `sections = { new = 5, top = 5, late = 2 }`";
        section.fault("sections", Problem::new("실을 글이 하나도 없어요", advice));
    }
    rules.into_iter().filter(|rule| rule.max > 0).collect()
}

fn section_rule(word: &str, item: &Item) -> Result<SectionRule, Problem> {
    const KNOWN: [&str; 4] = ["pinned", "new", "top", "late"];
    let max = count(0..=100)(item)?;
    let kind = SectionKind::parse(word).ok_or_else(|| {
        let advice = match nearest(word, KNOWN) {
            Some(meant) => format!("혹시 `{meant}`? 쓸 수 있는 꼭지: {}", KNOWN.join(", ")),
            None => format!("쓸 수 있는 꼭지: {}", KNOWN.join(", ")),
        };
        Problem::new("모르는 꼭지예요", advice)
    })?;
    Ok(SectionRule { kind, max })
}

fn emoji_weight(symbol: &str, item: &Item) -> Result<(String, f64), Problem> {
    let weight = number(0.0..=100.0)(item)?;
    if symbol.is_ascii() || symbol.graphemes(true).count() != 1 {
        return Err(Problem::new(
            "이모지 하나가 아니에요",
            "`{ \"👍\" = 1.5 }`처럼 이모지를 따옴표로 감싸 적으세요",
        ));
    }
    Ok((symbol.to_owned(), weight))
}

/// Whether the operator looks first: `approval = "2h"`, and what silence means.
fn approval(section: &mut Section<'_, '_>) -> Option<Approval> {
    let ahead = section.optional("approval", span(Duration::minutes(5)..=Duration::days(2)));
    let words = [("send", Silence::Send), ("skip", Silence::Skip)];
    let silence = section.or("approval_silence", choice(&words), Silence::Send);
    ahead.map(|ahead| Approval { ahead, silence })
}
