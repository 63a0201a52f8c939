//! Effect: supervision: one task per step, cancellation, the sender lock.
