//! Mean elements for SGP4 as CCSDS Orbit Mean-Elements Messages, in key-value or JSON notation
//! (CCSDS 502.0-B-3, section 4; JSON as celestrak.org and space-track.org write it).

use super::keys::{Piece, lines, missing};
use crate::orbit::elements::ElementsError;
use crate::orbit::utc::Utc;

/// Mean elements in TEME for SGP4, with all the digits that were written.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanElements {
    /// Name of the object; empty if none is given.
    pub name: String,
    /// When they hold best.
    pub epoch: Utc,
    /// Kozai's mean motion, rev/day.
    pub mean_motion: f64,
    /// Eccentricity.
    pub eccentricity: f64,
    /// Inclination, deg.
    pub inclination_deg: f64,
    /// Right ascension of the ascending node, deg.
    pub node_deg: f64,
    /// Argument of perigee, deg.
    pub perigee_deg: f64,
    /// Mean anomaly, deg.
    pub anomaly_deg: f64,
    /// Drag term B*, 1/earth radii.
    pub drag_term: f64,
}

/// Keys that must be there, in the order of [`MeanElements`].
const REQUIRED: [&str; 7] = [
    "EPOCH",
    "MEAN_MOTION",
    "ECCENTRICITY",
    "INCLINATION",
    "RA_OF_ASC_NODE",
    "ARG_OF_PERICENTER",
    "MEAN_ANOMALY",
];

impl MeanElements {
    /// Reads key-value notation (`KEY = value` a line) or JSON, one object.
    ///
    /// # Errors
    /// At the first value that cannot be, or what is missing.
    pub fn parse(text: &str) -> Result<MeanElements, ElementsError> {
        let pairs = if text.trim_start().starts_with(['{', '[']) {
            json_pairs(text)?
        } else {
            lines(text).filter_map(|line| line.key()).collect()
        };
        let mut found: [Option<Piece<'_>>; 7] = [None; 7];
        let (mut name, mut drag_term) = (String::new(), 0.0);
        for (key, value) in &pairs {
            if let Some(at) = REQUIRED.iter().position(|known| known == key) {
                if found[at].is_some() {
                    return Err(value.refuse(format!("`{key}` once: one set of elements")));
                }
                found[at] = Some(*value);
            }
            match *key {
                "OBJECT_NAME" => value.text.clone_into(&mut name),
                "BSTAR" => drag_term = value.number("a drag term, 1/earth radii")?,
                "MEAN_ELEMENT_THEORY" if !value.text.starts_with("SGP") => {
                    return Err(value.refuse("the theory SGP4"));
                }
                "REF_FRAME" => demand(value, "TEME")?,
                "TIME_SYSTEM" => demand(value, "UTC")?,
                "CENTER_NAME" => demand(value, "EARTH")?,
                _ => {}
            }
        }
        let get = |at: usize| {
            found[at].ok_or_else(|| missing(text, &format!("a value of `{}`", REQUIRED[at])))
        };
        Ok(MeanElements {
            epoch: get(0)?.instant()?,
            mean_motion: get(1)?.within(1e-3..20.0, "a mean motion (rev/day)")?,
            eccentricity: get(2)?.within(0.0..1.0, "an eccentricity")?,
            inclination_deg: get(3)?.within(0.0..180.000_001, "an inclination (deg)")?,
            node_deg: get(4)?.within(-360.0..360.000_001, "a node (deg)")?,
            perigee_deg: get(5)?.within(-360.0..360.000_001, "an argument of perigee (deg)")?,
            anomaly_deg: get(6)?.within(-360.0..360.000_001, "a mean anomaly (deg)")?,
            name,
            drag_term,
        })
    }
}

fn demand(value: &Piece<'_>, word: &str) -> Result<(), ElementsError> {
    if value.text.eq_ignore_ascii_case(word) {
        Ok(())
    } else {
        Err(value.refuse(format!("`{word}`")))
    }
}

/// The pairs of one flat JSON object, or of an array with one. Strings have no escapes in
/// these messages, so that the pieces can borrow from the text.
fn json_pairs(text: &str) -> Result<Vec<(&str, Piece<'_>)>, ElementsError> {
    let tokens = json_tokens(text)?;
    let inner: Vec<&Piece<'_>> = tokens
        .iter()
        .filter(|token| !matches!(token.text, "[" | "]" | "{" | "}" | ","))
        .collect();
    if let Some(second) = tokens.iter().filter(|token| token.text == "{").nth(1) {
        return Err(second.refuse("one object: one set of elements"));
    }
    inner
        .chunks(3)
        .map(|three| match three {
            [key, colon, value] if colon.text == ":" => Ok((key.text, **value)),
            _ => Err(three[0].refuse("a key, a colon and a value")),
        })
        .collect()
}

fn json_tokens(text: &str) -> Result<Vec<Piece<'_>>, ElementsError> {
    let mut tokens = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut at = 0;
        while let Some(c) = line[at..].chars().next() {
            let piece = |from: usize, to: usize| Piece {
                text: &line[from..to],
                line: index + 1,
                column: line[..from].chars().count() + 1,
            };
            at = if c.is_whitespace() {
                at + c.len_utf8()
            } else if c == '"' {
                let Some(length) = line[at + 1..].find('"') else {
                    return Err(piece(at, line.len()).refuse("a closing quote on this line"));
                };
                tokens.push(piece(at + 1, at + 1 + length));
                at + length + 2
            } else if "{}[],:".contains(c) {
                tokens.push(piece(at, at + 1));
                at + 1
            } else {
                let end = line[at..].find(|c: char| ",}] \t".contains(c));
                let end = end.map_or(line.len(), |end| at + end.max(1));
                tokens.push(piece(at, end));
                end
            };
        }
    }
    Ok(tokens)
}
