//! Effect: the step that sends: claim → compose → smtp → retry → attempts and states (design section 8).
