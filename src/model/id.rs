//! Pure: row identifiers as newtypes, so that a post's number can never stand for a subscriber's.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A source's row.
    SourceId,
    /// A post's row.
    PostId,
    /// An edition's row (not its number, which counts per digest).
    EditionId,
    /// A subscriber's row; it outlives the erased address.
    SubscriberId,
    /// A delivery's row.
    DeliveryId,
    /// A notice's row.
    NoticeId,
    /// An attempt's row.
    AttemptId,
}
