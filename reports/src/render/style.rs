//! Style: what users may set of a report's looks. It stands in the header of the record, so that whoever
//! draws the report again draws the same one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// The parts of a report that may be left out or put in another order, with what they tell. The verdict
/// with all checks comes first and the appendix always comes, for without them it is no report.
pub const PARTS: [(&str, &str); 10] = [
    (
        "overview",
        "one page: orbit, phases, what was tested on what, margins",
    ),
    ("power", "buses, boards, array and battery"),
    ("heat", "temperatures, clocks and states"),
    ("inference", "speed and correctness of the workloads"),
    ("down-link", "what fits through each pass"),
    ("channels", "checked channels that no other part shows"),
    ("outputs", "the worst outputs beside what was expected"),
    ("evidence", "what findings rest on, piece by piece"),
    ("faults", "what was broken on purpose"),
    (
        "telemetry",
        "health of links and clocks, and notable events",
    ),
];

/// Octets of a logo at most: it stands in every record and every report.
pub const LOGO_LIMIT: usize = 200_000;

/// What users may set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Style {
    /// Title above the verdict, instead of the campaign's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whose report it is; in the foot of each page and in the metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// A picture for the head of each page, PNG in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// Colour of titles: red, green, blue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<[u8; 3]>,
    /// The parts to show, by their names in [`PARTS`], in this order; all where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<String>,
}

impl Style {
    /// Whether nothing is set.
    pub fn is_plain(&self) -> bool {
        *self == Style::default()
    }

    /// Takes a logo; a sentence that says why not if it cannot be shown.
    ///
    /// # Errors
    /// If it is no PNG, has no pixels, or is longer than [`LOGO_LIMIT`].
    pub fn with_logo(mut self, bytes: &[u8]) -> Result<Style, String> {
        if bytes.len() > LOGO_LIMIT {
            return Err(format!(
                "has {} octets; expected at most {LOGO_LIMIT}, since every report carries it",
                bytes.len()
            ));
        }
        if is_svg(bytes) {
            return Err("is an SVG, which this report does not draw; make a PNG of it, as by \
                        `rsvg-convert --height 240 LOGO.svg --output LOGO.png` or by Inkscape, or make \
                        the report from a template (`bench report --template`), which takes the SVG"
                .to_owned());
        }
        let told = ::png::Decoder::new(std::io::Cursor::new(bytes)).read_info();
        if let Err(why) = told {
            return Err(format!(
                "is no PNG: {why}; expected a picture in that format"
            ));
        }
        self.logo = Some(STANDARD.encode(bytes));
        Ok(self)
    }

    /// The logo's octets with its width and height in pixels.
    pub(super) fn picture(&self) -> Option<(Vec<u8>, (u32, u32))> {
        let bytes = STANDARD.decode(self.logo.as_ref()?).ok()?;
        let reader = ::png::Decoder::new(std::io::Cursor::new(&bytes))
            .read_info()
            .ok()?;
        let size = reader.info().size();
        drop(reader);
        Some((bytes, size))
    }
}

/// Whether a file is a picture in SVG, by its first kilobyte: before its first element may stand what XML
/// allows there (XML 1.0, production 22).
fn is_svg(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(1_024)];
    let head = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head);
    let is_markup = head.trim_ascii_start().starts_with(b"<");
    is_markup && head.windows(4).any(|window| window == b"<svg")
}

/// A colour as people write it: `#0072b2`. `None` if it is none.
pub fn colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let digits = Some(digits).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let value = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = value.to_be_bytes();
    Some([red, green, blue])
}

/// Whether letters in that colour can be read on white: WCAG 2.1, success criterion 1.4.3, asks for a
/// contrast of 4.5 (its relative luminance is in section "Terms").
pub fn is_legible([red, green, blue]: [u8; 3]) -> bool {
    let linear = |part: u8| {
        let share = f64::from(part) / 255.0;
        if share <= 0.040_45 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    };
    let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    1.05 / (luminance + 0.05) >= 4.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_those_that_cannot_be_read_are_told() {
        assert_eq!(colour("#0072b2"), Some([0x00, 0x72, 0xb2]));
        for odd in [
            "0072b2", "#0072b", "#0072b2f", "#00zzb2", "blue", "", "#+072b2",
        ] {
            assert_eq!(colour(odd), None, "{odd}");
        }
        // The grey whose contrast on white is the least allowed is #767676, 4.54.
        assert!(is_legible([0x76; 3]) && !is_legible([0x77; 3]));
    }

    #[test]
    fn a_logo_is_a_png_that_is_not_long() {
        let none = Style::default();
        let why = |bytes: &[u8]| none.clone().with_logo(bytes).unwrap_err();
        assert!(why(b"GIF89a<svg").contains("no PNG"));
        for svg in [
            "<svg/>",
            "\u{feff}<?xml version=\"1.0\"?>\n<!-- a logo -->\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        ] {
            assert!(why(svg.as_bytes()).contains("rsvg-convert"), "{svg}");
        }
        assert!(why(b"<html/>").contains("no PNG"));
        let long = vec![0; LOGO_LIMIT + 1];
        assert!(
            none.clone()
                .with_logo(&long)
                .unwrap_err()
                .contains("at most")
        );
        let packed = super::super::png::pack(&[0; 6], 2, 1).unwrap();
        let style = none.with_logo(&packed).unwrap();
        assert_eq!(style.picture(), Some((packed, (2, 1))));
    }
}
