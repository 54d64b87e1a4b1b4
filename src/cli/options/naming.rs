//! Options of what people call addresses, interfaces and ports.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use flowagg::{Error, Naming};

use crate::cli::input::shown;

/// The largest file of names that is read, all of it into memory: ten times the largest database
/// that is sold.
const FILE_BYTES_MAX: u64 = 8 << 30;

/// Where names come from; each makes more words for keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct NamingOptions {
    /// Names for keys such as src-name; also --geoip, --asn, --aws-ranges
    ///
    /// Of addresses and interfaces; may be repeated. A table of two columns in CSV or TSV (an
    /// address, a prefix or an interface, and its name; with a header, columns of these names), or
    /// the JSON that
    /// `aws ec2 describe-network-interfaces` prints. Makes src-name, dst-name, pkt-src-name,
    /// pkt-dst-name and interface-name. The most specific prefix counts, and of equal ones the
    /// first
    #[arg(long, value_name = "FILE", help_heading = "Names")]
    names: Vec<PathBuf>,

    /// Countries of addresses, for src-country and dst-country: a MaxMind database
    ///
    /// Of MaxMind or in its format, such as GeoLite2-Country.mmdb. None is shipped, and none is
    /// fetched
    #[arg(long, value_name = "FILE", help_heading = "Names", hide_short_help = true)]
    geoip: Option<PathBuf>,

    /// Autonomous systems, for src-asn and dst-asn: a MaxMind database
    ///
    /// Such as GeoLite2-ASN.mmdb
    #[arg(long, value_name = "FILE", help_heading = "Names", hide_short_help = true)]
    asn: Option<PathBuf>,

    /// AWS's services, for src-aws-service and dst-aws-service: its ip-ranges.json
    ///
    /// From https://ip-ranges.amazonaws.com/ip-ranges.json. AMAZON, which has all addresses, is
    /// the service only where there is no other
    #[arg(long, value_name = "FILE", help_heading = "Names", hide_short_help = true)]
    aws_ranges: Option<PathBuf>,
}

impl NamingOptions {
    /// Reads the files, and tells of each.
    ///
    /// # Errors
    /// What to tell of the first one that cannot be read or is not what it should be.
    pub fn load(&self, tell: impl Fn(&Path, &[u8])) -> Result<Naming, String> {
        let mut naming = Naming::new();
        for path in &self.names {
            naming = with(naming, path, &tell, |naming, file| naming.with_names(file))?;
        }
        if let Some(path) = &self.aws_ranges {
            naming = with(naming, path, &tell, |naming, file| naming.with_aws_ranges(file))?;
        }
        if let Some(path) = &self.geoip {
            naming = with(naming, path, &tell, |naming, file| naming.with_countries(file))?;
        }
        if let Some(path) = &self.asn {
            naming = with(naming, path, &tell, |naming, file| naming.with_asns(file))?;
        }
        Ok(naming)
    }
}

fn with(
    naming: Naming,
    path: &Path,
    tell: impl Fn(&Path, &[u8]),
    read: impl FnOnce(Naming, &[u8]) -> Result<Naming, Error>,
) -> Result<Naming, String> {
    let file = bytes(path, FILE_BYTES_MAX).map_err(Error::from);
    let naming = file.and_then(|file| {
        tell(path, &file);
        read(naming, &file)
    });
    naming.map_err(|error| format!("{}: {error}", shown(path)))
}

/// The bytes of a file, which may be a pipe too.
fn bytes(path: &Path, bytes_max: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        let text = format!("a file of more than {bytes_max} bytes, expected one of names");
        return Err(std::io::Error::other(text));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use flowagg::dialect::Keys;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        naming: NamingOptions,
    }

    fn load(line: &str) -> Result<Naming, String> {
        let words = std::iter::once("x").chain(line.split_whitespace());
        Line::try_parse_from(words).unwrap().naming.load(|_, _| ())
    }

    #[test]
    fn files_make_words_for_keys() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let ours = file("ours.csv", "10.0.0.0/8,inside\n");
        let more = file("more.tsv", "address\tname\n10.0.0.1\tweb\neni-1\tfirst\n");
        let ranges = file(
            "ip-ranges.json",
            r#"{"prefixes": [{"ip_prefix": "3.0.0.0/15", "service": "EC2"}], "ipv6_prefixes": []}"#,
        );
        let naming = load(&format!("--names {ours} --names {more} --aws-ranges {ranges}")).unwrap();
        assert_eq!(naming.names().unwrap().of(b"10.0.0.1"), b"web");
        assert_eq!(naming.names().unwrap().of(b"10.0.0.2"), b"inside");
        let keys = Keys::parse("src-name,dst-aws-service,interface-name", &naming).unwrap();
        assert_eq!(keys.columns().count(), 3);
        assert!(Keys::parse("src-name", &load("").unwrap()).is_err());

        let error = load(&format!("--geoip {ours}")).unwrap_err();
        assert!(error.starts_with(&format!("{ours}: no MaxMind database: ")), "{error}");
        let error = load(&format!("--asn {ours}")).unwrap_err();
        assert!(error.starts_with(&format!("{ours}: no MaxMind database: ")), "{error}");
        let error = load(&format!("--names {ours} --names {ours}.txt")).unwrap_err();
        assert_eq!(error, format!("{ours}.txt: no such file or directory"));
        let bad = file("bad.csv", "10.0.0.1,a\nx,b\n");
        let error = load(&format!("--names {bad}")).unwrap_err();
        assert!(error.starts_with(&format!("{bad}: line 2: \"x\", expected")), "{error}");
    }

    #[test]
    fn files_end_somewhere() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("LICENSE-MIT");
        let length = std::fs::metadata(&path).unwrap().len();
        assert!(bytes(&path, length - 1).unwrap_err().to_string().contains("more than"));
        assert_eq!(bytes(&path, length).unwrap().len() as u64, length);
        assert!(bytes(&path, length + 1).is_ok());
    }

    #[test]
    fn help_fits_a_line_each() {
        use clap::CommandFactory;
        let help = Line::command().render_help().to_string();
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
}
