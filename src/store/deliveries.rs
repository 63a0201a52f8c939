//! Effect: deliveries and attempts: the ledger of sending.
