//! Lists of fields, as they are typed.

use super::keys::fields_of;
use crate::error::{Error, ErrorKind};
use crate::field::Field;
use crate::nearest::nearest;

/// The fields that words with commas between them mean, in any of their spellings, and in the
/// short ones that keys have: `src`, `dport`, `5tuple`.
///
/// ```
/// use flowagg::{Field, dialect};
/// let fields = dialect::fields("srcaddr, dst_port,numBytes")?;
/// assert_eq!(fields, [Field::SrcAddr, Field::DstPort, Field::Bytes]);
/// assert_eq!(dialect::fields("pair")?, [Field::SrcAddr, Field::DstAddr]);
/// let error = dialect::fields("srcadr").unwrap_err();
/// assert_eq!(error.to_string(), "`srcadr` is no field; did you mean `srcaddr`?");
/// # Ok::<(), flowagg::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Query`] for a word that is no field, and for a field that is there twice.
pub fn fields(text: &str) -> Result<Vec<Field>, Error> {
    let mut fields = Vec::new();
    for word in text.split(',').map(str::trim) {
        let Some(meant) = fields_of(word) else { return Err(unknown(word)) };
        for field in meant {
            if fields.contains(&field) {
                return Err(Error::new(ErrorKind::Query, format!("field {field} is there twice")));
            }
            fields.push(field);
        }
    }
    Ok(fields)
}

fn unknown(word: &str) -> Error {
    const CHARACTERS_MAX: usize = 60;
    let names = Field::ALL.iter().map(|field| field.name());
    let advice = match nearest(word, names) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => ", expected fields such as srcaddr,bytes".to_owned(),
    };
    let shown: String = word.chars().take(CHARACTERS_MAX).collect();
    Error::new(ErrorKind::Query, format!("`{}` is no field{advice}", shown.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_list_of_fields() {
        let error = |text: &str| fields(text).unwrap_err().to_string();
        assert_eq!(error("bytes,numbytes"), "field bytes is there twice");
        assert_eq!(error("bytes,"), "`` is no field, expected fields such as srcaddr,bytes");
        assert_eq!(error("5tuple,src"), "field srcaddr is there twice");
        assert_eq!(error("svc"), "`svc` is no field, expected fields such as srcaddr,bytes");
        assert_eq!(error("dstprot"), "`dstprot` is no field; did you mean `dstport`?");
        assert!(error(&"x\x1b".repeat(1000)).len() < 500);
    }
}
