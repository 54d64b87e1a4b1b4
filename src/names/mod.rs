//! What people call addresses, interfaces, protocols and ports: read from files that they give,
//! once before a run, into [`Labels`].
//!
//! Nothing is asked of a network, and no database is inside: a file says what it says on the day
//! it was fetched. Only the names of protocols and ports are shipped ([`crate::iana`]).

mod interfaces;
mod mmdb;
mod ranges;
mod table;

use std::sync::Arc;

use hashbrown::HashMap;

use crate::error::{Error, ErrorKind, utf_16};
use crate::iana;
use crate::labels::Labels;
use crate::prefixes::Prefix;

/// The byte order mark that some editors put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How many of the things that were named twice are told.
const TWICE_TOLD_MAX: usize = 3;

/// Where names come from: what was read so far.
///
/// ```
/// use flowagg::Naming;
/// let names = b"10.0.0.0/8,inside\n10.0.0.7,web\neni-0123456789abcdef0,web-eth0\n";
/// let naming = Naming::new().with_names(names)?;
/// assert_eq!(naming.names().unwrap().of(b"10.0.0.7"), b"web");
/// assert_eq!(naming.interfaces().unwrap().of(b"eni-0123456789abcdef0"), b"web-eth0");
/// assert!(naming.countries().is_none());
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Naming {
    /// What was named, in the order of the files, each once.
    named: Vec<(Named, Box<str>)>,
    /// Where among those.
    places: HashMap<Named, usize>,
    twice: Vec<String>,
    twice_count: usize,
    names: Option<Arc<Labels>>,
    interfaces: Option<Arc<Labels>>,
    countries: Option<Arc<Labels>>,
    systems: Option<Arc<Labels>>,
    services: Option<Arc<Labels>>,
}

/// What has a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Named {
    Prefix(Prefix),
    Interface(Box<str>),
}

impl Naming {
    /// No names but those of protocols and ports.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names of addresses, prefixes and interfaces too, from a table of two columns in CSV or TSV,
    /// or the JSON that `aws ec2 describe-network-interfaces` prints. Of an address the most
    /// specific prefix counts; what is there twice keeps its first name.
    ///
    /// # Errors
    /// [`ErrorKind::Names`] with the line, or the JSON path, of what is no name.
    pub fn with_names(mut self, file: &[u8]) -> Result<Self, Error> {
        if let Some(message) = utf_16(file) {
            return Err(fault(message));
        }
        let text = file.strip_prefix(BYTE_ORDER_MARK).unwrap_or(file);
        let mut count = 0;
        let mut add = |named: Named, name: &str| {
            count += 1;
            self.add(named, name);
        };
        // Of AWS it may be true that there is none.
        let is_json = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
        match is_json {
            true => interfaces::read(text, &mut add)?,
            false => table::read(text, &mut add)?,
        }
        if count == 0 && !is_json {
            return Err(fault("no name is in there, expected lines such as 10.0.0.7,web"));
        }
        let prefixes = self.named.iter().filter_map(|(named, name)| match named {
            Named::Prefix(prefix) => Some((*prefix, name)),
            Named::Interface(_) => None,
        });
        self.names = Some(Arc::new(Labels::of_prefixes(prefixes)));
        let interfaces = self.named.iter().filter_map(|(named, name)| match named {
            Named::Interface(interface) => Some((interface.as_bytes(), name)),
            Named::Prefix(_) => None,
        });
        self.interfaces = Some(Arc::new(Labels::of_texts(interfaces)));
        Ok(self)
    }

    /// AWS's services of addresses too, from its `ip-ranges.json`. The most specific prefix of a
    /// service counts; of equal ones any but EC2's, then the first by name. AMAZON, which has all
    /// of them, is the service only where there is no other.
    ///
    /// # Errors
    /// [`ErrorKind::Names`] if it is no such file.
    pub fn with_aws_ranges(mut self, file: &[u8]) -> Result<Self, Error> {
        if let Some(message) = utf_16(file) {
            return Err(fault(message));
        }
        self.services = Some(Arc::new(ranges::read(file)?));
        Ok(self)
    }

    /// Countries of addresses too, as ISO codes, from a database in MaxMind's format.
    ///
    /// # Errors
    /// [`ErrorKind::Names`] if it is no such file, is damaged or has no countries.
    pub fn with_countries(mut self, file: &[u8]) -> Result<Self, Error> {
        self.countries = Some(Arc::new(mmdb::countries(file)?));
        Ok(self)
    }

    /// Autonomous systems of addresses too, as `AS64496` and, if it says so, whose they are, from
    /// a database in MaxMind's format.
    ///
    /// # Errors
    /// [`ErrorKind::Names`] if it is no such file, is damaged or has no autonomous systems.
    pub fn with_asns(mut self, file: &[u8]) -> Result<Self, Error> {
        self.systems = Some(Arc::new(mmdb::systems(file)?));
        Ok(self)
    }

    /// Names something, unless it has a name.
    fn add(&mut self, named: Named, name: &str) {
        let next = self.named.len();
        let place = *self.places.entry(named.clone()).or_insert(next);
        if place == next {
            return self.named.push((named, name.into()));
        }
        let first = &self.named[place].1;
        if **first != *name {
            self.twice_count += 1;
            if self.twice.len() < TWICE_TOLD_MAX {
                let (first, name) = (first.escape_debug(), name.escape_debug());
                self.twice.push(format!("{named} is named {first} and {name}; {first} counts"));
            }
        }
    }

    /// What was found that deserves a word: things that have two names.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.twice.clone();
        let more = self.twice_count - warnings.len();
        if more > 0 {
            warnings.push(format!("{more} more names are second ones, and do not count"));
        }
        warnings
    }

    /// Names of addresses.
    pub fn names(&self) -> Option<&Arc<Labels>> {
        self.names.as_ref()
    }

    /// Names of interfaces.
    pub fn interfaces(&self) -> Option<&Arc<Labels>> {
        self.interfaces.as_ref()
    }

    /// Countries of addresses.
    pub fn countries(&self) -> Option<&Arc<Labels>> {
        self.countries.as_ref()
    }

    /// Autonomous systems of addresses.
    pub fn asns(&self) -> Option<&Arc<Labels>> {
        self.systems.as_ref()
    }

    /// AWS's services of addresses.
    pub fn aws_services(&self) -> Option<&Arc<Labels>> {
        self.services.as_ref()
    }

    /// Names of protocols.
    pub fn protocols() -> Arc<Labels> {
        Arc::new(Labels::of_numbers(iana::protocols()))
    }

    /// Names of ports.
    pub fn ports() -> Arc<Labels> {
        Arc::new(Labels::of_numbers(iana::ports()))
    }
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use std::net::{Ipv4Addr, Ipv6Addr};
        match self {
            Self::Prefix(Prefix::V4(first, 32)) => write!(f, "{}", Ipv4Addr::from_bits(*first)),
            Self::Prefix(Prefix::V4(first, bits)) => {
                write!(f, "{}/{bits}", Ipv4Addr::from_bits(*first))
            }
            Self::Prefix(Prefix::V6(first, 128)) => write!(f, "{}", Ipv6Addr::from_bits(*first)),
            Self::Prefix(Prefix::V6(first, bits)) => {
                write!(f, "{}/{bits}", Ipv6Addr::from_bits(*first))
            }
            Self::Interface(id) => write!(f, "{}", id.escape_debug()),
        }
    }
}

fn fault(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Names, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_names() {
        for file in [&b""[..], b"\xef\xbb\xbf# nothing\n\n", b"address,name\n"] {
            let error = Naming::new().with_names(file).unwrap_err();
            assert!(error.to_string().starts_with("no name is in there, expected"), "{error}");
        }
        assert!(Naming::new().with_names(b"{\"NetworkInterfaces\": []}").is_ok());
    }

    #[test]
    fn files_add_up_and_the_first_name_counts() {
        let naming = Naming::new().with_names(b"10.0.0.1,web\n10.0.0.0/8,inside\n").unwrap();
        assert!(naming.warnings().is_empty());
        let second = b"\xef\xbb\xbf10.0.0.1\tweb-2\n10.0.0.2\tdb\n10.0.0.0/8\tinside\neni-1\ta\n";
        let naming = naming.with_names(second).unwrap();
        assert_eq!(naming.warnings(), ["10.0.0.1 is named web and web-2; web counts"]);
        let names = naming.names().unwrap();
        let found = ["10.0.0.1", "10.0.0.2", "10.9.9.9", "11.0.0.1"];
        assert_eq!(
            found.map(|text| names.of(text.as_bytes())),
            [&b"web"[..], b"db", b"inside", b"-"]
        );
        assert_eq!(naming.interfaces().unwrap().of(b"eni-1"), b"a");
        let third = b"10.0.0.1,c\n10.0.0.2,c\neni-1,c\n::/0,all\n::/0,c\n10.0.0.0/8,c\n";
        let warnings = naming.with_names(third).unwrap().warnings();
        assert_eq!(warnings.len(), TWICE_TOLD_MAX + 1);
        assert_eq!(warnings[3], "3 more names are second ones, and do not count");
    }

    #[test]
    fn shipped_names() {
        assert_eq!(Naming::protocols().of(b"6"), b"tcp");
        assert_eq!(Naming::protocols().of(b"255"), b"-");
        assert_eq!(Naming::ports().of(b"443"), b"https");
        assert_eq!(Naming::ports().of(b"-"), b"-");
    }

    /// Files that were cut or changed anywhere are read or refused, in words that a terminal may
    /// see.
    #[test]
    fn damaged_files_are_read_or_refused() {
        let interfaces = br#"{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1",
            "PrivateIpAddress": "10.0.0.7", "TagSet": [{"Key": "Name", "Value": "w\u00e9b"}],
            "Ipv6Addresses": [{"Ipv6Address": "2001:db8::7"}]}]}"#;
        let ranges = br#"{"prefixes": [{"ip_prefix": "3.0.0.0/15", "service": "EC2"}],
            "ipv6_prefixes": [{"ipv6_prefix": "2600:1f00::/24", "service": "AMAZON"}]}"#;
        let table = b"address,name\n10.0.0.7,\"a \"\"web\"\"\"\n# no\n2001:db8::/32,v6\neni-1,e\n";
        let mut refused = 0;
        let mut check = |file: &[u8]| {
            for read in [Naming::with_names, Naming::with_aws_ranges] {
                if let Err(error) = read(Naming::new(), file) {
                    let text = error.to_string();
                    assert!(!text.contains(char::is_control), "{text:?}");
                    refused += 1;
                }
            }
        };
        for file in [&interfaces[..], ranges, table] {
            for at in 0..file.len() {
                check(&file[..at]);
                for byte in *b"\0\x1b\"/,{]9\n\xff" {
                    check(&[&file[..at], &[byte], &file[at + 1..]].concat());
                }
            }
        }
        assert!(refused > 1_000, "{refused}");
    }
}
