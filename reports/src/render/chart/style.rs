//! Style: colours, weights, dashes and type of every chart. Colours are Okabe and Ito's, which
//! people with any colour vision can tell apart; weights and dashes do the same on a grey print.

use plotters::style::RGBColor;
use profiles::phase::Phase;

use super::super::figure::Pen;

/// How a line is drawn.
#[derive(Clone, Copy)]
pub(super) struct Stroke {
    pub(super) colour: RGBColor,
    /// In points.
    pub(super) weight: f64,
    /// Lengths of dash, gap, dash, … in points; empty for solid.
    pub(super) dashes: &'static [f64],
}

/// How text is set.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) strong: bool,
    pub(super) colour: RGBColor,
}

pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(super) const QUIET: RGBColor = RGBColor(0x59, 0x59, 0x59);
pub(super) const WHITE: RGBColor = RGBColor(0xff, 0xff, 0xff);
pub(super) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
pub(super) const VERMILION: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
pub(super) const GREEN: RGBColor = RGBColor(0x00, 0x9e, 0x73);
pub(super) const PURPLE: RGBColor = RGBColor(0xa8, 0x4a, 0x80);
/// What goldens expect: Okabe and Ito's yellow-orange, thinned.
pub(super) const GOLD: RGBColor = RGBColor(0xf7, 0xe3, 0xb5);
pub(super) const GOLD_EDGE: RGBColor = RGBColor(0xb9, 0x83, 0x10);

pub(super) const TITLE: Type = Type {
    size: 9.0,
    strong: true,
    colour: INK,
};
pub(super) const CAPTION: Type = Type {
    size: 7.0,
    strong: true,
    colour: INK,
};
pub(super) const SMALL: Type = Type {
    size: 6.5,
    strong: false,
    colour: QUIET,
};
pub(super) const LABEL: Type = Type {
    size: 6.5,
    strong: false,
    colour: INK,
};
pub(super) const STRONG_LABEL: Type = Type {
    size: 6.5,
    strong: true,
    colour: INK,
};

const fn solid(colour: RGBColor, weight: f64) -> Stroke {
    Stroke {
        colour,
        weight,
        dashes: &[],
    }
}

pub(super) const FRAME: Stroke = solid(RGBColor(0x8c, 0x8c, 0x8c), 0.5);
pub(super) const GRID: Stroke = solid(RGBColor(0xd4, 0xd4, 0xd4), 0.35);
/// The edges of a penumbra, which itself may be too narrow to be seen.
pub(super) const EDGE: Stroke = solid(RGBColor(0x9e, 0x9e, 0x9e), 0.3);
pub(super) const LEADER: Stroke = solid(RGBColor(0xa6, 0xa6, 0xa6), 0.4);
pub(super) const SPOT: Stroke = solid(INK, 0.9);
/// Where five in a hundred lie beyond.
pub(super) const GOLD_LINE: Stroke = Stroke {
    colour: GOLD_EDGE,
    weight: 0.8,
    dashes: &[2.0, 1.4],
};
pub(super) const LIMIT: Stroke = Stroke {
    colour: RGBColor(0xa0, 0x1c, 0x1c),
    weight: 0.8,
    dashes: &[9.0, 2.5],
};

/// The grey of a phase; light enough for every pen on top of it.
pub(super) fn shade(phase: Phase) -> RGBColor {
    match phase {
        Phase::Sunlit => WHITE,
        Phase::Penumbra => RGBColor(0xf1, 0xf1, 0xf1),
        Phase::Umbra => RGBColor(0xe0, 0xe0, 0xe0),
    }
}

/// The tint of a state by its number, light enough for a name upon it.
pub(super) fn state(number: u16) -> RGBColor {
    match number {
        0 => WHITE,
        1 => RGBColor(0xc9, 0xe3, 0xf2),
        2 => RGBColor(0xf7, 0xe3, 0xb5),
        3 => RGBColor(0x9c, 0xc9, 0xe2),
        4 => shade(Phase::Umbra),
        _ => RGBColor(0xe8, 0xb8, 0x8f),
    }
}

/// The stroke of a pen.
pub(super) fn stroke(pen: Pen) -> Stroke {
    let (colour, weight, dashes): (_, _, &[f64]) = match pen {
        Pen::First => (BLUE, 1.1, &[]),
        Pen::Second => (VERMILION, 1.1, &[6.0, 2.0]),
        Pen::Third => (GREEN, 1.3, &[6.0, 1.8, 1.3, 1.8]),
        Pen::Fourth => (PURPLE, 1.3, &[1.3, 1.5]),
        Pen::Command => (INK, 0.6, &[2.2, 1.6]),
    };
    Stroke {
        colour,
        weight,
        dashes,
    }
}

/// The stroke of what a pen's line of means hides.
pub(super) fn veil(pen: Pen) -> Stroke {
    let RGBColor(r, g, b) = stroke(pen).colour;
    let thin = |part: u8| (f64::from(part) * 0.62 + 255.0 * 0.38) as u8;
    solid(RGBColor(thin(r), thin(g), thin(b)), 0.65)
}
