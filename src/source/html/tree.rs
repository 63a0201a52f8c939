//! Pure: a page as a tree, grown piece by piece, and given up where it costs more than its length allows.
//!
//! Browsers' rules open each unclosed `<b>` again in every following paragraph, look for open elements up to the root, and
//! compare each attribute of a tag with all before it: a page of a few megabytes could so become gigabytes or minutes.
//! What such a page does to the tree is seen on the tree itself, whatever it hides from a look at its text.

use html5ever::driver;
use html5ever::tendril::TendrilSink;
use scraper::{Html, HtmlTreeSink};

/// Nodes of a tree; pages made for readers stay below a tenth of it.
const NODES: usize = 200_000;
/// Elements within elements; pages made for readers stay below a tenth of it.
const DEEPEST: usize = 1_000;
/// Bytes between two looks: so many can open no more than so many elements that each open all unclosed ones again.
const PIECE: usize = 256;

/// Why no tree was grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stunted {
    /// Too many or too deep.
    TooLarge,
    /// Whoever waited no longer does.
    Stopped,
}

/// The tree of `text`. `go_on` is asked now and then.
pub(super) fn grown(text: &str, go_on: &dyn Fn() -> bool) -> Result<Html, Stunted> {
    let mut parser =
        driver::parse_document(HtmlTreeSink::new(Html::new_document()), driver::ParseOpts::default());
    let mut rest = text;
    while !rest.is_empty() {
        if !go_on() {
            return Err(Stunted::Stopped);
        }
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE.min(rest.len())));
        rest = after;
        parser.process(piece.into());
        let html = parser.tokenizer.sink.sink.0.borrow();
        let newest = html.tree.nodes().next_back();
        if html.tree.nodes().len() > NODES || newest.is_some_and(|node| is_deep(node.ancestors())) {
            return Err(Stunted::TooLarge);
        }
    }
    let html = parser.finish();
    let mut leaves = html.tree.nodes().filter(|node| !node.has_children());
    if leaves.any(|leaf| is_deep(leaf.ancestors())) { Err(Stunted::TooLarge) } else { Ok(html) }
}

fn is_deep<Node>(ancestors: impl Iterator<Item = Node>) -> bool {
    ancestors.take(DEEPEST + 1).count() > DEEPEST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stunted(text: &str) -> Option<Stunted> {
        grown(text, &|| true).err()
    }

    #[test]
    fn pages_for_readers_grow_and_bombs_do_not() {
        assert_eq!(stunted(&"<ul><li><a href=x><strong>글</strong><p>내용</a></ul>".repeat(10_000)), None);
        assert_eq!(stunted(&"<script>if (a<b) '<div>'</script>".repeat(5_000)), None);
        assert_eq!(stunted(&"<p>글".repeat(150_000)), Some(Stunted::TooLarge));
        let dress: String = (0..900).map(|n| format!("<b id={n}>")).collect();
        assert_eq!(stunted(&(dress + &"<p>글".repeat(100_000))), Some(Stunted::TooLarge));
    }

    #[test]
    fn depth_is_seen_however_it_is_hidden_from_a_look_at_the_text() {
        let deep = "<div>".repeat(20_000);
        for hidden in ["", "<!-->", "<?", "<![CDATA[", "<a \">", "<svg><title>", "<template>", "<!\">"] {
            for after in ["", "</title>", "-->", "]]>", "\">"] {
                assert_eq!(
                    stunted(&format!("{hidden}<p>{deep}{after}")),
                    Some(Stunted::TooLarge),
                    "{hidden}"
                );
            }
        }
    }

    #[test]
    fn a_tag_of_endless_attributes_is_given_up_when_nobody_waits_any_more() {
        let attributes: String = (0..250_000).map(|n| format!(" a{n}")).collect();
        let asked = std::cell::Cell::new(0);
        let patient = || asked.replace(asked.get() + 1) < 50;
        assert_eq!(grown(&format!("<p{attributes}>"), &patient).err(), Some(Stunted::Stopped));
    }
}
