//! Which layout a text without a header has: one that AWS writes by default, or one that is
//! known by its values, but never one that is only guessed by the number of its columns.

use memchr::memchr;

use super::Layout;
use crate::field::{Field, TRANSIT_GATEWAY, V2, V5};
use crate::record;
use crate::value::Status;

/// What the first lines of a text say of its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// A header comes first, or no record at all.
    Stated,
    /// The first record has this layout.
    Known(Layout),
    /// The first record has none that is known.
    Unknown {
        /// The number of its values.
        columns: usize,
        /// The line.
        line: Vec<u8>,
    },
}

/// What transit gateways are seen to send to CloudWatch Logs where the fields were picked: those of
/// the table but for the kind of the resource, accounts of VPCs, lost packets and services.
const SHORT_TRANSIT_GATEWAY: [Field; 27] = [
    Field::Version,
    Field::AccountId,
    Field::TgwId,
    Field::TgwAttachmentId,
    Field::TgwSrcVpcId,
    Field::TgwDstVpcId,
    Field::TgwSrcSubnetId,
    Field::TgwDstSubnetId,
    Field::TgwSrcEni,
    Field::TgwDstEni,
    Field::TgwSrcAzId,
    Field::TgwDstAzId,
    Field::TgwPairAttachmentId,
    Field::SrcAddr,
    Field::DstAddr,
    Field::SrcPort,
    Field::DstPort,
    Field::Protocol,
    Field::Packets,
    Field::Bytes,
    Field::Start,
    Field::End,
    Field::LogStatus,
    Field::Type,
    Field::TcpFlags,
    Field::FlowDirection,
    Field::Region,
];

/// Bytes of a line that are kept to show it.
const SHOWN_BYTES: usize = 200;

impl Layout {
    /// The layout of records of which nothing is known: every one of them is malformed.
    pub(crate) fn unknown() -> Self {
        Self { names: Vec::new(), fields: Vec::new() }
    }

    /// Finds the layout of a text by its first lines. The last one counts only if it is whole: if
    /// it has its newline, or if the text `is_whole` and not only its beginning.
    ///
    /// Looks for the first line that fits a layout: damaged lines may come before it. Where none
    /// does, a first line of as many values as version 2 has is one of those, and damaged.
    pub(crate) fn opening(text: &[u8], is_whole: bool) -> Opening {
        let mut first = None;
        let mut rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        while !rest.is_empty() {
            let end = memchr(b'\n', rest).unwrap_or(rest.len());
            let line = &rest[..end];
            let is_whole = is_whole || end < rest.len() || first.is_none();
            rest = rest.get(end + 1..).unwrap_or_default();
            let columns = record::tokens(line).count();
            // A JSON event says for itself what it is.
            if columns == 0 || !is_whole || line.trim_ascii_start().starts_with(b"{") {
                continue;
            }
            if Self::from_header(line).is_some() {
                return Opening::Stated;
            }
            if let Some(layout) = Self::of_record(line) {
                return Opening::Known(layout);
            }
            first.get_or_insert((columns, line));
        }
        match first {
            None => Opening::Stated,
            Some((columns, _)) if columns == V2.len() => Opening::Known(Self::v2()),
            Some((columns, line)) => {
                let line = line.trim_ascii();
                Opening::Unknown { columns, line: line[..line.len().min(SHOWN_BYTES)].to_vec() }
            }
        }
    }

    /// The layout that a record shows by its values, if it is one of the known.
    pub(crate) fn of_record(line: &[u8]) -> Option<Self> {
        let values: Vec<&[u8]> = record::tokens(line).collect();
        // Version 2 stands at the front of every table of AWS's, whatever comes after it.
        if values.len() >= V2.len() && fits(&V2, &values[..V2.len()]) {
            return Some(Self::of(&V2));
        }
        if values.len() == TRANSIT_GATEWAY.len() && fits(&TRANSIT_GATEWAY, &values) {
            return Some(Self::of(&TRANSIT_GATEWAY));
        }
        let short = &SHORT_TRANSIT_GATEWAY;
        if values.len() == short.len() && fits(short, &values) {
            return Some(Self::of(short));
        }
        // The console writes custom formats in the order of the alphabet.
        let mut fields = V5.to_vec();
        if values.len() == V5.len() + 1 {
            fields.push(Field::RejectReason);
        }
        fields.sort_by_key(|field| field.name());
        (values.len() == fields.len() && fits(&fields, &values)).then(|| Self::of(&fields))
    }

    pub(crate) fn of(fields: &[Field]) -> Self {
        Self::from_names(fields.iter().map(|field| field.name().to_owned()).collect())
    }
}

/// Whether values are those of fields, as far as their kinds and their few words tell.
fn fits(fields: &[Field], values: &[&[u8]]) -> bool {
    let is_word = |value: &[u8], words: &[&str]| {
        value == b"-" || words.iter().any(|word| word.as_bytes() == value)
    };
    fields.iter().zip(values).all(|(&field, &value)| {
        record::fault(field, value).is_none()
            && match field {
                Field::Version => value != b"-",
                Field::Action => is_word(value, &["ACCEPT", "REJECT"]),
                Field::LogStatus => Status::parse(value) != Status::Bad && value != b"-",
                Field::FlowDirection => is_word(value, &["ingress", "egress"]),
                Field::Type => is_word(value, &["IPv4", "IPv6", "EFA"]),
                Field::ResourceType => value.starts_with(b"TransitGateway"),
                Field::TgwId => value.starts_with(b"tgw-"),
                _ => true,
            }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const V2_LINE: &str = "2 123456789010 eni-1 10.0.0.1 10.0.0.9 40000 443 6 10 1000 \
        1600000000 1600000030 ACCEPT OK";
    const NO_DATA: &str = "2 123456789010 eni-1 - - - - - - - 1600000000 1600000030 - NODATA";

    fn opening(text: &str) -> Opening {
        Layout::opening(text.as_bytes(), true)
    }

    fn known(fields: &[Field]) -> Opening {
        Opening::Known(Layout::of(fields))
    }

    #[test]
    fn defaults_are_known_by_their_values() {
        assert_eq!(opening(V2_LINE), known(&V2));
        assert_eq!(opening(NO_DATA), known(&V2));
        assert_eq!(opening(&format!("\n# note\nbroken line\n{V2_LINE}\n")), known(&V2));
        assert_eq!(opening(&format!("{V2_LINE} vpc-1 subnet-1")), known(&V2));
        let gateway = "6 TransitGateway 1 tgw-1 a 1 1 v v s s e e z z a 10.0.0.1 10.0.0.2 1 2 6 \
            1 40 1600000000 1600000060 OK IPv4 0 0 0 0 2 us-east-1 ingress - -";
        assert_eq!(opening(gateway), known(&TRANSIT_GATEWAY));
        let short = "6 1 tgw-1 a v v s s e e z z a 10.0.0.1 10.0.0.2 1 2 6 1 40 1600000000 \
            1600000060 OK IPv4 2 ingress us-east-1";
        assert_eq!(opening(short), known(&SHORT_TRANSIT_GATEWAY));
        let mut alphabet = V5.to_vec();
        alphabet.sort_by_key(|field| field.name());
        let line = "1 ACCEPT az 40 10.0.0.2 443 1600000060 egress i-1 eni-1 OK 1 - 10.0.0.2 - \
            10.0.0.1 6 us-east-1 10.0.0.1 1024 1600000000 - - subnet-1 2 8 IPv4 5 vpc-1";
        assert_eq!(opening(line), known(&alphabet));
    }

    #[test]
    fn nothing_else_is_guessed() {
        for text in ["10.0.0.1 10.0.0.2 40", "hello\nworld", &V2_LINE[..60]] {
            let columns = text.lines().next().unwrap().split(' ').count();
            let line = text.lines().next().unwrap().as_bytes().to_vec();
            assert_eq!(opening(text), Opening::Unknown { columns, line }, "{text}");
        }
        // As many values as a transit gateway's may have, which do not fit.
        let short = "6 1 gw-1 a v v s s e e z z a 10.0.0.1 10.0.0.2 1 2 6 1 40 1600000000 \
            1600000060 OK IPv4 2 ingress us-east-1";
        assert_eq!(opening(short), Opening::Unknown { columns: 27, line: short.into() });
        // As many values as version 2: damaged records.
        assert_eq!(opening(&V2_LINE.replace("443", "x")), known(&V2));
        for text in ["", "\n\n", "# a b\n", "{\"a\":1}\n", "srcaddr bytes\n10.0.0.1 5\n"] {
            assert_eq!(opening(text), Opening::Stated, "{text}");
        }
        assert_eq!(opening("broken\nsrcaddr bytes\n1 2\n"), Opening::Stated);
        // Of a beginning the last line may be cut.
        let begins = "broken\nsrcaddr bytes";
        assert_eq!(opening(begins), Opening::Stated);
        let unknown = Opening::Unknown { columns: 1, line: b"broken".to_vec() };
        assert_eq!(Layout::opening(begins.as_bytes(), false), unknown);
    }
}
