//! Pure: bodies that are nearly the same, among a bounded number of posts.
//!
//! A body is a set of shingles, pieces of eight letters. Pieces that other posts have too (greetings, templates) say
//! nothing about a post and are left out, so that a new post in a blog's usual form is not taken for an old one.

use std::collections::HashMap;

use crate::model::post::FetchedPost;

/// Posts looked at on each side.
const MOST: usize = 1000;
/// Characters of a body looked at.
const LENGTH: usize = 4000;
/// Characters of a shingle.
const SHINGLE: usize = 8;
/// Other posts that say what is usual in this blog.
const SAMPLE: usize = 64;
/// Pieces of its own that a body needs to be told by.
const OWN: usize = 24;
/// Pieces looked up to find whom to compare with.
const SKETCH: usize = 32;
/// Known posts that a fetched one is compared with.
const COMPARED: usize = 8;
/// Shared pieces among all pieces of the two, from which bodies count as nearly the same.
const NEAR: f64 = 0.6;

/// What is still open: places in the lists of known and fetched posts, the likeliest first.
pub(super) struct Open {
    pub(super) known: Vec<usize>,
    pub(super) fetched: Vec<usize>,
}

/// Pairs (known, fetched) of nearly equal bodies, the nearest first; each place at most once.
pub(super) fn pairs<E>(
    open: &Open,
    known_count: usize,
    fetched: &[FetchedPost],
    mut body_of: impl FnMut(usize) -> Result<String, E>,
) -> Result<Vec<(usize, usize)>, E> {
    if open.known.is_empty() || open.fetched.is_empty() {
        return Ok(Vec::new());
    }
    let step = known_count.div_ceil(SAMPLE).max(1);
    let mut usual: HashMap<u32, (usize, bool)> = HashMap::new();
    for place in (0..known_count).step_by(step) {
        for piece in shingles(&body_of(place)?) {
            usual
                .entry(piece)
                .and_modify(|(first, several)| *several |= *first != place)
                .or_insert((place, false));
        }
    }
    // A piece is a post's own if no sampled post but itself has it.
    let own = |pieces: Vec<u32>, place: Option<usize>| -> Vec<u32> {
        let is_own = |piece: &u32| match (usual.get(piece), place) {
            (None, _) => true,
            (Some((_, several)), None) => !several,
            (Some((first, several)), Some(place)) => !several && *first == place,
        };
        pieces.into_iter().filter(is_own).collect()
    };
    let mut kept = Vec::new();
    for place in open.known.iter().take(MOST) {
        kept.push((*place, own(shingles(&body_of(*place)?), Some(*place))));
    }
    let mut index: HashMap<u32, Vec<usize>> = HashMap::new();
    for (at, (_, pieces)) in kept.iter().enumerate() {
        for piece in pieces.iter().take(SKETCH) {
            index.entry(*piece).or_default().push(at);
        }
    }
    let mut found = Vec::new();
    for place in open.fetched.iter().take(MOST) {
        let Some(post) = fetched.get(*place) else { continue };
        let pieces = own(shingles(&post.body), None);
        for at in likely(&pieces, &index) {
            let Some((known, others)) = kept.get(at) else { continue };
            let near = likeness(others, &pieces);
            if near >= NEAR {
                found.push((near, *known, *place));
            }
        }
    }
    // of equal ones the oldest, as everywhere
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.2.cmp(&a.2)).then(a.1.cmp(&b.1)));
    Ok(one_each(found))
}

fn one_each(found: Vec<(f64, usize, usize)>) -> Vec<(usize, usize)> {
    let mut known = std::collections::HashSet::new();
    let mut fetched = std::collections::HashSet::new();
    let mut pairs = Vec::new();
    for (_, k, f) in found {
        if !known.contains(&k) && !fetched.contains(&f) {
            known.insert(k);
            fetched.insert(f);
            pairs.push((k, f));
        }
    }
    pairs
}

fn likely(pieces: &[u32], index: &HashMap<u32, Vec<usize>>) -> Vec<usize> {
    let mut votes: HashMap<usize, usize> = HashMap::new();
    for piece in pieces.iter().take(SKETCH) {
        for at in index.get(piece).into_iter().flatten() {
            *votes.entry(*at).or_insert(0) += 1;
        }
    }
    let mut ranked: Vec<(usize, usize)> = votes.into_iter().map(|(at, votes)| (votes, at)).collect();
    ranked.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    ranked.into_iter().take(COMPARED).map(|(_, at)| at).collect()
}

/// The pieces of a text, each once, in ascending order of their hashes: so the first few are a fair draw.
fn shingles(text: &str) -> Vec<u32> {
    let letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).take(LENGTH).collect();
    let mut pieces: Vec<u32> = letters
        .windows(SHINGLE)
        .map(|window| {
            let hash = window.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, c| {
                (hash ^ u64::from(u32::from(*c))).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
            });
            ((hash ^ (hash >> 32)) & 0xffff_ffff) as u32
        })
        .collect();
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

/// Shared among all, 0 to 1; 0 where either has too little of its own.
fn likeness(one: &[u32], other: &[u32]) -> f64 {
    if one.len() < OWN || other.len() < OWN {
        return 0.0;
    }
    let (mut a, mut b, mut shared) = (one.iter().peekable(), other.iter().peekable(), 0_usize);
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => drop(a.next()),
            std::cmp::Ordering::Greater => drop(b.next()),
            std::cmp::Ordering::Equal => {
                shared += 1;
                a.next();
                b.next();
            }
        }
    }
    shared as f64 / (one.len() + other.len() - shared) as f64
}
