//! Pure: particles, dates, counts, sentences, excerpts, reading time (design section 6).
