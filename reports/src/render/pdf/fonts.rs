//! Fonts: the three faces of a report, embedded, measured and set with their own kerning.

use std::borrow::Cow;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use ttf_parser::gpos::{PairAdjustment, PositioningSubtable};
use ttf_parser::opentype_layout::LookupIndex;

pub(in crate::render) static SANS: &[u8] = include_bytes!("../../../fonts/IBMPlexSans-Regular.ttf");
pub(in crate::render) static SEMI_BOLD: &[u8] =
    include_bytes!("../../../fonts/IBMPlexSans-SemiBold.ttf");
pub(in crate::render) static MONO: &[u8] = include_bytes!("../../../fonts/IBMPlexMono-Regular.ttf");

/// A face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    /// Running text.
    Sans,
    /// What must be seen.
    Strong,
    /// Digests and names of machines.
    Mono,
}

/// Height of capitals as a share of the size; the same in all three faces.
pub(super) const CAPITALS: f32 = 0.698;

/// How a letter is written that a face does not have: by its number in Unicode, `[5E74]`.
fn code(letter: char) -> String {
    format!("[{:04X}]", u32::from(letter))
}

/// `text` without what no archive may hold: controls, byte order marks, and letters without a meaning that
/// all share. They are written by their numbers.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    let unfit = |letter: char| {
        letter.is_control()
            || matches!(u32::from(letter), 0xfeff | 0xfffe | 0xffff | 0xe000..=0xf8ff | 0xf0000..)
    };
    if !text.contains(unfit) {
        return Cow::Borrowed(text);
    }
    let letters = text.chars().map(|letter| match letter {
        '\t' => " ".to_owned(),
        letter if unfit(letter) => code(letter),
        letter => letter.to_string(),
    });
    Cow::Owned(letters.collect())
}

/// The faces of a report.
pub(in super::super) struct Fonts {
    sans: Loaded,
    strong: Loaded,
    mono: Loaded,
}

/// A face, read twice: by krilla to embed it, by ttf-parser to measure it.
struct Loaded {
    font: Font,
    face: ttf_parser::Face<'static>,
    kerning: Vec<PairAdjustment<'static>>,
}

impl Fonts {
    pub(in super::super) fn new() -> Fonts {
        Fonts {
            sans: Loaded::new(SANS),
            strong: Loaded::new(SEMI_BOLD),
            mono: Loaded::new(MONO),
        }
    }

    fn loaded(&self, face: Face) -> &Loaded {
        match face {
            Face::Sans => &self.sans,
            Face::Strong => &self.strong,
            Face::Mono => &self.mono,
        }
    }

    pub(super) fn font(&self, face: Face) -> Font {
        self.loaded(face).font.clone()
    }

    /// Width of `text` in points.
    pub(super) fn width(&self, face: Face, size: f32, text: &str) -> f32 {
        let glyphs = self.shape(face, text);
        size * glyphs.iter().map(|glyph| glyph.x_advance).sum::<f32>()
    }

    /// The glyphs of `text`, left to right.
    pub(super) fn shape(&self, face: Face, text: &str) -> Vec<KrillaGlyph> {
        let loaded = self.loaded(face);
        let em = f32::from(loaded.face.units_per_em());
        let mut glyphs: Vec<KrillaGlyph> = Vec::with_capacity(text.len());
        let mut last = None;
        for (place, letter) in text.char_indices() {
            let range = place..place + letter.len_utf8();
            let mut set = |id: ttf_parser::GlyphId| {
                if let (Some(last), Some(before)) = (last, glyphs.last_mut()) {
                    before.x_advance += loaded.kern(last, id) / em;
                }
                last = Some(id);
                let advance = f32::from(loaded.face.glyph_hor_advance(id).unwrap_or(0)) / em;
                let shown = GlyphId::new(u32::from(id.0));
                let range = range.clone();
                glyphs.push(KrillaGlyph::new(shown, advance, 0.0, 0.0, 0.0, range, None));
            };
            match loaded.face.glyph_index(letter) {
                Some(id) => set(id),
                // All these glyphs stand for the one letter, so that who copies it gets it.
                None => code(letter)
                    .chars()
                    .filter_map(|part| loaded.face.glyph_index(part))
                    .for_each(set),
            }
        }
        glyphs
    }

    /// Whether a face has every letter of `text`.
    pub(super) fn has(&self, face: Face, text: &str) -> bool {
        let loaded = self.loaded(face);
        text.chars()
            .all(|letter| loaded.face.glyph_index(letter).is_some())
    }

    /// `text`, cut off with an ellipsis where it is wider than `room` points.
    pub(super) fn fitted(&self, (face, size): (Face, f32), text: &str, room: f32) -> String {
        if self.width(face, size, text) <= room {
            return text.to_owned();
        }
        let mut kept = text.to_owned();
        while kept.pop().is_some() && self.width(face, size, &kept) + size > room {}
        format!("{}…", kept.trim_end_matches([' ', '…']))
    }

    /// `text` in lines of at most `width` points: broken between words, and within a word only
    /// where it alone is too long, as digests and paths are.
    pub(super) fn wrap(&self, (face, size): (Face, f32), text: &str, width: f32) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for paragraph in text.split('\n') {
            let mut line = String::new();
            for word in printable(paragraph).split(' ') {
                let longer = if line.is_empty() {
                    word.to_owned()
                } else {
                    format!("{line} {word}")
                };
                if self.width(face, size, &longer) <= width {
                    line = longer;
                    continue;
                }
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                line = self.broken((face, size), word, width, &mut lines);
            }
            lines.push(line);
        }
        lines
    }

    /// Breaks a long word; whole lines go to `lines`, the rest comes back.
    fn broken(
        &self,
        (face, size): (Face, f32),
        word: &str,
        width: f32,
        lines: &mut Vec<String>,
    ) -> String {
        let mut rest = String::new();
        for letter in word.chars() {
            rest.push(letter);
            if rest.len() > letter.len_utf8() && self.width(face, size, &rest) > width {
                // After a joint of the word, if it has one; else wherever the line is full.
                let full = rest.len() - letter.len_utf8();
                let joint = rest[..full]
                    .rfind(['_', '.', '/', '-'])
                    .map_or(full, |place| place + 1);
                let next = rest.split_off(joint);
                lines.push(std::mem::replace(&mut rest, next));
            }
        }
        rest
    }
}

impl Loaded {
    fn new(bytes: &'static [u8]) -> Loaded {
        let face = ttf_parser::Face::parse(bytes, 0).expect("an embedded font is a font");
        let font = Font::new(bytes.into(), 0).expect("an embedded font is a font");
        let kerning = kerning(&face);
        Loaded {
            font,
            face,
            kerning,
        }
    }

    /// How much closer two glyphs stand, in font units.
    fn kern(&self, left: ttf_parser::GlyphId, right: ttf_parser::GlyphId) -> f32 {
        let pair = |table: &PairAdjustment| match table {
            PairAdjustment::Format1 { coverage, sets } => {
                let (first, _) = sets.get(coverage.get(left)?)?.get(right)?;
                Some(first.x_advance)
            }
            PairAdjustment::Format2 {
                coverage,
                classes,
                matrix,
            } => {
                coverage.get(left)?;
                let place = (classes.0.get(left), classes.1.get(right));
                let (first, _) = matrix.get(place)?;
                Some(first.x_advance)
            }
        };
        self.kerning.iter().find_map(pair).map_or(0.0, f32::from)
    }
}

/// The pair tables of a face's `kern` feature.
fn kerning(face: &ttf_parser::Face<'static>) -> Vec<PairAdjustment<'static>> {
    let Some(table) = face.tables().gpos else {
        return Vec::new();
    };
    let kern = ttf_parser::Tag::from_bytes(b"kern");
    let mut lookups: Vec<LookupIndex> = Vec::new();
    for feature in table
        .features
        .into_iter()
        .filter(|feature| feature.tag == kern)
    {
        lookups.extend(feature.lookup_indices);
    }
    lookups.sort_unstable();
    lookups.dedup();
    let mut pairs = Vec::new();
    for lookup in lookups
        .into_iter()
        .filter_map(|index| table.lookups.get(index))
    {
        for subtable in lookup.subtables.into_iter::<PositioningSubtable>() {
            if let PositioningSubtable::Pair(pair) = subtable {
                pairs.push(pair);
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_measured_with_kerning() {
        let fonts = Fonts::new();
        let width = |text: &str| fonts.width(Face::Sans, 10.0, text);
        assert!(
            (width("0000") - width("1234")).abs() < 1e-4,
            "figures stand in columns"
        );
        assert!(width("AV") < width("A") + width("V") - 0.01, "no kerning");
        assert!((fonts.width(Face::Mono, 10.0, "abc") - 18.0).abs() < 1e-4);
    }

    #[test]
    fn long_text_is_broken_between_words_and_long_words_within() {
        let fonts = Fonts::new();
        let face = (Face::Sans, 8.0);
        let text = format!("some words {} more", "a".repeat(60));
        let lines = fonts.wrap(face, &text, 90.0);
        assert!(lines.len() > 3);
        assert_eq!(lines[0], "some words");
        assert!(
            lines
                .iter()
                .all(|line| fonts.width(face.0, face.1, line) <= 90.0)
        );
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
    }
}
