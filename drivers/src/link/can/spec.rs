//! What a wiring writes behind `link = "can:`.

use std::fmt;

/// A CAN interface of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanSpec {
    /// Its name, such as `can0`.
    pub interface: String,
    /// Bits per second that it must be set to, where that is known.
    pub bit_rate: Option<u32>,
}

/// The longest name of a network interface (`IFNAMSIZ` of `linux/if.h`, less the end).
const LONGEST_NAME: usize = 15;

impl CanSpec {
    /// Reads `can0` or `can0@500000`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<CanSpec, String> {
        let (name, rate) = match text.split_once('@') {
            Some((name, rate)) => (name, Some(bit_rate(rate)?)),
            None => (text, None),
        };
        if name.is_empty() {
            return Err("the name of the interface is missing, as in `can:can0`".to_owned());
        }
        let odd = |c: char| c.is_whitespace() || c == '/' || c == ':';
        if name.len() > LONGEST_NAME || name.contains(odd) || [".", ".."].contains(&name) {
            return Err(format!(
                "`{name}` is no name of a network interface: at most {LONGEST_NAME} characters, \
                 without blanks, `/` and `:`"
            ));
        }
        Ok(CanSpec {
            interface: name.to_owned(),
            bit_rate: rate,
        })
    }
}

/// Reads a bit rate of a CAN bus, bit/s.
pub(super) fn bit_rate(text: &str) -> Result<u32, String> {
    let rate = text.parse().ok();
    rate.filter(|rate| (1_000..=1_000_000).contains(rate))
        .ok_or_else(|| format!("`{text}` is no bit rate of a CAN bus, 1000 to 1000000 bit/s"))
}

impl fmt::Display for CanSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "can:{}", self.interface)?;
        match self.bit_rate {
            Some(rate) => write!(f, "@{rate}"),
            None => Ok(()),
        }
    }
}
