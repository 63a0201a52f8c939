//! Effect: editions, their posts and content.
