//! Names in what `aws ec2 describe-network-interfaces` prints: each interface and all its
//! addresses have the name of its tag, else its description, else the instance that it is
//! attached to, else its own id.

use serde::Deserialize;

use super::{Named, fault};
use crate::error::Error;
use crate::error::shown;
use crate::prefixes::Prefix;

/// A page of interfaces.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    network_interfaces: Vec<Interface>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Interface {
    network_interface_id: String,
    description: Option<String>,
    attachment: Option<Attachment>,
    association: Option<Association>,
    private_ip_address: Option<String>,
    private_ip_addresses: Option<Vec<PrivateAddress>>,
    ipv6_addresses: Option<Vec<Ipv6Address>>,
    ipv4_prefixes: Option<Vec<Ipv4Prefix>>,
    ipv6_prefixes: Option<Vec<Ipv6Prefix>>,
    tag_set: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attachment {
    instance_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Association {
    public_ip: Option<String>,
    carrier_ip: Option<String>,
    customer_owned_ip: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PrivateAddress {
    private_ip_address: Option<String>,
    association: Option<Association>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ipv6Address {
    ipv6_address: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ipv4Prefix {
    ipv4_prefix: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ipv6Prefix {
    ipv6_prefix: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: Option<String>,
}

/// Reads such pages, one or more after the other, or lists of interfaces, and calls `add` with
/// each name.
pub fn read(text: &[u8], add: &mut impl FnMut(Named, &str)) -> Result<(), Error> {
    let stream = serde_json::Deserializer::from_slice(text);
    let no_json = |error: serde_json::Error| {
        fault(format!(
            "{error}; expected what `aws ec2 describe-network-interfaces` prints as JSON"
        ))
    };
    let mut number = 0;
    if text.trim_ascii_start().starts_with(b"[") {
        for page in stream.into_iter::<Vec<Interface>>() {
            number = read_page(page.map_err(no_json)?, number, "$", add)?;
        }
    } else {
        for page in stream.into_iter::<Page>() {
            let interfaces = page.map_err(no_json)?.network_interfaces;
            number = read_page(interfaces, number, "$.NetworkInterfaces", add)?;
        }
    }
    Ok(())
}

/// Reads interfaces, of which the first has this number; the number of the next one.
fn read_page(
    interfaces: Vec<Interface>,
    first: usize,
    path: &str,
    add: &mut impl FnMut(Named, &str),
) -> Result<usize, Error> {
    let next = first + interfaces.len();
    for (number, interface) in (first..).zip(interfaces) {
        let name = name(&interface).to_owned();
        for text in interface.addresses() {
            let Some(prefix) = Prefix::parse(text) else {
                let text = shown(text);
                return Err(fault(format!(
                    "{path}[{number}]: {text}, expected an address such as 10.0.0.7"
                )));
            };
            add(Named::Prefix(prefix), &name);
        }
        add(Named::Interface(interface.network_interface_id.into()), &name);
    }
    Ok(next)
}

impl Interface {
    fn addresses(&self) -> impl Iterator<Item = &str> {
        let private = self.private_ip_addresses.iter().flatten();
        let own = private.clone().filter_map(|address| address.private_ip_address.as_deref());
        let associations = private.filter_map(|address| address.association.as_ref());
        let public = associations.chain(&self.association).flat_map(|association| {
            [&association.public_ip, &association.carrier_ip, &association.customer_owned_ip]
        });
        let ipv6 = self.ipv6_addresses.iter().flatten();
        let prefixes = self.ipv4_prefixes.iter().flatten();
        let ipv6_prefixes = self.ipv6_prefixes.iter().flatten();
        let first = self.private_ip_address.as_deref();
        first
            .into_iter()
            .chain(own)
            .chain(public.filter_map(Option::as_deref))
            .chain(ipv6.filter_map(|address| address.ipv6_address.as_deref()))
            .chain(prefixes.filter_map(|prefix| prefix.ipv4_prefix.as_deref()))
            .chain(ipv6_prefixes.filter_map(|prefix| prefix.ipv6_prefix.as_deref()))
            .filter(|text| !text.is_empty())
    }
}

/// What an interface is called.
fn name(interface: &Interface) -> &str {
    let tags = interface.tag_set.iter().flatten().filter(|tag| tag.key == "Name");
    let tag = tags.filter_map(|tag| tag.value.as_deref()).next();
    let instance = interface.attachment.as_ref().and_then(|at| at.instance_id.as_deref());
    [tag, interface.description.as_deref(), instance]
        .into_iter()
        .flatten()
        .map(str::trim)
        .find(|name| !name.is_empty())
        .unwrap_or(&interface.network_interface_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        let read = read(text.as_bytes(), &mut |named, name| found.push(format!("{named}={name}")));
        read.map(|()| found).map_err(|error| error.to_string())
    }

    const LIST: &str = r#"[
      {"NetworkInterfaceId": "eni-1", "Description": "not this", "InterfaceType": "interface",
       "Association": {"PublicIp": "203.0.113.7", "IpOwnerId": "amazon"},
       "PrivateIpAddress": "10.0.0.7",
       "PrivateIpAddresses": [
         {"Primary": true, "PrivateIpAddress": "10.0.0.7",
          "Association": {"PublicIp": "203.0.113.7", "CarrierIp": "198.51.100.1"}},
         {"Primary": false, "PrivateIpAddress": "10.0.0.8"}],
       "Ipv6Addresses": [{"Ipv6Address": "2001:db8::7"}],
       "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.16/28"}],
       "Ipv6Prefixes": [{"Ipv6Prefix": "2001:db8:0:0:1::/80"}],
       "TagSet": [{"Key": "team", "Value": "x"}, {"Key": "Name", "Value": "web"}]},
      {"NetworkInterfaceId": "eni-2", "Description": "ELB app/main/1", "TagSet": [],
       "PrivateIpAddress": "10.0.0.9", "Attachment": {"InstanceOwnerId": "amazon-elb"}},
      {"NetworkInterfaceId": "eni-3", "Description": "", "Attachment": {"InstanceId": "i-3"},
       "TagSet": [{"Key": "Name", "Value": ""}], "Association": null}]"#;

    fn page() -> String {
        format!("{{\"NetworkInterfaces\": {LIST}, \"NextToken\": null}}")
    }

    #[test]
    fn tag_then_description_then_instance_then_id() {
        let bare = r#"{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-4",
            "PrivateIpAddress": "10.0.0.4"}]}"#;
        let found = names(&format!("{}\n{bare}", page())).unwrap();
        let mut distinct = found.clone();
        distinct.sort();
        distinct.dedup();
        let expected = [
            "10.0.0.4=eni-4",
            "10.0.0.7=web",
            "10.0.0.8=web",
            "10.0.0.9=ELB app/main/1",
            "10.0.1.16/28=web",
            "198.51.100.1=web",
            "2001:db8:0:0:1::/80=web",
            "2001:db8::7=web",
            "203.0.113.7=web",
            "eni-1=web",
            "eni-2=ELB app/main/1",
            "eni-3=i-3",
            "eni-4=eni-4",
        ];
        assert_eq!(distinct, expected);
        assert_eq!(names(LIST).unwrap(), found[..found.len() - 2]);
    }

    #[test]
    fn faults_have_their_place() {
        let fault = |text: &str| names(text).unwrap_err();
        let wrong = page().replace("10.0.0.9", "10.0.0.900");
        assert_eq!(
            fault(&wrong),
            "$.NetworkInterfaces[1]: \"10.0.0.900\", expected an address such as 10.0.0.7"
        );
        let missing = fault(r#"{"Reservations": []}"#);
        assert!(missing.starts_with("missing field `NetworkInterfaces` at line 1"), "{missing}");
        assert!(missing.ends_with("prints as JSON"), "{missing}");
        assert!(fault(&page()[..300]).starts_with("EOF while parsing"));
        assert!(fault("[1]").contains("at line 1 column 2"));
    }
}
