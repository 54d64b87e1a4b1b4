//! The one table of flow-log fields: name, version, kind and meaning, each written once.
//!
//! Header parsing, decoding, error texts and the README's table are derived from it. Names and
//! versions follow the Amazon VPC User Guide ("Flow log records", versions 2 to 11) and the
//! transit-gateway guide ("Transit Gateway Flow Log records"). A name that is not here is no
//! error: the column stays usable by position, as text.

use std::fmt;
use std::sync::LazyLock;

use hashbrown::HashMap;

/// How the values of a field are spelled, which decides how they are checked and decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Decimal digits, at most this value.
    Number(u64),
    /// An IPv4 or IPv6 address.
    Address,
    /// `OK`, `NODATA` or `SKIPDATA`.
    Status,
    /// Any bytes without blanks.
    Text,
}

/// The latest time, of 14 digits: the year 5138 in milliseconds. Later ones, such as microseconds,
/// are no times.
pub const TIME_MAX: u64 = 99_999_999_999_999;
/// The digits of the latest time in seconds, which is in the year 5138 too.
pub const SECONDS_DIGITS: usize = 11;
/// From this number on, times are milliseconds; as such it is in the year 1973, before there were
/// flow logs.
pub const MILLISECONDS_MIN: u64 = 10_u64.pow(SECONDS_DIGITS as u32);

/// Whether a time is in milliseconds.
pub fn is_milliseconds(time: u64) -> bool {
    time >= MILLISECONDS_MIN
}

const U8: Kind = Kind::Number(u8::MAX as u64);
const U16: Kind = Kind::Number(u16::MAX as u64);
const U64: Kind = Kind::Number(u64::MAX);
const TIME: Kind = Kind::Number(TIME_MAX);
const ADDRESS: Kind = Kind::Address;
const STATUS: Kind = Kind::Status;
const TEXT: Kind = Kind::Text;

macro_rules! fields {
    ($($variant:ident $name:literal $version:literal $kind:ident $help:literal,)*) => {
        /// A field of a VPC or transit-gateway flow-log record.
        ///
        /// ```
        /// use flowagg::Field;
        /// assert_eq!(Field::parse("pkt-srcaddr"), Some(Field::PktSrcAddr));
        /// assert_eq!(Field::parse("pkt_srcaddr"), Some(Field::PktSrcAddr));
        /// assert_eq!(Field::parse("pktSrcAddr"), Some(Field::PktSrcAddr));
        /// assert_eq!(Field::PktSrcAddr.name(), "pkt-srcaddr");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Field {
            $(#[doc = $help] $variant,)*
        }

        impl Field {
            /// Every known field, in the order of AWS's tables.
            pub const ALL: &'static [Field] = &[$(Field::$variant,)*];

            /// The AWS spelling, with hyphens.
            pub fn name(self) -> &'static str {
                match self { $(Field::$variant => $name,)* }
            }

            /// The flow-log version that introduced the field.
            pub fn version(self) -> u8 {
                match self { $(Field::$variant => $version,)* }
            }

            /// How its values are spelled.
            pub fn kind(self) -> Kind {
                match self { $(Field::$variant => $kind,)* }
            }

            /// What it means, in a few words.
            pub fn help(self) -> &'static str {
                match self { $(Field::$variant => $help,)* }
            }

            /// The field of that name, spelled with hyphens, with underscores or in camelCase, as
            /// CloudWatch Logs Insights does. Other words of other tables are
            /// [aliases](Self::from_alias).
            pub fn parse(name: &str) -> Option<Field> {
                Self::from_hyphens(name).or_else(|| {
                    name.contains('_').then(|| Self::from_hyphens(&name.replace('_', "-")))?
                }).or_else(|| {
                    is_camel(name).then(|| Self::from_letters(name))?
                })
            }

            /// The field that tables of other tools mean by that name, in capitals or not: any
            /// spelling of its own name, or one of the words that are in wide use, such as
            /// `source`, `numbytes` or `start_time`.
            ///
            /// ```
            /// use flowagg::Field;
            /// assert_eq!(Field::from_alias("SourceAddress"), Some(Field::SrcAddr));
            /// assert_eq!(Field::from_alias("start_time"), Some(Field::Start));
            /// assert_eq!(Field::from_alias("message"), None);
            /// ```
            pub fn from_alias(name: &str) -> Option<Field> {
                FIELDS_BY_LETTERS.get(Letters::new(name)?.text()).map(|(field, _)| *field)
            }

            /// The field whose name, or name in Logs Insights, has these letters.
            fn from_letters(name: &str) -> Option<Field> {
                let (field, is_alias) = *FIELDS_BY_LETTERS.get(Letters::new(name)?.text())?;
                (!is_alias).then_some(field)
            }

            fn from_hyphens(name: &str) -> Option<Field> {
                match name { $($name => Some(Field::$variant),)* _ => None }
            }
        }
    };
}

fields! {
    Version "version" 2 U8 "version of the record's format",
    AccountId "account-id" 2 TEXT "owner of the interface, 12 digits",
    InterfaceId "interface-id" 2 TEXT "network interface, eni-...",
    SrcAddr "srcaddr" 2 ADDRESS "source address",
    DstAddr "dstaddr" 2 ADDRESS "destination address",
    SrcPort "srcport" 2 U16 "source port",
    DstPort "dstport" 2 U16 "destination port",
    Protocol "protocol" 2 U8 "IANA protocol number",
    Packets "packets" 2 U64 "packets in the window",
    Bytes "bytes" 2 U64 "bytes in the window",
    Start "start" 2 TIME "first packet, Unix seconds",
    End "end" 2 TIME "last packet, Unix seconds",
    Action "action" 2 TEXT "ACCEPT or REJECT",
    LogStatus "log-status" 2 STATUS "OK, NODATA or SKIPDATA",
    VpcId "vpc-id" 3 TEXT "VPC of the interface",
    SubnetId "subnet-id" 3 TEXT "subnet of the interface",
    InstanceId "instance-id" 3 TEXT "instance of the interface",
    TcpFlags "tcp-flags" 3 U8 "OR of FIN 1, SYN 2, RST 4; SYN-ACK 18",
    Type "type" 3 TEXT "IPv4, IPv6 or EFA",
    PktSrcAddr "pkt-srcaddr" 3 ADDRESS "source address of the packet itself",
    PktDstAddr "pkt-dstaddr" 3 ADDRESS "destination address of the packet itself",
    Region "region" 4 TEXT "region of the interface",
    AzId "az-id" 4 TEXT "availability zone",
    SublocationType "sublocation-type" 4 TEXT "wavelength, outpost or localzone",
    SublocationId "sublocation-id" 4 TEXT "id of the sublocation",
    PktSrcAwsService "pkt-src-aws-service" 5 TEXT "AWS service of pkt-srcaddr",
    PktDstAwsService "pkt-dst-aws-service" 5 TEXT "AWS service of pkt-dstaddr",
    FlowDirection "flow-direction" 5 TEXT "ingress or egress",
    TrafficPath "traffic-path" 5 U8 "path of egress traffic, 1 to 8",
    EcsClusterArn "ecs-cluster-arn" 7 TEXT "ECS cluster ARN",
    EcsClusterName "ecs-cluster-name" 7 TEXT "ECS cluster name",
    EcsContainerInstanceArn "ecs-container-instance-arn" 7 TEXT "ECS container instance ARN",
    EcsContainerInstanceId "ecs-container-instance-id" 7 TEXT "ECS container instance id",
    EcsContainerId "ecs-container-id" 7 TEXT "runtime id of the first container",
    EcsSecondContainerId "ecs-second-container-id" 7 TEXT "runtime id of the second container",
    EcsServiceName "ecs-service-name" 7 TEXT "ECS service name",
    EcsTaskDefinitionArn "ecs-task-definition-arn" 7 TEXT "ECS task definition ARN",
    EcsTaskArn "ecs-task-arn" 7 TEXT "ECS task ARN",
    EcsTaskId "ecs-task-id" 7 TEXT "ECS task id",
    RejectReason "reject-reason" 8 TEXT "BPA or EC",
    ResourceId "resource-id" 9 TEXT "resource behind the flow",
    EncryptionStatus "encryption-status" 10 U8 "0 clear, 1 Nitro, 2 application, 3 both",
    InstanceTag "instance-tag" 11 TEXT "value of an instance tag",
    InstanceTag2 "instance-tag-2" 11 TEXT "value of a second instance tag",
    InterfaceTag "interface-tag" 11 TEXT "value of an interface tag",
    InterfaceTag2 "interface-tag-2" 11 TEXT "value of a second interface tag",
    AsgTag "asg-tag" 11 TEXT "value of an Auto Scaling group tag",
    AsgTag2 "asg-tag-2" 11 TEXT "value of a second Auto Scaling group tag",
    InterfaceType "interface-type" 11 TEXT "kind of the interface",
    NextHopInterfaceId "next-hop-interface-id" 11 TEXT "peer interface",
    NextHopSubnetId "next-hop-subnet-id" 11 TEXT "subnet of the peer interface",
    NextHopAzId "next-hop-az-id" 11 TEXT "availability zone of the peer interface",
    NextHopVpcId "next-hop-vpc-id" 11 TEXT "VPC of the peer interface",
    NextHopInterfaceType "next-hop-interface-type" 11 TEXT "kind of the peer interface",
    ResourceType "resource-type" 6 TEXT "TransitGateway or TransitGatewayAttachment",
    TgwId "tgw-id" 6 TEXT "transit gateway",
    TgwAttachmentId "tgw-attachment-id" 6 TEXT "attachment",
    TgwSrcVpcAccountId "tgw-src-vpc-account-id" 6 TEXT "account of the source VPC",
    TgwDstVpcAccountId "tgw-dst-vpc-account-id" 6 TEXT "account of the destination VPC",
    TgwSrcVpcId "tgw-src-vpc-id" 6 TEXT "source VPC",
    TgwDstVpcId "tgw-dst-vpc-id" 6 TEXT "destination VPC",
    TgwSrcSubnetId "tgw-src-subnet-id" 6 TEXT "source subnet",
    TgwDstSubnetId "tgw-dst-subnet-id" 6 TEXT "destination subnet",
    TgwSrcEni "tgw-src-eni" 6 TEXT "source interface",
    TgwDstEni "tgw-dst-eni" 6 TEXT "destination interface",
    TgwSrcAzId "tgw-src-az-id" 6 TEXT "source availability zone",
    TgwDstAzId "tgw-dst-az-id" 6 TEXT "destination availability zone",
    TgwPairAttachmentId "tgw-pair-attachment-id" 6 TEXT "the other attachment",
    PacketsLostNoRoute "packets-lost-no-route" 6 U64 "lost for want of a route",
    PacketsLostBlackhole "packets-lost-blackhole" 6 U64 "lost in a black hole",
    PacketsLostMtuExceeded "packets-lost-mtu-exceeded" 6 U64 "lost to the MTU",
    PacketsLostTtlExpired "packets-lost-ttl-expired" 6 U64 "lost to the TTL",
}

/// What widely used tables call fields otherwise, in lower case and without `-` and `_`.
const ALIASES: [(&str, Field); 14] = [
    ("account", Field::AccountId),
    ("eni", Field::InterfaceId),
    ("source", Field::SrcAddr),
    ("sourceaddress", Field::SrcAddr),
    ("destination", Field::DstAddr),
    ("destinationaddress", Field::DstAddr),
    ("sourceport", Field::SrcPort),
    ("destport", Field::DstPort),
    ("destinationport", Field::DstPort),
    ("numpackets", Field::Packets),
    ("numbytes", Field::Bytes),
    ("windowstart", Field::Start),
    ("windowend", Field::End),
    ("flowlogstatus", Field::LogStatus),
];

impl Field {
    /// Whether its values are times: seconds since 1970, or milliseconds.
    pub(crate) fn is_time(self) -> bool {
        matches!(self, Self::Start | Self::End)
    }
}

/// Whether a name is one word after the other with a capital between, as in `srcAddr`.
fn is_camel(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && name.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// The most letters of a name or an alias.
const LETTERS_MAX: usize = 32;

/// A name in lower case without `-` and `_`.
struct Letters {
    bytes: [u8; LETTERS_MAX],
    length: usize,
}

impl Letters {
    /// None if they are more than a field's name has.
    fn new(name: &str) -> Option<Self> {
        let mut letters = Self { bytes: [0; LETTERS_MAX], length: 0 };
        for byte in name.bytes().filter(|byte| !matches!(byte, b'-' | b'_')) {
            *letters.bytes.get_mut(letters.length)? = byte.to_ascii_lowercase();
            letters.length += 1;
        }
        Some(letters)
    }

    fn text(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The fields by the letters of their names, and of their aliases, which are marked. JSON asks for
/// each member of each event.
static FIELDS_BY_LETTERS: LazyLock<HashMap<Vec<u8>, (Field, bool)>> = LazyLock::new(|| {
    let own = Field::ALL.iter().map(|field| (field.name(), *field));
    let own = own.chain([("starttime", Field::Start), ("endtime", Field::End)]);
    let own = own.map(|(name, field)| (name, (field, false)));
    let all = own.chain(ALIASES.map(|(alias, field)| (alias, (field, true))));
    all.filter_map(|(name, field)| Some((Letters::new(name)?.text().to_vec(), field))).collect()
});

/// The default format: the 14 fields of version 2, in AWS's order.
pub const V2: [Field; 14] = [
    Field::Version,
    Field::AccountId,
    Field::InterfaceId,
    Field::SrcAddr,
    Field::DstAddr,
    Field::SrcPort,
    Field::DstPort,
    Field::Protocol,
    Field::Packets,
    Field::Bytes,
    Field::Start,
    Field::End,
    Field::Action,
    Field::LogStatus,
];

/// The 29 fields of versions 2 to 5, in AWS's order.
pub const V5: [Field; 29] = first(Field::ALL);

/// The 36 fields of transit-gateway flow logs, in AWS's order.
pub const TRANSIT_GATEWAY: [Field; 36] = [
    Field::Version,
    Field::ResourceType,
    Field::AccountId,
    Field::TgwId,
    Field::TgwAttachmentId,
    Field::TgwSrcVpcAccountId,
    Field::TgwDstVpcAccountId,
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
    Field::PacketsLostNoRoute,
    Field::PacketsLostBlackhole,
    Field::PacketsLostMtuExceeded,
    Field::PacketsLostTtlExpired,
    Field::TcpFlags,
    Field::Region,
    Field::FlowDirection,
    Field::PktSrcAwsService,
    Field::PktDstAwsService,
];

/// The first `N` fields of a list.
const fn first<const N: usize>(fields: &[Field]) -> [Field; N] {
    match fields.first_chunk() {
        Some(first) => *first,
        None => panic!("the list is shorter"),
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_field_in_both_spellings() {
        for &field in Field::ALL {
            assert_eq!(Field::parse(field.name()), Some(field));
            assert_eq!(Field::parse(&field.name().replace('-', "_")), Some(field));
            assert!(!field.help().is_empty());
        }
        for none in ["", "SRCADDR", "SrcAddr", "srcAddress", "source", "src_addr", "starttime"] {
            assert_eq!(Field::parse(none), None, "{none}");
            assert_eq!(Field::parse(&format!("a {none}")), None);
        }
    }

    /// As CloudWatch Logs Insights and others write names.
    fn camel(name: &str) -> String {
        let mut words = name.split('-');
        let mut camel = words.next().unwrap().to_owned();
        for word in words {
            camel.extend([word[..1].to_ascii_uppercase(), word[1..].to_owned()]);
        }
        camel
    }

    #[test]
    fn camel_case_finds_its_field() {
        for &field in Field::ALL {
            assert_eq!(Field::parse(&camel(field.name())), Some(field), "{field}");
        }
        let insights = "accountId endTime interfaceId logStatus startTime version action bytes \
            dstAddr dstPort packets protocol srcAddr srcPort azId nextHopAzId instanceTag \
            pktSrcAwsService";
        let found: Vec<Field> = insights.split_whitespace().filter_map(Field::parse).collect();
        assert_eq!(found.len(), 18);
        assert_eq!(found[..3], [Field::AccountId, Field::End, Field::InterfaceId]);
    }

    #[test]
    fn aliases_lead_to_one_field() {
        for &field in Field::ALL {
            let name = field.name();
            for spelling in [name.to_owned(), camel(name), name.replace('-', "_")] {
                assert_eq!(Field::from_alias(&spelling), Some(field));
                assert_eq!(Field::from_alias(&spelling.to_uppercase()), Some(field));
            }
        }
        for (at, (alias, field)) in ALIASES.iter().enumerate() {
            assert_eq!(Field::from_alias(alias), Some(*field));
            assert_eq!(Field::from_letters(alias), None, "{alias} is a name itself");
            assert!(ALIASES[..at].iter().all(|(other, _)| other != alias), "{alias} is twice");
            assert_eq!(Letters::new(alias).unwrap().text(), alias.as_bytes(), "not found");
        }
        let names = Field::ALL.len() + 2 + ALIASES.len();
        assert_eq!(FIELDS_BY_LETTERS.len(), names, "names share letters, or have too many");
        assert_eq!(Field::from_alias(&"a-".repeat(100)), None);
        let lists = [
            (Field::SrcAddr, "src_addr source sourceaddress SOURCE_ADDRESS srcAddr"),
            (Field::DstAddr, "dst_addr destination destinationaddress DestinationAddress"),
            (Field::SrcPort, "src_port sourceport sourcePort"),
            (Field::DstPort, "dst_port destport destinationport"),
            (Field::Packets, "numpackets NumPackets"),
            (Field::Bytes, "numbytes BYTES"),
            (Field::Start, "starttime start_time windowstart startTime window-start"),
            (Field::End, "endtime end_time windowend"),
            (Field::InterfaceId, "eni interfaceid"),
            (Field::AccountId, "account accountid"),
            (Field::LogStatus, "logstatus flowlogstatus"),
        ];
        for (field, names) in lists {
            for name in names.split(' ') {
                assert_eq!(Field::from_alias(name), Some(field), "{name}");
            }
        }
        for none in ["", "-", "message", "timestamp", "time", "date", "status", "a b", "src addr"] {
            assert_eq!(Field::from_alias(none), None, "{none}");
        }
    }

    #[test]
    fn default_format_is_version_two_in_order() {
        assert!(V2.iter().all(|field| field.version() == 2));
        assert_eq!(V2.len(), 14);
        assert_eq!(&Field::ALL[..14], &V2);
    }
}
