//! Effect: people, subscriptions, consents, suppressions.
