//! Effect: the step that applies what readers and mailboxes said: withdrawals, bounces, complaints.
