//! The letter in a real browser: no sideways scroll at any width, contrast, targets; as sent and as mail programs maim it.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::letters;
use crate::support::chromium::{Tab, chromium};

/// Widths of telephones, a reading pane, a desktop.
const WIDTHS: [u32; 4] = [320, 375, 600, 1000];
const MEASURE: &str = include_str!("browser/measure.js");
const PIXELS: &str = include_str!("browser/pixels.js");

/// The letter as sent, with `<style>` and `<head>` removed, and with html and body replaced by div and no class or id left.
fn variants(html: &str) -> [(&'static str, String); 3] {
    let (before, rest) = html.split_once("<head>").expect("a head");
    let (_, after) = rest.split_once("</head>").expect("its end");
    let headless = format!("{before}{after}");
    let body = after.replace("<body", "<div").replace("</body>", "</div>").replace("</html>", "");
    let mut pieces = body.split(" class=\"");
    let mut bare = format!("<!DOCTYPE html><div>{}", pieces.next().unwrap_or_default());
    for piece in pieces {
        bare.push_str(piece.split_once('"').map_or("", |(_, rest)| rest));
    }
    bare.push_str("</div>");
    assert!(!bare.contains(" class=") && !bare.contains(" id="), "nothing else names a part of the letter");
    [("as sent", html.to_owned()), ("without head", headless), ("in a div", bare)]
}

/// Opens `html` as a file; nothing but the file may be asked for, so a program that blocks pictures shows the same letter.
fn open(tab: &mut Tab<'_>, folder: &Path, html: &str) {
    let page = folder.join("letter.html");
    // The charset stands in the part's header, whatever became of the head.
    std::fs::write(&page, format!("\u{FEFF}{html}")).expect("the page is written");
    let url = format!("file://{}", page.display());
    tab.open(&url);
    assert_eq!(tab.requests(), [url], "a letter asks for nothing");
    for script in ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening"] {
        assert_eq!(tab.events(script), Vec::<Value>::new(), "nothing ran");
    }
    assert_eq!(tab.asked_outside(), None, "nothing is fetched");
}

fn least(figures: &Value, name: &str) -> f64 {
    figures[name][0].as_f64().unwrap_or(f64::INFINITY)
}

fn assert_sound(what: &str, figures: &Value) {
    assert!(figures["scroll"].as_f64() <= figures["client"].as_f64(), "{what}: sideways scroll: {figures}");
    assert_eq!(figures["beyond"], serde_json::json!([]), "{what}: something sticks out: {figures}");
    assert!(least(figures, "contrast") >= 4.5, "{what}: contrast: {figures}");
    assert!(least(figures, "target") >= 44.0, "{what}: target: {figures}");
    assert!(least(figures, "narrow") >= 44.0, "{what}: width of a target: {figures}");
    assert!(least(figures, "font") >= 12.0, "{what}: font: {figures}");
    assert_eq!(figures["h1"], 1, "{what}: {figures}");
    assert_eq!(figures["strangers"], serde_json::json!([]), "{what}: {figures}");
    let tongues = figures["tongues"].as_array().expect("a list");
    assert!(tongues.iter().all(|tongue| tongue == "ko" || tongue == "en"), "{what}: {figures}");
}

#[test]
fn every_letter_fits_every_width_light_and_dark_however_it_is_maimed() {
    let Some(mut browser) = chromium() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut tab = browser.tab();
    for (letter, input) in letters::every_kind() {
        for (variant, html) in variants(&letters::html(&input)) {
            open(&mut tab, folder.path(), &html);
            let mut faintest = Vec::new();
            for scheme in ["light", "dark"] {
                tab.scheme(scheme);
                for width in WIDTHS {
                    tab.size(width, 800, 1);
                    let figures = tab.value(MEASURE);
                    let what = format!("{letter}, {variant}, {scheme}, {width}");
                    assert_sound(&what, &figures);
                    // Programs turn light colours over, not a letter's own dark ones.
                    assert!(scheme == "dark" || least(&figures, "turned") >= 4.5, "{what}: {figures}");
                    faintest.push(least(&figures, "contrast"));
                }
            }
            let differ = (faintest[0] - faintest[WIDTHS.len()]).abs() > 0.01;
            assert_eq!(
                differ,
                variant == "as sent",
                "{letter}, {variant}: its own dark colours stand in the head"
            );
        }
    }
}

#[test]
fn a_program_that_darkens_by_force_leaves_it_legible() {
    let Some(mut browser) = chromium() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut tab = browser.tab();
    tab.call("Emulation.setAutoDarkModeOverride", serde_json::json!({ "enabled": true }));
    tab.size(375, 800, 2);
    for (letter, input) in [("advertising", letters::advertising()), ("hostile", letters::hostile())] {
        // The letter's own dark colours would keep the browser from forcing its own on it.
        let [_, (variant, html), _] = variants(&letters::html(&input));
        open(&mut tab, folder.path(), &html);
        let picture = BASE64_STANDARD.encode(tab.picture());
        let painted = tab.value(&PIXELS.replace("PICTURE", &picture));
        assert!(painted["ground"].as_f64().is_some_and(|light| light < 0.1), "it was darkened: {painted}");
        assert!(least(&painted, "contrast") >= 4.5, "{letter}, {variant}: {painted}");
    }
}

/// Not a check: pictures to look at, in `target/pictures`. `cargo test pictures_of_every_letter -- --ignored`
#[test]
#[ignore = "makes pictures for people"]
fn pictures_of_every_letter() {
    let Some(mut browser) = chromium() else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pictures");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut tab = browser.tab();
    for (letter, input) in letters::every_kind() {
        for (variant, html) in variants(&letters::html(&input)) {
            open(&mut tab, &folder, &html);
            for (screen, width, scheme) in
                [("desktop", 1000, "light"), ("phone", 375, "light"), ("dark", 375, "dark")]
            {
                tab.scheme(scheme);
                tab.size(width, 800, 1);
                let file = format!("{letter}-{}-{screen}.png", variant.replace(' ', "-"));
                std::fs::write(folder.join(file), tab.picture()).expect("the picture is written");
            }
        }
    }
}
