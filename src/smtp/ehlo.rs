//! Pure: what a relay offers in its EHLO answer (RFC 5321 section 4.1.1.1). Keywords in any case.

/// The extensions that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// What the relay calls itself, in lower case: the first word of its answer (RFC 5321 section 4.1.1.1).
    pub name: Option<String>,
    /// RFC 2920.
    pub pipelining: bool,
    /// RFC 6531.
    pub smtputf8: bool,
    /// RFC 6152.
    pub eight_bit: bool,
    /// RFC 3207.
    pub starttls: bool,
    /// RFC 1870: the largest message taken, in bytes; 0 for offered without a limit.
    pub size: Option<u64>,
    /// RFC 4954: AUTH PLAIN.
    pub auth_plain: bool,
    /// AUTH LOGIN.
    pub auth_login: bool,
}

impl Offers {
    /// Takes one line of the answer; the greeting line names no extension by accident.
    pub(super) fn take(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).to_ascii_uppercase();
        if self.name.is_none() {
            self.name = Some(line.split([' ', '\t']).next().unwrap_or_default().to_ascii_lowercase());
        }
        // Some old relays write `AUTH=PLAIN LOGIN`.
        let mut words = line.split([' ', '\t', '=']).filter(|word| !word.is_empty());
        match words.next().unwrap_or_default() {
            "PIPELINING" => self.pipelining = true,
            "SMTPUTF8" => self.smtputf8 = true,
            "8BITMIME" => self.eight_bit = true,
            "STARTTLS" => self.starttls = true,
            "SIZE" => self.size = Some(words.next().and_then(|size| size.parse().ok()).unwrap_or(0)),
            "AUTH" => {
                for mechanism in words {
                    self.auth_plain |= mechanism == "PLAIN";
                    self.auth_login |= mechanism == "LOGIN";
                }
            }
            _ => {}
        }
    }

    /// Whether the relay says it takes a message of `size` bytes.
    pub(super) fn takes(&self, size: usize) -> bool {
        match self.size {
            None | Some(0) => true,
            Some(limit) => u64::try_from(size).is_ok_and(|size| size <= limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_read_in_any_case_and_shape() {
        let mut offers = Offers::default();
        for line in
            ["mx.example.com", "pipelining", "Size 1000", "auth=LOGIN plain", "StartTLS", "x-what ever"]
        {
            offers.take(line.as_bytes());
        }
        assert!(offers.pipelining && offers.starttls && offers.auth_plain && offers.auth_login);
        assert!(!offers.smtputf8 && !offers.eight_bit);
        assert!(offers.takes(1000) && !offers.takes(1001));
    }
}
