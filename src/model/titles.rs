//! Pure: what readers call each digest.

use std::collections::BTreeMap;

/// The digests' titles by their names. One without a title of its own, or no longer configured, goes by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Titles(BTreeMap<String, String>);

impl Titles {
    /// What readers call the digest `name`.
    pub fn of<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(name).map_or(name, String::as_str)
    }
}

impl FromIterator<(String, String)> for Titles {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Titles {
        Titles(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_without_a_title_goes_by_its_name() {
        let titles = Titles::from_iter([("weekly".to_owned(), "주간 편지".to_owned())]);
        assert_eq!((titles.of("weekly"), titles.of("monthly")), ("주간 편지", "monthly"));
    }
}
