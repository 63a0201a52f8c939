//! Effect: the demo: a bundled sample blog, an SMTP inbox on loopback, one edition really sent.
