//! The letter: what readers get, byte for byte, and what hostile input cannot do to it.

use std::path::PathBuf;

use moabom::model::edition::{Content, SectionKind};
use moabom::render::slot::Slot;
use moabom::render::{LetterInput, RenderError, Rendered, Renderer};
use proptest::prelude::*;

use crate::letters;

fn render(input: &LetterInput) -> Rendered {
    Renderer::new(&[]).and_then(|renderer| renderer.render(input)).expect("the built-in templates render")
}

/// Compares with `tests/golden/NAME`; `MOABOM_BLESS=1` rewrites it.
fn golden(name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("MOABOM_BLESS").is_some() {
        std::fs::write(&path, found).expect("the golden file is writable");
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(wanted == found, "{} differs; MOABOM_BLESS=1 rewrites it, then read the diff", path.display());
}

#[test]
fn an_ordinary_letter_is_what_it_was() {
    let letter = render(&letters::ordinary());
    golden("letter.html", &letter.html);
    golden("letter.txt", &letter.text);
}
