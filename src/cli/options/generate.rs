//! What can be typed after `flowagg gen`.

use clap::Args;
use flowagg::generate::Options;

use super::size::whole;

/// `flowagg gen`.
#[derive(Debug, Args)]
pub struct GenerateOptions {
    /// How many records
    #[arg(long, value_name = "N", value_parser = whole::<u64>)]
    pub lines: u64,

    /// Another seed gives another log; the same one gives the same bytes everywhere
    #[arg(long, value_name = "S", value_parser = whole::<u64>, default_value_t = 1)]
    pub seed: u64,

    /// Share of records with IPv6 addresses, such as 0.05 or 5%
    #[arg(long, value_name = "P", value_parser = share, default_value = "0")]
    pub ipv6: f64,

    /// Share of NODATA (and a few SKIPDATA) records
    #[arg(long, value_name = "P", value_parser = share, default_value = "2%")]
    pub nodata: f64,

    /// Share of REJECT among the others
    #[arg(long, value_name = "P", value_parser = share, default_value = "30%")]
    pub reject: f64,

    /// How many addresses there are to send from
    #[arg(long, value_name = "N", value_parser = whole::<u32>)]
    #[arg(default_value_t = Options::default().contributors)]
    pub contributors: u32,

    /// Write a header line first
    #[arg(long)]
    pub header: bool,
}

/// A share: `0.05` or `5%`.
fn share(text: &str) -> Result<f64, String> {
    let (number, unit) = match text.strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (text, 1.0),
    };
    let share = number.parse::<f64>().map(|number| number / unit);
    share
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "expected a share such as 0.05 or 5%".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::options::{Cli, Command};

    #[test]
    fn the_defaults_are_the_generator_s() {
        let cli = Cli::try_parse_from(["flowagg", "gen", "--lines", "1"]).unwrap();
        let Some(Command::Gen(typed)) = cli.command else { panic!("no gen") };
        let defaults = Options::default();
        assert_eq!(typed.seed, defaults.seed);
        assert_eq!(
            (typed.ipv6, typed.nodata, typed.reject),
            (defaults.ipv6, defaults.no_data, defaults.reject)
        );
    }

    #[test]
    fn shares() {
        assert_eq!(share("0.05"), Ok(0.05));
        assert_eq!(share("5%"), Ok(0.05));
        assert_eq!(share("100%"), Ok(1.0));
        for wrong in ["", "%", "5", "-1%", "101%", "NaN", "x"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }
}
