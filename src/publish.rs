//! Effect: the step that freezes an edition: due slot → selection → letter → edition and deliveries, one transaction.
