//! The letter in a real browser: no sideways scroll at any width, contrast, targets; as sent and as mail programs maim it.
//!
//! Needs `chromium` on the path; says so and passes where there is none.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use moabom::render::slot::Slot;
use moabom::render::{LetterInput, Renderer};
use serde_json::Value;

use crate::letters;
use crate::support::judges;

/// Widths of telephones, a reading pane, a desktop.
const WIDTHS: [u32; 4] = [320, 375, 600, 1000];

/// Runs in the wrapper page: measures every frame and leaves the figures in the document.
const MEASURE: &str = r#"
const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const numbers = text => (text.match(/[\d.]+/g) || []).map(Number);
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
const ground = (node, view) => {
  for (; node; node = node.parentElement) {
    const colour = numbers(view.getComputedStyle(node).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
addEventListener('load', () => {
  const results = [...document.querySelectorAll('iframe')].map(frame => {
    const page = frame.contentDocument, view = frame.contentWindow, root = page.documentElement;
    const seen = [...page.body.querySelectorAll('*')].filter(e => e.getClientRects().length);
    const texts = seen.filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
    const faint = texts.map(e => [contrast(numbers(view.getComputedStyle(e).color), ground(e, view)), e]);
    const small = texts.map(e => parseFloat(view.getComputedStyle(e).fontSize));
    const links = [...page.querySelectorAll('a')].map(a => [a.getBoundingClientRect().height, a.textContent]);
    return {
      name: frame.title, client: root.clientWidth, scroll: root.scrollWidth,
      beyond: seen.filter(e => e.getBoundingClientRect().right > root.clientWidth + 1).length,
      contrast: Math.min(...faint.map(f => f[0])), faintest: faint.sort((a, b) => a[0] - b[0])[0][1].textContent.slice(0, 40),
      font: Math.min(...small), target: Math.min(...links.map(l => l[0])),
      lowest: links.sort((a, b) => a[0] - b[0])[0][1].slice(0, 40),
      h1: page.querySelectorAll('h1').length, scripts: page.querySelectorAll('script,img').length,
    };
  });
  document.getElementById('results').textContent = JSON.stringify(results);
});
"#;

fn chromium() -> Option<PathBuf> {
    judges::program(&["chromium", "chromium-browser", "google-chrome"])
}

/// The letter as sent, with `<head>` removed, and with html and body replaced by div and no classes left.
fn variants(input: &LetterInput) -> [(&'static str, String); 3] {
    let html = Renderer::new(&[]).and_then(|renderer| renderer.render(input)).expect("it renders").html;
    let html = html
        .replace(&Slot::UnsubscribeUrl.marker(), "https://letter.example/u/token")
        .replace(&Slot::Name.marker(), "구독자");
    let (before, rest) = html.split_once("<head>").expect("a head");
    let (_, after) = rest.split_once("</head>").expect("its end");
    let headless = format!("{before}<head></head>{after}");
    let body = after.replace("<body", "<div").replace("</body>", "</div>").replace("</html>", "");
    let mut pieces = body.split(" class=\"");
    let mut bare = format!("<div>{}", pieces.next().unwrap_or_default());
    for piece in pieces {
        bare.push_str(piece.split_once('"').map_or("", |(_, rest)| rest));
    }
    bare.push_str("</div>");
    [("as sent", html), ("without head", headless), ("in a div", bare)]
}

/// A page with one frame for each variant and width.
fn wrapper(letters: &[(&str, LetterInput)]) -> String {
    let mut page = "<!DOCTYPE html><meta charset=\"utf-8\"><pre id=\"results\"></pre>".to_owned();
    for (letter, input) in letters {
        for (variant, html) in variants(input) {
            let source = html.replace('&', "&amp;").replace('"', "&quot;");
            for width in WIDTHS {
                page.push_str(&format!(
                    "<iframe title=\"{letter}, {variant}, {width}\" width=\"{width}\" height=\"600\" \
                     style=\"border:0\" srcdoc=\"{source}\"></iframe>"
                ));
            }
        }
    }
    format!("{page}<script>{MEASURE}</script>")
}

/// Figures for each frame, or none where there is no browser.
fn measure(letters: &[(&str, LetterInput)], flags: &[&str]) -> Option<Vec<Value>> {
    /// One browser at a time is enough for a small machine.
    static ONE: OnceLock<std::sync::Mutex<()>> = OnceLock::new();
    let Some(browser) = chromium() else {
        judges::left_out("no chromium on the path, so the letter was not looked at in a browser");
        return None;
    };
    let _one = ONE.get_or_init(Default::default).lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("page.html");
    std::fs::write(&page, wrapper(letters)).expect("the page is written");
    let output = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update", "--hide-scrollbars"])
        .args(["--dump-dom", "--window-size=1200,800"])
        .args(flags)
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser starts");
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let json = dom.split("<pre id=\"results\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let json = json.unwrap_or_default().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    Some(serde_json::from_str(&json).unwrap_or_else(|error| panic!("no figures ({error}): {json:.200}")))
}

fn figure(frame: &Value, name: &str) -> f64 {
    frame[name].as_f64().unwrap_or(f64::NAN)
}

#[test]
fn every_letter_fits_every_width_however_it_is_maimed() {
    let all = [
        ("ordinary", letters::ordinary()),
        ("advertising", letters::advertising()),
        ("bare", letters::bare()),
        ("hostile", letters::hostile()),
        ("thirty", letters::many(30)),
        ("empty", letters::letter(Vec::new())),
    ];
    let Some(frames) = measure(&all, &[]) else { return };
    assert_eq!(frames.len(), all.len() * 3 * WIDTHS.len());
    for frame in &frames {
        assert!(figure(frame, "scroll") <= figure(frame, "client"), "sideways scroll: {frame}");
        assert_eq!(figure(frame, "beyond"), 0.0, "something sticks out: {frame}");
        assert!(figure(frame, "contrast") >= 4.5, "contrast: {frame}");
        assert!(figure(frame, "target") >= 44.0, "target: {frame}");
        assert!(figure(frame, "font") >= 12.0, "font: {frame}");
        assert_eq!((figure(frame, "h1"), figure(frame, "scripts")), (1.0, 0.0), "{frame}");
    }
}

#[test]
fn a_dark_inbox_reads_as_well() {
    let all = [("ordinary", letters::ordinary()), ("advertising", letters::advertising())];
    let Some(frames) = measure(&all, &["--blink-settings=preferredColorScheme=0"]) else { return };
    let dark = figure(&frames[0], "contrast");
    for frame in &frames {
        assert!(figure(frame, "contrast") >= 4.5, "contrast: {frame}");
    }
    let Some(light) = measure(&all, &[]) else { return };
    assert!((dark - figure(&light[0], "contrast")).abs() > 0.01, "the dark colours were not used");
}
