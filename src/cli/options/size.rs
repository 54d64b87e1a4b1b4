//! Sizes and numbers as they are typed: `512MiB`, `4GiB`, `2g`, `20`.

use std::str::FromStr;

/// The least that a run does with: what it needs itself, and some for contributors.
const BYTES_MIN: u64 = 32 << 20;

/// The most threads that run.
const THREADS_MAX: u16 = 1024;

/// Units, of 1024 and as disks have them of 1000.
const UNITS: [(&str, u64); 14] = [
    ("", 1),
    ("b", 1),
    ("k", 1 << 10),
    ("kib", 1 << 10),
    ("m", 1 << 20),
    ("mib", 1 << 20),
    ("g", 1 << 30),
    ("gib", 1 << 30),
    ("t", 1 << 40),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
];

/// Reads how many are listed.
pub fn limit(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "expected a whole number such as 20, or 0 for all".to_owned())
}

/// Reads a whole number, not below 0.
pub fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "expected a whole number such as 1000".to_owned())
}

/// Reads how many threads run.
pub fn threads(text: &str) -> Result<u16, String> {
    let threads = text.parse().ok().filter(|threads| *threads <= THREADS_MAX);
    threads.ok_or_else(|| format!("expected 1 to {THREADS_MAX}, or 0 for one per core"))
}

/// Reads the memory that a run may take, in bytes.
pub fn memory(text: &str) -> Result<u64, String> {
    match bytes(text) {
        None => Err("expected a size such as 512MiB, 4GiB or 2g".to_owned()),
        Some(bytes) if bytes < BYTES_MIN => {
            Err(format!("{bytes} B, expected at least {}MiB", BYTES_MIN >> 20))
        }
        Some(bytes) => Ok(bytes),
    }
}

fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim_start().to_ascii_lowercase();
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole = whole.parse::<u64>().ok()?.checked_mul(*factor)?;
    // Of a fraction of a byte there is nothing.
    let fraction = format!("0.{fraction}").parse::<f64>().ok()?;
    whole.checked_add((fraction * *factor as f64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let mib = 1 << 20;
        for (text, bytes) in [
            ("512MiB", 512 * mib),
            ("512m", 512 * mib),
            (" 512 MIB ", 512 * mib),
            ("4GiB", 4096 * mib),
            ("2g", 2048 * mib),
            ("1.5GiB", 1536 * mib),
            ("1t", mib * mib),
            ("33554432", 32 * mib),
            ("33554432B", 32 * mib),
            ("100MB", 100_000_000),
            ("65536k", 64 * mib),
        ] {
            assert_eq!(memory(text), Ok(bytes), "{text}");
        }
        for wrong in ["", "g", "4 gigs", "-1g", "1e9", "1.2.3g", ".", "1,5g", "99999999999t", "½g"]
        {
            let message = "expected a size such as 512MiB, 4GiB or 2g";
            assert_eq!(memory(wrong), Err(message.to_owned()), "{wrong}");
        }
        for small in ["0", "64", "31MiB", "0.03g"] {
            assert!(memory(small).unwrap_err().ends_with("expected at least 32MiB"), "{small}");
        }
    }
}
