//! Effect: the invariants of the design, checked by plain SQL.
