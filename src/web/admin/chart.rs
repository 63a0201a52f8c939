//! Pure: counts as the shapes of small charts. Only figures come out, so nothing of a text can.

use serde::Serialize;

/// The narrowest part of a bar, in hundredths: one bounce in a million is still seen.
const LEAST: f64 = 1.0;

/// One part of a bar, in hundredths of its width.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Part {
    /// Its class in the style sheet.
    class: &'static str,
    x: String,
    width: String,
}

/// The parts of a bar, each as wide as its share; a part that holds anything is seen.
pub(super) fn bar(counts: &[(&'static str, i64)]) -> Vec<Part> {
    let amount = |count: i64| count.max(0) as f64;
    let total: f64 = counts.iter().map(|(_, count)| amount(*count)).sum();
    if total <= 0.0 {
        return Vec::new();
    }
    let shares = counts.iter().filter(|(_, count)| *count > 0);
    let shares: Vec<(&'static str, f64)> =
        shares.map(|(class, count)| (*class, (100.0 * amount(*count) / total).max(LEAST))).collect();
    let whole: f64 = shares.iter().map(|(_, share)| share).sum();
    let mut x = 0.0;
    let mut parts = Vec::new();
    for (class, share) in shares {
        let width = 100.0 * share / whole;
        parts.push(Part { class, x: figure(x), width: figure(width) });
        x += width;
    }
    parts
}

/// Where the foot of a box stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foot {
    /// At nothing: heights tell amounts.
    Zero,
    /// At the least count: heights tell changes.
    Least,
}

/// A line through counts in a box, with the ground below it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Line {
    width: u32,
    height: u32,
    points: String,
    ground: String,
    last_x: String,
    last_y: String,
}

/// The line through `(when, count)`, oldest first, from the foot to the greatest count. None for no counts.
pub(super) fn line(counts: &[(i64, i64)], foot: Foot, (width, height): (u32, u32)) -> Option<Line> {
    let (first, last) = (counts.first()?, counts.last()?);
    let (from, to) = (first.0 as f64, last.0 as f64);
    let least = counts.iter().map(|(_, count)| *count).min()?;
    let low = if foot == Foot::Zero { least.min(0) } else { least } as f64;
    let high = counts.iter().map(|(_, count)| *count).max()? as f64;
    // Room for the stroke and the dot at the end.
    let (inset, right, bottom) = (3.0, f64::from(width) - 3.0, f64::from(height) - 3.0);
    let place = |(when, count): (i64, i64)| {
        let along = if to > from { (when as f64 - from) / (to - from) } else { 1.0 };
        let up = if high > low { (count as f64 - low) / (high - low) } else { 0.0 };
        (inset + along * (right - inset), bottom - up * (bottom - inset))
    };
    let mut places: Vec<(f64, f64)> = counts.iter().map(|one| place(*one)).collect();
    if let [only] = places[..] {
        places.insert(0, (inset, only.1));
    }
    let written = |(x, y): &(f64, f64)| format!("{},{}", figure(*x), figure(*y));
    let points = places.iter().map(written).collect::<Vec<_>>().join(" ");
    let (x, y) = *places.last()?;
    let ground = format!("{},{} {points} {},{}", figure(inset), height, figure(x), height);
    Some(Line { width, height, points, ground, last_x: figure(x), last_y: figure(y) })
}

fn figure(value: f64) -> String {
    format!("{value:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(parts: &[Part]) -> f64 {
        parts.iter().map(|part| part.width.parse::<f64>().expect("a figure")).sum()
    }

    #[test]
    fn a_bar_is_full_and_shows_the_smallest_part() {
        let parts = bar(&[("sent", 999_999), ("bounced", 1), ("unknown", 0)]);
        assert_eq!(parts.len(), 2);
        assert!((wide(&parts) - 100.0).abs() < 0.05);
        assert!(parts[1].width.parse::<f64>().expect("a figure") > 0.9);
        assert_eq!(bar(&[("sent", 0), ("left", -3)]), []);
        assert!((wide(&bar(&[("a", i64::MAX), ("b", i64::MAX)])) - 100.0).abs() < 0.05);
    }

    #[test]
    fn a_line_stays_in_its_box_whatever_the_counts() {
        for counts in [
            vec![(0, 5)],
            vec![(0, 0), (0, 0)],
            vec![(0, 1), (10, 1)],
            vec![(i64::MIN, i64::MIN), (i64::MAX, i64::MAX)],
            vec![(0, 3), (1, 9), (7, 4)],
        ] {
            for foot in [Foot::Zero, Foot::Least] {
                let line = line(&counts, foot, (120, 32)).expect("a line");
                let mut figures =
                    line.ground.split([' ', ',']).map(|figure| figure.parse::<f64>().expect("a figure"));
                assert!(figures.all(|figure| (0.0..=120.0).contains(&figure)), "{line:?}");
                assert!(line.points.split(' ').count() >= 2);
            }
        }
        assert_eq!(line(&[], Foot::Zero, (120, 32)), None);
        let high = |foot| line(&[(0, 8), (1, 10)], foot, (120, 32)).expect("a line").points;
        assert!(high(Foot::Least).starts_with("3.00,29.00") && high(Foot::Zero).starts_with("3.00,8.20"));
    }
}
