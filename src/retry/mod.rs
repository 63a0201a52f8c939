//! Pure: outcome + attempts + age → next step, and whose fault a reply is (design section 8).
