//! What the name of a file in a folder says: that it holds no flow logs, or of which time it
//! holds records.
//!
//! AWS delivers flow logs to S3 in objects that are called
//! `<account>_vpcflowlogs_<region>_fl-<id>_<YYYYMMDD>T<HHmm>Z_<8 hex>.log.gz`. The time is a slot
//! of five minutes, in which the records of the object end. Nothing but skipping goes by it, and
//! that with a margin, so that an answer is the same with it and without:
//!
//! - a record ends before its slot does: `end < slot + 300`;
//! - stragglers, in objects of a header and a row or two, may be of records that ended up to 20
//!   minutes earlier: `end >= slot - 1200`;
//! - a record is of at most 10 minutes, the longest time over which flows are aggregated:
//!   `start >= end - 600`, and never after its end;
//! - clocks and `start` itself are off by up to a minute, names were seen off by seconds, for which
//!   there is a slot more on both sides.
//!
//! So a record of the object starts in `[slot - 2100, slot + 600)`, and an object is skipped if
//! no second of that is asked for.

use crate::calendar::days_since_1970;

/// The time of an object.
const SLOT_SECONDS: u64 = 300;
/// How much earlier than its slot a straggler's record may have ended.
const LATE_SECONDS: u64 = 1_200;
/// The longest time that a record is of.
const AGGREGATION_SECONDS: u64 = 600;
/// What is added on both sides: one slot.
const MARGIN_SECONDS: u64 = SLOT_SECONDS;

/// The first second that counts, and the first that does not any more.
pub type Span = (Option<u64>, Option<u64>);

/// Whether a file of this name may hold a record that starts in `span`.
pub fn may_hold(name: &[u8], span: Span) -> bool {
    let Some(slot) = slot(name) else { return true };
    let first = first_of(slot);
    let past = slot + SLOT_SECONDS + MARGIN_SECONDS;
    span.0.is_none_or(|start| start < past) && span.1.is_none_or(|end| first < end)
}

/// From when on a record of the file may start, if its name says so.
pub fn first(name: &[u8]) -> Option<u64> {
    slot(name).map(first_of)
}

fn first_of(slot: u64) -> u64 {
    slot.saturating_sub(LATE_SECONDS + AGGREGATION_SECONDS + MARGIN_SECONDS)
}

/// The slot in the name of an object that AWS delivered, in seconds since 1970.
fn slot(name: &[u8]) -> Option<u64> {
    let (stem, kind) = str::from_utf8(name).ok()?.split_once('.')?;
    if !matches!(kind, "log" | "log.gz" | "log.parquet" | "parquet") {
        return None;
    }
    let mut parts = stem.rsplit('_');
    let (hash, time, id) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, service, account) = (parts.next()?, parts.next()?, parts.next()?);
    let all = |text: &str, is_fine: fn(u8) -> bool| !text.is_empty() && text.bytes().all(is_fine);
    let is_object = hash.len() == 8
        && all(hash, |byte| byte.is_ascii_hexdigit())
        && all(id.strip_prefix("fl-")?, |byte| byte.is_ascii_hexdigit())
        && all(region, |byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && all(service, |byte| byte.is_ascii_lowercase())
        && all(account, |byte| byte.is_ascii_digit());
    is_object.then(|| slot_time(time.as_bytes()))?
}

/// Seconds since 1970 of `20260131T1205Z`, if that is a slot.
fn slot_time(time: &[u8]) -> Option<u64> {
    if time.len() != 14 || time[8] != b'T' || time[13] != b'Z' {
        return None;
    }
    let number = |from: usize, to: usize| {
        time[from..to].iter().try_fold(0, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
        })
    };
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute) = (number(9, 11)?, number(11, 13)?);
    let is_slot = (1970..).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && minute % 5 == 0;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60;
    is_slot.then(|| u64::try_from(seconds).ok())?
}

/// Whether a file or folder is one that AWS and its tools put beside logs, and holds none: the
/// test object of an export task, CloudTrail's digests, what Athena and Spark write besides
/// tables, and checksums.
pub fn holds_no_logs(name: &[u8], is_folder: bool) -> bool {
    if is_folder {
        return name == b"CloudTrail-Digest";
    }
    let endings: [&[u8]; 3] = [b".crc", b".csv.metadata", b"-manifest.csv"];
    name == b"aws-logs-write-test"
        || name == b"_SUCCESS"
        || endings.iter().any(|ending| name.ends_with(ending))
        || memchr::memmem::find(name, b"_CloudTrail-Digest_").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(time: &str) -> String {
        format!("123456789010_vpcflowlogs_us-east-1_fl-0123456789abcdef0_{time}_0a1b2c3d.log.gz")
    }

    #[test]
    fn names_tell_their_slots() {
        for (time, second) in [
            ("19700101T0000Z", 0),
            ("19720229T0005Z", 68_169_900),
            ("20000301T0000Z", 951_868_800),
            ("20231114T2210Z", 1_699_999_800),
            ("20260131T1200Z", 1_769_860_800),
        ] {
            assert_eq!(slot(name(time).as_bytes()), Some(second), "{time}");
        }
        for like in [
            "o-abc123_123456789010_vpcflowlogs_us-gov-west-1_fl-0a_20231114T2210Z_0a1b2c3d.log",
            "012345678901_transitgateway_eu-west-1_fl-0a_20231114T2210Z_0a1b2c3d.log.gz",
            "012345678901_vpcflowlogs_eu-west-1_fl-0a_20231114T2210Z_0a1b2c3d.log.parquet",
        ] {
            assert_eq!(slot(like.as_bytes()), Some(1_699_999_800), "{like}");
        }
    }

    #[test]
    fn other_names_tell_nothing() {
        let good = name("20231114T2210Z");
        for (from, to) in [
            ("2210Z", "2211Z"),
            ("2210Z", "2460Z"),
            ("2210Z", "22100"),
            ("1114T", "1314T"),
            ("1114T", "1100T"),
            ("1114T", "111 T"),
            ("2023", "1969"),
            ("fl-", "fx-"),
            ("_0a1b2c3d", "_0a1b2c3"),
            ("_0a1b2c3d", "_0a1b2c3g"),
            (".log.gz", ".log.gz.txt"),
            (".log.gz", " (1).log.gz"),
            ("123456789010_", ""),
            ("123456789010", "copy"),
        ] {
            let other = good.replace(from, to);
            assert_ne!(other, good);
            assert_eq!(slot(other.as_bytes()), None, "{other}");
            assert!(may_hold(other.as_bytes(), (Some(u64::MAX), None)));
        }
        assert_eq!(slot(b"\xff.log"), None);
    }

    #[test]
    fn objects_are_skipped_with_a_margin() {
        let (slot, name) = (1_699_999_800, name("20231114T2210Z"));
        let may = |start, end| may_hold(name.as_bytes(), (start, end));
        assert!(may(None, None));
        assert!(may(Some(slot + 599), None) && !may(Some(slot + 600), None));
        assert!(may(None, Some(slot - 2_099)) && !may(None, Some(slot - 2_100)));
        assert!(may(Some(slot - 5_000), Some(slot + 5_000)));
        assert_eq!(first(name.as_bytes()), Some(slot - 2_100));
        assert_eq!(first(b"a.log"), None);
    }

    #[test]
    fn files_without_logs() {
        for name in [
            "aws-logs-write-test",
            "_SUCCESS",
            "part-0.parquet.crc",
            "5f3c.csv.metadata",
            "5f3c-manifest.csv",
            "1_CloudTrail-Digest_us-east-1_trail_us-east-1_20260131T120000Z.json.gz",
        ] {
            assert!(holds_no_logs(name.as_bytes(), false), "{name}");
            assert!(!holds_no_logs(name.as_bytes(), true), "{name}");
        }
        for name in ["a.log", "SUCCESS", "a.csv", "manifest.csv.gz", "CloudTrail-Digest"] {
            assert!(!holds_no_logs(name.as_bytes(), false), "{name}");
        }
        assert!(holds_no_logs(b"CloudTrail-Digest", true));
    }
}
