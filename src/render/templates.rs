//! Pure: the templates of all that is mailed: the built-in ones, with the operator's own in their place.

use tera::{Context, Tera};

use super::RenderError;
use super::clean;
use super::filters::{self, COLUMNS};
use crate::korean::width;
use crate::model::Sender;

/// The built-in templates: name and text. A file of the same name in the operator's folder replaces one.
pub const BUILT_IN: [(&str, &str); 15] = [
    ("digest/letter.html", include_str!("../../templates/digest/letter.html")),
    ("digest/parts.html", include_str!("../../templates/digest/parts.html")),
    ("digest/letter.txt", include_str!("../../templates/digest/letter.txt")),
    (STYLES, include_str!("../../templates/digest/letter.css")),
    ("correction/letter.html", include_str!("../../templates/correction/letter.html")),
    ("correction/letter.txt", include_str!("../../templates/correction/letter.txt")),
    ("notice/law.html", include_str!("../../templates/notice/law.html")),
    ("notice/law.txt", include_str!("../../templates/notice/law.txt")),
    ("notice/button.html", include_str!("../../templates/notice/button.html")),
    ("notice/confirm.html", include_str!("../../templates/notice/confirm.html")),
    ("notice/confirm.txt", include_str!("../../templates/notice/confirm.txt")),
    ("notice/address-change.html", include_str!("../../templates/notice/address-change.html")),
    ("notice/address-change.txt", include_str!("../../templates/notice/address-change.txt")),
    ("notice/moved.html", include_str!("../../templates/notice/moved.html")),
    ("notice/moved.txt", include_str!("../../templates/notice/moved.txt")),
];

const STYLES: &str = "digest/letter.css";

/// Whether a mail is made of the template of that name; others in the folder are left alone.
pub fn is_mailed(name: &str) -> bool {
    ["digest/", "correction/", "notice/"].iter().any(|room| name.starts_with(room))
}

/// Loaded once, which is when a wrong one fails; a reload makes a fresh one.
pub struct Templates {
    pub(super) tera: Tera,
    /// The letter's style sheet, which is no template.
    pub(super) styles: String,
    /// The operator's folder and the names in it: said of a fault, so that they are found.
    folder: String,
    own: Vec<String>,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.tera.get_template_names()).finish()
    }
}

impl Templates {
    /// The built-in templates with those of `overrides` (name such as `digest/letter.html`, text) in their place; `folder` is
    /// named where one of its files is wrong.
    pub(super) fn load(folder: &str, overrides: &[(String, String)]) -> Result<Templates, RenderError> {
        let built_in = BUILT_IN.iter().filter(|(name, _)| !overrides.iter().any(|(own, _)| own == name));
        let own = overrides.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let files: Vec<(&str, &str)> =
            built_in.copied().chain(own).filter(|(name, _)| is_mailed(name)).collect();
        let styles = files.iter().rfind(|(name, _)| *name == STYLES).map_or("", |(_, text)| text);
        let mut templates = Templates {
            tera: Tera::new(),
            styles: styles.to_owned(),
            folder: folder.to_owned(),
            own: overrides.iter().map(|(name, _)| name.clone()).collect(),
        };
        // Filters come first: then an unknown one is an error of the load, not of the send.
        filters::register(&mut templates.tera);
        let loaded =
            templates.tera.add_raw_templates(files.iter().filter(|(name, _)| *name != STYLES).copied());
        match loaded {
            Ok(()) => Ok(templates),
            Err(error) => Err(templates.placed(RenderError::of_tera(&error, None))),
        }
    }

    /// `error` with its template's place instead of its name.
    pub(super) fn placed(&self, error: RenderError) -> RenderError {
        error.placed(|name| {
            if self.own.iter().any(|own| own == name) {
                format!("{}/{name}", self.folder.trim_end_matches('/'))
            } else {
                format!("내장 틀 {name}")
            }
        })
    }

    /// The template of that name, drawn.
    pub(super) fn draw(&self, name: &str, context: &Context) -> Result<String, RenderError> {
        let drawn = self.tera.render(name, context);
        drawn.map_err(|error| self.placed(RenderError::of_tera(&error, None)))
    }

    /// The same for a text part whose lines may be longer than a mail program shows well.
    pub(super) fn draw_lines(&self, name: &str, context: &Context) -> Result<String, RenderError> {
        let text = self.draw(name, context)?;
        let lines = text.lines().flat_map(|line| match line {
            "" => vec![String::new()],
            line => width::wrap(line, COLUMNS),
        });
        Ok(lines.map(|line| line + "\n").collect())
    }
}

/// Who sends, as the small mails say it.
pub(super) fn imprint(sender: &Sender) -> Context {
    let mut context = Context::new();
    context.insert("sender", &clean::line(&sender.name));
    context.insert("email", &sender.email.to_string());
    context.insert("phone", &sender.phone.as_deref().map(clean::line));
    context.insert("place", &sender.address.as_deref().map(clean::line));
    context
}
