//! Pure: what stands in a posted page's fields.

use super::signup::form::{self, FIELD};

/// A posted field, bounded; the last one of a name counts.
pub(super) fn field(body: &[u8], name: &str) -> Option<String> {
    let found = url::form_urlencoded::parse(body).filter(|(key, _)| key == name).last();
    found.map(|(_, value)| value.chars().take(FIELD).collect())
}

/// The name a page asks for. One without the field leaves it, and so does one that says what it was: a name that came
/// with a list need not be one that strangers may choose.
pub(super) fn name(posted: &[u8], was: Option<String>) -> Result<Option<String>, String> {
    let Some(written) = field(posted, "name") else { return Ok(was) };
    if was.as_deref() == Some(written.trim()) {
        return Ok(was);
    }
    form::greeting_name(&written)
}
