//! Pure: a frozen letter as anyone may read it: nobody's name, nobody's links.

use crate::compose::{DEFAULT_DAY, DEFAULT_NAME};
use crate::render::slot::{CLOSE, OPEN, Slot};

/// `html` with its slots filled for nobody in particular: the name by 구독자, the day of the consent by words, each personal link by `leave_url`, the
/// page that says where a reader's own link is. `leave_url` is safe between quotes.
pub(in super::super) fn for_everyone(html: &str, leave_url: &str) -> String {
    let mut pieces = html.split(OPEN);
    let mut page = pieces.next().unwrap_or_default().to_owned();
    page.reserve(html.len());
    for piece in pieces {
        match piece.split_once(CLOSE) {
            Some((slot, rest)) => {
                page.push_str(match slot {
                    _ if slot == Slot::Name.name() => DEFAULT_NAME,
                    _ if slot == Slot::ConsentedOn.name() => DEFAULT_DAY,
                    _ => leave_url,
                });
                page.push_str(rest);
            }
            None => page.push_str(piece),
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_filled_for_nobody_in_particular() {
        let (name, link) = (Slot::Name.marker(), Slot::UnsubscribeUrl.marker());
        let day = Slot::ConsentedOn.marker();
        let html = format!("<p>{name}님</p><a href=\"{link}\">수신거부</a>{name}, {day}");
        let page = for_everyone(&html, "/unsubscribe");
        assert_eq!(page, "<p>구독자님</p><a href=\"/unsubscribe\">수신거부</a>구독자, 받는 분마다 달라요");
    }

    #[test]
    fn broken_markers_leave_no_trace_and_lose_no_text() {
        assert_eq!(for_everyone(&format!("가{OPEN}나"), "/u"), "가나");
        assert_eq!(for_everyone(&format!("{OPEN}later_url{CLOSE}나"), "/u"), "/u나");
        assert_eq!(for_everyone("", "/u"), "");
    }
}
