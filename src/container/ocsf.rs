//! Network activity of OCSF, the schema in which Amazon Security Lake keeps flow logs: what each
//! field of a flow log is called there, in objects of JSON as in nested columns of Parquet.
//!
//! An event of class 4001 is a record. AWS's mappings for OCSF 1.0 to 1.5 are understood alike:
//!
//! - `version` is `metadata.product.version`;
//! - `account-id`, `region` and `az-id` are `account.uid` (or `account.uuid`, or `account_uid`),
//!   `region` and `zone` of `cloud`;
//! - `interface-id`, `vpc-id`, `subnet-id` and `instance-id` are members of `dst_endpoint` if the
//!   direction is inbound, of `src_endpoint` if it is outbound; where that is not said, or that
//!   endpoint has no interface, of the one that has one;
//! - `pkt-srcaddr`, `srcport` and `pkt-src-aws-service` are `ip`, `port` and `svc_name` of
//!   `src_endpoint`; the destination's alike of `dst_endpoint`;
//! - `srcaddr` and `dstaddr` are the first of the endpoint's `intermediate_ips`, where AWS puts the
//!   interface's address if the packet has another one, else its `ip`;
//! - `protocol`, `tcp-flags` and `type` are `protocol_num`, `tcp_flags` and `protocol_ver` of
//!   `connection_info`, `flow-direction` its `direction_id` or `direction`, and `traffic-path` its
//!   `boundary_id`, of which 4 to 11 are 1 to 8;
//! - `packets` and `bytes` are those of `traffic`;
//! - `start` is `start_time`, `time` or `start_time_dt`, and `end` is `end_time` or `end_time_dt`;
//! - `action` is ACCEPT or REJECT by `action_id`, `action` or `disposition`;
//! - `log-status` is `status_code`;
//! - all others stand in `unmapped`, a map or a list of pairs.
//!
//! What stands in an event besides, such as its `observables`, is said elsewhere in it.

use std::borrow::Cow;

use serde_json::Value;

use crate::calendar::seconds_since_1970;
use crate::field::{Field, V5};

/// The class of network activity.
pub const CLASS: &str = "4001";

/// A value in an event: a group of members, a list, or a text, number or truth value.
pub trait Node: Sized {
    /// The member of a group.
    fn member(&self, name: &str) -> Option<&Self>;

    /// The elements of a list.
    fn elements(&self) -> Vec<&Self>;

    /// The names and values of a group or map.
    fn entries(&self) -> Vec<(Cow<'_, str>, &Self)>;

    /// What is no group and no list; numbers without a fraction of zeros, and times in parts of a
    /// second since 1970.
    fn text(&self) -> Option<Cow<'_, str>>;
}

/// The groups and values on the outside of an event that a field is taken from.
pub fn sources(field: Field) -> &'static [&'static str] {
    match field {
        Field::Version => &["metadata"],
        Field::AccountId | Field::Region | Field::AzId => &["cloud"],
        Field::InterfaceId | Field::VpcId | Field::SubnetId | Field::InstanceId => {
            &["connection_info", "src_endpoint", "dst_endpoint"]
        }
        Field::SrcAddr | Field::PktSrcAddr | Field::SrcPort | Field::PktSrcAwsService => {
            &["src_endpoint"]
        }
        Field::DstAddr | Field::PktDstAddr | Field::DstPort | Field::PktDstAwsService => {
            &["dst_endpoint"]
        }
        Field::Protocol
        | Field::TcpFlags
        | Field::Type
        | Field::FlowDirection
        | Field::TrafficPath => &["connection_info"],
        Field::Packets | Field::Bytes => &["traffic"],
        Field::Start => &["start_time", "time", "start_time_dt"],
        Field::End => &["end_time", "end_time_dt"],
        Field::Action => &["action_id", "action", "disposition"],
        Field::LogStatus => &["status_code"],
        _ => &["unmapped"],
    }
}

/// What an event says of a field.
pub fn value<N: Node>(event: &N, field: Field) -> Option<Cow<'_, str>> {
    let at = |path: &str| text(event, path);
    match field {
        Field::Version => at("metadata.product.version"),
        Field::AccountId => at("cloud.account.uid")
            .or_else(|| at("cloud.account.uuid"))
            .or_else(|| at("cloud.account_uid")),
        Field::Region => at("cloud.region"),
        Field::AzId => at("cloud.zone"),
        Field::InterfaceId => of_interface(event, "interface_uid"),
        Field::VpcId => of_interface(event, "vpc_uid"),
        Field::SubnetId => of_interface(event, "subnet_uid"),
        Field::InstanceId => of_interface(event, "instance_uid"),
        Field::SrcAddr => interface_address(event, "src_endpoint"),
        Field::DstAddr => interface_address(event, "dst_endpoint"),
        Field::PktSrcAddr => at("src_endpoint.ip"),
        Field::PktDstAddr => at("dst_endpoint.ip"),
        Field::SrcPort => at("src_endpoint.port"),
        Field::DstPort => at("dst_endpoint.port"),
        Field::PktSrcAwsService => at("src_endpoint.svc_name"),
        Field::PktDstAwsService => at("dst_endpoint.svc_name"),
        Field::Protocol => at("connection_info.protocol_num"),
        Field::TcpFlags => at("connection_info.tcp_flags"),
        Field::Type => at("connection_info.protocol_ver"),
        Field::FlowDirection => is_inbound(event).map(|is_inbound| match is_inbound {
            true => Cow::Borrowed("ingress"),
            false => Cow::Borrowed("egress"),
        }),
        Field::TrafficPath => {
            let boundary: u8 = at("connection_info.boundary_id")?.parse().ok()?;
            matches!(boundary, 4..=11).then(|| Cow::Owned((boundary - 3).to_string()))
        }
        Field::Packets => at("traffic.packets"),
        Field::Bytes => at("traffic.bytes"),
        Field::Start | Field::End => {
            let time = sources(field).iter().find_map(|name| at(name))?;
            Some(time_in_seconds(time))
        }
        Field::Action => action(event),
        Field::LogStatus => at("status_code"),
        other => {
            let is_other = |name: &str| Field::from_alias(name) == Some(other);
            unmapped(event).into_iter().find(|(name, _)| is_other(name)).and_then(|(_, text)| text)
        }
    }
}

/// All that an event of JSON says: the fields of version 5, and what is unmapped beside them.
pub fn values(event: &Value) -> Vec<(Cow<'_, str>, Option<Cow<'_, str>>)> {
    let own = V5.iter().map(|&field| (Cow::Borrowed(field.name()), value(event, field)));
    let is_own = |name: &str| Field::from_alias(name).is_some_and(|field| V5.contains(&field));
    let others = unmapped(event).into_iter().filter(|(name, _)| !is_own(name));
    own.chain(others).collect()
}

/// The text at a path of names.
fn text<'e, N: Node>(event: &'e N, path: &str) -> Option<Cow<'e, str>> {
    path.split('.').try_fold(event, |node, name| node.member(name))?.text()
}

/// A member of the endpoint that the record's interface is.
fn of_interface<'e, N: Node>(event: &'e N, name: &str) -> Option<Cow<'e, str>> {
    let (source, destination) = (event.member("src_endpoint"), event.member("dst_endpoint"));
    let (first, second) = match is_inbound(event) {
        Some(false) => (source, destination),
        _ => (destination, source),
    };
    let has_interface = |endpoint: &&N| text(*endpoint, "interface_uid").is_some();
    let endpoint = first.filter(has_interface).or(second.filter(has_interface)).or(first);
    text(endpoint?, name)
}

/// An endpoint's address as its interface has it.
fn interface_address<'e, N: Node>(event: &'e N, endpoint: &str) -> Option<Cow<'e, str>> {
    let endpoint = event.member(endpoint)?;
    let between = endpoint.member("intermediate_ips").map(N::elements).unwrap_or_default();
    let between = between.into_iter().filter_map(N::text).find(|address| address != "-");
    between.or_else(|| text(endpoint, "ip"))
}

/// Whether the interface received, if that is said.
fn is_inbound<N: Node>(event: &N) -> Option<bool> {
    let of = |text: &str| match text {
        "1" | "Inbound" => Some(true),
        "2" | "Outbound" => Some(false),
        _ => None,
    };
    let said = |path: &str| text(event, path).and_then(|text| of(&text));
    said("connection_info.direction_id").or_else(|| said("connection_info.direction"))
}

/// What became of the traffic, in the words of flow logs.
fn action<N: Node>(event: &N) -> Option<Cow<'_, str>> {
    let of = |text: &str| match text {
        "1" | "Allowed" => Some("ACCEPT"),
        "2" | "Denied" | "Blocked" => Some("REJECT"),
        _ => None,
    };
    let names = sources(Field::Action);
    let said = names.iter().find_map(|name| of(&text(event, name)?));
    // Other words stay what they are.
    said.map(Cow::Borrowed).or_else(|| text(event, "action"))
}

/// A time in seconds: of parts of them since 1970, which their number tells, or of a date.
fn time_in_seconds(time: Cow<'_, str>) -> Cow<'_, str> {
    let seconds = match time.parse::<u64>() {
        Ok(seconds @ 0..100_000_000_000) => Some(seconds),
        Ok(milliseconds @ ..100_000_000_000_000) => Some(milliseconds / 1_000),
        Ok(microseconds @ ..100_000_000_000_000_000) => Some(microseconds / 1_000_000),
        Ok(nanoseconds) => Some(nanoseconds / 1_000_000_000),
        Err(_) => seconds_since_1970(&time),
    };
    seconds.map_or(time, |seconds| Cow::Owned(seconds.to_string()))
}

/// The names and values that have no place of their own: a group, a map, or a list of pairs, each
/// a list itself or a group of a key and a value.
fn unmapped<N: Node>(event: &N) -> Vec<(Cow<'_, str>, Option<Cow<'_, str>>)> {
    let Some(node) = event.member("unmapped") else { return Vec::new() };
    let mut found = node.entries();
    found.extend(node.elements().into_iter().filter_map(pair));
    found.into_iter().map(|(name, value)| (name, value.text())).collect()
}

/// The name and value of a pair: a list of both, or a group.
fn pair<N: Node>(pair: &N) -> Option<(Cow<'_, str>, &N)> {
    if let [name, value] = pair.elements()[..] {
        return name.text().map(|name| (name, value));
    }
    let name = text(pair, "key").or_else(|| text(pair, "name"))?;
    pair.member("value").map(|value| (name, value))
}

impl Node for Value {
    fn member(&self, name: &str) -> Option<&Self> {
        self.get(name)
    }

    fn elements(&self) -> Vec<&Self> {
        self.as_array().map(|elements| elements.iter().collect()).unwrap_or_default()
    }

    fn entries(&self) -> Vec<(Cow<'_, str>, &Self)> {
        let entries = self.as_object().into_iter().flatten();
        entries.map(|(name, value)| (Cow::Borrowed(name.as_str()), value)).collect()
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::String(text) => Some(Cow::Borrowed(text)),
            Self::Number(number) => Some(Cow::Owned(match number.as_f64() {
                Some(float) if number.is_f64() => whole(float),
                _ => number.to_string(),
            })),
            Self::Bool(is_true) => Some(Cow::Borrowed(if *is_true { "true" } else { "false" })),
            Self::Null | Self::Array(_) | Self::Object(_) => None,
        }
    }
}

/// A number without a fraction of zeros, which tools add that know no others.
pub fn whole(number: f64) -> String {
    format!("{number}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(event: &Value, field: Field) -> Option<String> {
        value(event, field).map(Cow::into_owned)
    }

    /// What an event says of fields, with a dash for what it does not say.
    fn all(event: &Value, fields: &[Field]) -> String {
        let all = fields.iter().map(|&field| said(event, field).unwrap_or_else(|| "-".to_owned()));
        all.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_field_has_its_place() {
        let event = json!({
            "action": "Denied", "action_id": 2, "class_uid": 4001, "time": 1_600_000_000_000_u64,
            "cloud": {"account": {"uid": "012345678901"}, "region": "eu-west-1", "zone": "z1"},
            "connection_info": {"boundary_id": 11, "direction_id": 2, "protocol_num": 6.0,
                "protocol_ver": "IPv4", "tcp_flags": 18.0},
            "src_endpoint": {"ip": "10.0.0.1", "port": 443.0, "svc_name": "-", "vpc_uid": "vpc-1",
                "interface_uid": "eni-1", "subnet_uid": "subnet-1", "instance_uid": "i-1"},
            "dst_endpoint": {"ip": "192.0.2.9", "port": 5, "svc_name": "S3",
                "intermediate_ips": ["-", "10.0.0.7"]},
            "end_time_dt": "2020-09-13T08:27:40.000-04:00", "status_code": "OK",
            "metadata": {"product": {"version": "5"}}, "traffic": {"bytes": 40.0, "packets": 1},
            "unmapped": {"sublocation_id": "-", "sublocation_type": "outpost", "resource-id": "n"}
        });
        assert_eq!(
            all(&event, &V5),
            "5 012345678901 eni-1 10.0.0.1 10.0.0.7 443 5 6 1 40 1600000000 1600000060 REJECT OK \
             vpc-1 subnet-1 i-1 18 IPv4 10.0.0.1 192.0.2.9 eu-west-1 z1 outpost - - S3 egress 8"
        );
        assert_eq!(said(&event, Field::ResourceId).as_deref(), Some("n"));
        let names: Vec<String> =
            values(&event).into_iter().map(|(name, _)| name.into_owned()).collect();
        assert_eq!((names.len(), names[29].as_str()), (30, "resource-id"));
    }

    #[test]
    fn the_interface_is_that_of_its_direction() {
        let event = |connection: Value, source: Value, destination: Value| {
            let event = json!({"connection_info": connection, "src_endpoint": source,
                "dst_endpoint": destination});
            all(&event, &[Field::InterfaceId, Field::VpcId, Field::FlowDirection])
        };
        let (own, other) = (json!({"interface_uid": "eni-1", "vpc_uid": "vpc-1"}), json!({}));
        let both = json!({"interface_uid": "eni-2", "vpc_uid": "vpc-2"});
        let inbound = json!({"direction_id": 1});
        assert_eq!(event(inbound.clone(), both.clone(), own.clone()), "eni-1 vpc-1 ingress");
        assert_eq!(event(inbound, own.clone(), other.clone()), "eni-1 vpc-1 ingress");
        let outbound = json!({"direction": "Outbound", "direction_id": 99});
        assert_eq!(event(outbound, own.clone(), both.clone()), "eni-1 vpc-1 egress");
        let unsaid = json!({"direction": "-", "direction_id": 0});
        assert_eq!(event(unsaid.clone(), own.clone(), other), "eni-1 vpc-1 -");
        assert_eq!(event(unsaid, own, both), "eni-2 vpc-2 -");
        assert_eq!(event(json!({}), json!({"vpc_uid": "vpc-1"}), json!(null)), "- - -");
    }

    #[test]
    fn earlier_versions_have_other_names() {
        let event = json!({
            "disposition": "Blocked", "cloud": {"account_uid": "1"}, "start_time": 1_600_000_000,
            "end_time": 1_600_000_060_000_000_u64,
            "unmapped": [["sublocation_id", "x"], {"key": "reject_reason", "value": "BPA"}]
        });
        let fields = [Field::Action, Field::AccountId, Field::Start, Field::End];
        assert_eq!(all(&event, &fields), "REJECT 1 1600000000 1600000060");
        let fields = [Field::SublocationId, Field::RejectReason, Field::ResourceId];
        assert_eq!(all(&event, &fields), "x BPA -");
        let of = |event: Value| all(&event, &[Field::Action, Field::Start]);
        assert_eq!(of(json!({"action": "Allowed", "start_time_dt": "x"})), "ACCEPT x");
        let time = 1_600_000_000_000_000_000_u64;
        assert_eq!(
            of(json!({"action_id": 99, "action": "ACCEPT", "time": time})),
            "ACCEPT 1600000000"
        );
    }
}
