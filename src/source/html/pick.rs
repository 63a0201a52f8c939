//! Pure: where one thing stands within an element: a CSS selector, and perhaps an attribute.

use scraper::{ElementRef, Selector};

use super::HtmlError;
use crate::source::feed::plain;

/// Where one thing is found within a post: `selector`, or `selector@attribute`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    /// The CSS selector; empty for the post's own element.
    pub selector: String,
    /// The attribute that holds it; none: the element's text.
    pub attribute: Option<String>,
}

impl Pick {
    /// Reads `selector@attribute`.
    pub fn parse(text: &str) -> Result<Pick, HtmlError> {
        let name = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        };
        let (selector, attribute) = match text.rsplit_once('@') {
            Some((selector, attribute)) if name(attribute.trim()) => {
                (selector, Some(attribute.trim().to_ascii_lowercase()))
            }
            _ => (text, None),
        };
        let selector = selector.trim().to_owned();
        if !(selector.is_empty() && attribute.is_some()) {
            compiled(&selector)?;
        }
        Ok(Pick { selector, attribute })
    }
}

/// Checks the selector that finds the posts.
pub fn checked_item(text: &str) -> Result<String, HtmlError> {
    compiled(text).map(|_| text.to_owned())
}

pub(super) fn compiled(text: &str) -> Result<Selector, HtmlError> {
    Selector::parse(text).map_err(|_| HtmlError::Selector(text.chars().take(100).collect()))
}

/// A pick made ready; no selector: the element itself.
pub(super) struct Ready {
    pub(super) selector: Option<Selector>,
    pub(super) attribute: Option<String>,
}

impl Ready {
    pub(super) fn of(pick: Option<&Pick>, usual: Option<&str>) -> Result<Option<Ready>, HtmlError> {
        let Some(pick) = pick else { return Ok(None) };
        let selector = (!pick.selector.is_empty()).then(|| compiled(&pick.selector)).transpose()?;
        let attribute = pick.attribute.clone().or_else(|| usual.map(str::to_owned));
        Ok(Some(Ready { selector, attribute }))
    }

    pub(super) fn element<'a>(&self, within: ElementRef<'a>) -> Option<ElementRef<'a>> {
        match &self.selector {
            Some(selector) => first(within, selector),
            None => Some(within),
        }
    }

    /// The attribute as it is, or the text with its blocks on lines.
    pub(super) fn value(&self, within: ElementRef<'_>) -> Option<String> {
        self.value_of(self.element(within)?)
    }

    pub(super) fn value_of(&self, element: ElementRef<'_>) -> Option<String> {
        match &self.attribute {
            Some(name) => element.attr(name).map(str::to_owned),
            None => Some(inner(element)),
        }
    }
}

pub(super) fn first<'a>(within: ElementRef<'a>, selector: &Selector) -> Option<ElementRef<'a>> {
    within.select(selector).next()
}

pub(super) fn inner(element: ElementRef<'_>) -> String {
    plain::text(&element.inner_html())
}
