//! The seal of a report: what it was made from and what it says, as a line of text in its metadata.
//! Whoever has the run's folder can so tell whether a report is of this run, and unchanged.

use crate::digest;
use crate::report::Report;

/// What every seal begins with.
const BEGINS: &str = "bench-seal ";

/// A seal, as a report carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// SHA-256 of the record, as 64 hexadecimal digits; `-` where the report knew of none.
    pub record: String,
    /// SHA-256 over the paths and digests of all inputs, in their order.
    pub inputs: String,
    /// `PASS`, `FAIL` or `INCONCLUSIVE`.
    pub verdict: String,
}

impl Seal {
    /// The seal of a report.
    pub fn of(report: &Report) -> Seal {
        let manifest = &report.manifest;
        let inputs = report.header.inputs.iter();
        let inputs: Vec<String> = inputs
            .map(|input| format!("{} {}\n", input.sha256, input.path))
            .collect();
        Seal {
            record: manifest
                .record
                .as_ref()
                .map_or_else(|| "-".to_owned(), |record| record.sha256.clone()),
            inputs: digest::sha256_hex(inputs.concat().as_bytes()),
            verdict: report.verdict.to_string(),
        }
    }

    /// The seal in the bytes of a report, PDF or HTML; `None` if there is none.
    pub fn find(bytes: &[u8]) -> Option<Seal> {
        let at = bytes
            .windows(BEGINS.len())
            .position(|window| window == BEGINS.as_bytes())?;
        let rest = &bytes[at + BEGINS.len()..];
        let end = rest.iter().position(|byte| b"<>\"()".contains(byte));
        let text = std::str::from_utf8(&rest[..end?]).ok()?;
        let mut seal = Seal {
            record: String::new(),
            inputs: String::new(),
            verdict: String::new(),
        };
        for word in text.split_whitespace() {
            let (name, value) = word.split_once('=')?;
            match name {
                "record" => value.clone_into(&mut seal.record),
                "inputs" => value.clone_into(&mut seal.inputs),
                "verdict" => value.clone_into(&mut seal.verdict),
                // What later versions may add.
                _ => {}
            }
        }
        let whole = ![&seal.record, &seal.inputs, &seal.verdict]
            .map(String::is_empty)
            .contains(&true);
        whole.then_some(seal)
    }
}

impl std::fmt::Display for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Seal {
            record,
            inputs,
            verdict,
        } = self;
        write!(
            f,
            "{BEGINS}record={record} inputs={inputs} verdict={verdict}"
        )
    }
}
