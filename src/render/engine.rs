//! Pure: view → subject, HTML, text; styles set inline; the size kept within what mail programs show whole.
//!
//! A template is loaded once and fails then, not on the morning of an edition: [`Renderer::check`] renders letters that
//! take every branch.

use std::sync::Arc;

use css_inline::CSSInliner;
use tera::Context;

use super::templates::Templates;
use super::view::LetterView;
use super::visible::is_too_deep;
use super::{LetterInput, RenderError, required, sample, slot, subject};
use crate::law;
use crate::model::edition::Content;

/// Above this an operator is told; base64 makes 82 KB of it.
const WARN_BYTES: usize = 60 * 1024;
/// Above this excerpts go, the lowest post's first: base64 makes 102 KB of it, where Gmail clips.
pub const BUDGET_BYTES: usize = 75 * 1024;
/// At this nothing is sent.
const FAIL_BYTES: usize = 100 * 1024;

/// A letter as every reader gets it, with slot markers where personal parts go (see [`super::slot`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Decoded subject, marked where the letter is advertising.
    pub subject: String,
    /// Preheader.
    pub preheader: String,
    /// HTML part.
    pub html: String,
    /// Text part.
    pub text: String,
    /// What the operator should know, in Korean.
    pub warnings: Vec<String>,
}

impl From<Rendered> for Content {
    fn from(rendered: Rendered) -> Content {
        let Rendered { subject, preheader, html, text, .. } = rendered;
        Content { subject, preheader, html, text }
    }
}

/// What letters are drawn with. Cheap to render with, dear to make; a reload makes a fresh one.
#[derive(Debug)]
pub struct Renderer {
    templates: Arc<Templates>,
    inliner: CSSInliner<'static>,
}

impl Renderer {
    /// The built-in templates with those of `overrides` (name such as `digest/letter.html`, text) in their place.
    pub fn new(overrides: &[(String, String)]) -> Result<Renderer, RenderError> {
        Renderer::of_folder("templates", overrides)
    }

    /// The same, of a folder that is to be named as `folder` where one of its files is wrong.
    pub fn of_folder(folder: &str, overrides: &[(String, String)]) -> Result<Renderer, RenderError> {
        let templates = Templates::load(folder, overrides)?;
        let inliner = CSSInliner::options()
            .inline_style_tags(false)
            .keep_style_tags(true)
            .load_remote_stylesheets(false)
            .minify_css(true)
            .extra_css(Some(templates.styles.clone().into()))
            .build();
        Ok(Renderer { templates: Arc::new(templates), inliner })
    }

    /// What the notices, the confirmations and the corrections are drawn from.
    pub fn templates(&self) -> &Arc<Templates> {
        &self.templates
    }

    /// Renders a letter. The same input gives the same bytes.
    pub fn render(&self, input: &LetterInput) -> Result<Rendered, RenderError> {
        self.rendered(input).map_err(|error| self.templates.placed(error))
    }

    fn rendered(&self, input: &LetterInput) -> Result<Rendered, RenderError> {
        let mut view = LetterView::new(input);
        view.subject = subject::render(&self.templates.tera, &input.subject, &view)?;
        view.set_preheader();
        let (html, dropped) = self.html_within_budget(&mut view)?;
        let text = self.text(&view)?;
        let warnings = warnings(&view, slot::sent_len(&html), dropped);
        Ok(Rendered { subject: view.subject, preheader: view.preheader, html, text, warnings })
    }

    /// Draws mails that take every branch of the templates and looks for what each must hold, so that a fault shows when they
    /// are loaded.
    pub fn check(&self) -> Result<(), RenderError> {
        for input in sample::inputs("{{ lead.title }}") {
            let letter = self.render(&input)?;
            required::letter(&self.templates, &input, &letter.html, &letter.text)?;
        }
        required::check(&self.templates)
    }

    /// The same for a digest's subject template.
    pub fn check_subject(&self, template: &str) -> Result<(), RenderError> {
        for input in sample::inputs(template) {
            let view = LetterView::new(&input);
            subject::render(&self.templates.tera, template, &view)
                .map_err(|error| self.templates.placed(error))?;
        }
        Ok(())
    }

    /// The HTML, with the lowest posts' excerpts left out as far as the size asks for it, and how many that were.
    fn html_within_budget(&self, view: &mut LetterView) -> Result<(String, usize), RenderError> {
        let mut html = self.html(view)?;
        let mut bytes = slot::sent_len(&html);
        let mut dropped = 0;
        while bytes > BUDGET_BYTES {
            let more = drop_excerpts(view, bytes - BUDGET_BYTES);
            if more == 0 {
                break;
            }
            dropped += more;
            html = self.html(view)?;
            bytes = slot::sent_len(&html);
        }
        if bytes >= FAIL_BYTES {
            return Err(RenderError::TooLarge { kilobytes: bytes.div_ceil(1024) });
        }
        Ok((html, dropped))
    }

    fn html(&self, view: &LetterView) -> Result<String, RenderError> {
        let html = self.lay_out("digest/letter.html", view)?;
        if is_too_deep(&html) {
            let told = "digest/letter.html의 요소가 너무 깊이 겹쳤어요. 닫지 않은 요소가 없는지 보세요";
            return Err(RenderError::Style(told.to_owned()));
        }
        self.inliner.inline(&html).map_err(|error| RenderError::Style(error.to_string()))
    }

    fn text(&self, view: &LetterView) -> Result<String, RenderError> {
        Ok(tidy(&self.lay_out("digest/letter.txt", view)?))
    }

    fn lay_out(&self, template: &str, view: &LetterView) -> Result<String, RenderError> {
        let context = Context::from_serialize(view).map_err(|error| RenderError::of_tera(&error, None))?;
        self.templates.tera.render(template, &context).map_err(|error| RenderError::of_tera(&error, None))
    }
}

/// Takes excerpts out from the end until about `excess` bytes are won; how many it took.
fn drop_excerpts(view: &mut LetterView, excess: usize) -> usize {
    /// What an excerpt's paragraph costs besides its text.
    const AROUND: usize = 100;
    let mut won = 0;
    let mut dropped = 0;
    for post in view.sections.iter_mut().rev().flat_map(|section| section.posts.iter_mut().rev()) {
        if won >= excess {
            break;
        }
        if let Some(excerpt) = post.excerpt.take() {
            won += excerpt.len() + AROUND;
            dropped += 1;
        }
    }
    dropped
}

/// No space at line ends, at most one empty line in a row, one line break at the end.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 && !(tidy.is_empty() && line.is_empty()) {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    while tidy.ends_with("\n\n") {
        tidy.pop();
    }
    tidy
}

fn warnings(view: &LetterView, bytes: usize, dropped: usize) -> Vec<String> {
    let mut warnings = Vec::new();
    if bytes > WARN_BYTES {
        warnings.push(format!(
            "편지의 HTML이 {} KB예요. 75 KB를 넘으면 Gmail이 끝을 잘라 보여 주니 글 수를 줄여 보세요.",
            bytes.div_ceil(1024)
        ));
    }
    if dropped > 0 {
        warnings.push(format!("크기를 줄이려고 아래쪽 글 {dropped}편의 발췌를 뺐어요."));
    }
    if !view.newsletter.advertising {
        let hints = law::advertising_hints(&view.subject);
        if !hints.is_empty() {
            warnings.push(format!(
                "제목에 광고에 자주 쓰이는 말({})이 있어요. 영리 목적의 광고라면 newsletter.advertising을 true로 두어야 해요.",
                hints.join(", ")
            ));
        }
    }
    warnings
}
