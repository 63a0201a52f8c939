//! Pure: numbers as Korean readers expect them; large ones cut, never rounded up to something that was not reached.

/// The large units, greatest first.
const UNITS: [(u64, &str); 4] =
    [(10_000_000_000_000_000, "경"), (1_000_000_000_000, "조"), (100_000_000, "억"), (10_000, "만")];

/// A count in short: `1,234`, from ten thousand `1.2만`, `12.3만`, `1억`, `3.4조`; one decimal at most, cut, never `.0`.
pub fn short(count: u64) -> String {
    for (size, name) in UNITS {
        if count >= size {
            let tenths = count / (size / 10);
            let whole = grouped(tenths / 10);
            return match tenths % 10 {
                0 => format!("{whole}{name}"),
                tenth => format!("{whole}.{tenth}{name}"),
            };
        }
    }
    grouped(count)
}

/// A count in full, with a comma between thousands: `1,234,567`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_hold() {
        for line in include_str!("../../tests/fixtures/vectors/counts.tsv").lines() {
            if let Some((count, text)) = line.split_once('\t').filter(|_| !line.starts_with('#')) {
                assert_eq!(short(count.parse().unwrap()), text);
            }
        }
    }

    #[test]
    fn large_counts_take_the_next_unit() {
        assert_eq!(short(10_999), "1만");
        assert_eq!(short(10_001), "1만");
        assert_eq!(short(100_500), "10만");
        assert_eq!(short(9_999_999), "999.9만");
        assert_eq!(short(10_000_000), "1,000만");
        assert_eq!(short(100_010_000), "1억");
        assert_eq!(short(109_999_999), "1억");
        assert_eq!(short(110_000_000), "1.1억");
        assert_eq!(short(999_999_999_999), "9,999.9억");
        assert_eq!(short(1_000_000_000_000), "1조");
        assert_eq!(short(12_345_678_901_234), "12.3조");
        assert_eq!(short(u64::MAX), "1,844.6경");
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
    }
}
