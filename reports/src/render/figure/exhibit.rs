//! Worst outputs: masks as pictures of the scene, texts with what differs, and a sentence with where
//! and how far.

use serde::Serialize;

use crate::render::words;
use crate::report::{Exhibit, Mask, Picture, Text};

/// A colour: red, green, blue.
pub type Colour = [u8; 3];

/// Classes but the first: Okabe and Ito's, which people with any colour vision can tell apart.
const CLASSES: [Colour; 6] = [
    [0xe6, 0x9f, 0x00],
    [0x00, 0x72, 0xb2],
    [0x00, 0x9e, 0x73],
    [0xf0, 0xe4, 0x42],
    [0x56, 0xb4, 0xe9],
    [0xcc, 0x79, 0xa7],
];
/// The first class, which is mostly the one with nothing in it, has the scene's own grey.
const GROUND: Colour = [0xd8, 0xd8, 0xd8];
/// No number.
const NOTHING: Colour = [0x00, 0x00, 0x00];
/// What differs.
pub const DIFFERS: Colour = [0xd5, 0x5e, 0x00];

/// An exhibit as it is drawn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// Workload, input, time and phase.
    pub title: String,
    /// What is wrong by the golden's comparator.
    pub because: String,
    /// Where, and how far.
    pub extent: String,
    /// The drawing.
    pub drawing: Drawing,
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Drawing {
    /// Pictures side by side, with a legend.
    Pictures {
        /// Expected, got, differences.
        panels: Vec<Raster>,
        /// Names of the classes that occur, with their colours.
        legend: Vec<(String, Colour)>,
    },
    /// Texts one below the other: title, and pieces with whether both texts have them.
    Texts(Vec<(String, Vec<(String, bool)>)>),
}

/// A picture, pixel by pixel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Raster {
    /// What it shows.
    pub title: String,
    /// Pixels of a row.
    pub columns: usize,
    /// Row by row.
    #[serde(serialize_with = "rows")]
    pub pixels: Vec<Colour>,
}

/// How snapshots tell pixels: as hexadecimal colours, eight to a text.
fn rows<S: serde::Serializer>(pixels: &[Colour], serializer: S) -> Result<S::Ok, S::Error> {
    let colour = |[r, g, b]: &Colour| format!("{r:02x}{g:02x}{b:02x}");
    let lines = pixels.chunks(8);
    serializer.collect_seq(lines.map(|line| line.iter().map(colour).collect::<Vec<_>>().join(" ")))
}

/// An exhibit as it is drawn.
pub fn exhibit(exhibit: &Exhibit) -> Shown {
    let phase = exhibit
        .phase
        .as_ref()
        .map_or(String::new(), |phase| format!(" in {phase}"));
    let (extent, drawing) = match &exhibit.picture {
        Picture::Mask(mask) => (mask_extent(mask), pictures(mask)),
        Picture::Text(text) => (text_extent(text), texts(text)),
        Picture::Boxes(boxes) => (super::boxes::extent(boxes), super::boxes::pictures(boxes)),
    };
    Shown {
        title: format!(
            "{}, input {}, at {}{phase}",
            exhibit.workload, exhibit.input, exhibit.at
        ),
        because: exhibit.because.clone(),
        extent,
        drawing,
    }
}

fn mask_extent(mask: &Mask) -> String {
    let (differing, all) = (mask.differing(), mask.expected.len());
    let Some([(top, bottom), (left, right)]) = mask.extent() else {
        return format!(
            "The same class in all {} pixels; only numbers differ.",
            words::count(all as u64)
        );
    };
    let changes = mask.changes().into_iter().take(4).map(|(from, to, count)| {
        format!(
            "{} to {}: {}",
            mask.class(from),
            mask.class(to),
            words::count(count as u64)
        )
    });
    format!(
        "{} of {} pixels differ ({:.3} %), in rows {top} to {bottom} and columns {left} to {right}. {}.",
        words::count(differing as u64),
        words::count(all as u64),
        100.0 * differing as f64 / all.max(1) as f64,
        changes.collect::<Vec<_>>().join("; ")
    )
}

fn text_extent(text: &Text) -> String {
    let wrong = text.got.iter().filter(|(_, both)| !both).count();
    let missing = text.expected.iter().filter(|(_, both)| !both).count();
    format!(
        "The first {} of {} tokens are the same; {wrong} of the board's {} were not expected, and \
         {missing} of those expected are missing.",
        text.prefix,
        text.expected.len(),
        text.got.len()
    )
}

fn colour(class: u8) -> Colour {
    match usize::from(class) {
        0 => GROUND,
        _ if class == Mask::NOTHING => NOTHING,
        class => CLASSES[(class - 1) % CLASSES.len()],
    }
}

/// A share of one colour over another.
fn over(top: Colour, share: f64, below: Colour) -> Colour {
    [0, 1, 2].map(|band| {
        let mixed = share * f64::from(top[band]) + (1.0 - share) * f64::from(below[band]);
        mixed.round() as u8
    })
}

fn pictures(mask: &Mask) -> Drawing {
    let scene = |pixel: usize| mask.scene.get(pixel).map(|shade| [*shade; 3]);
    let tinted = |pixel: usize, class: u8| match scene(pixel) {
        Some(shade) if class == 0 => shade,
        Some(shade) if class != Mask::NOTHING => over(colour(class), 0.55, shade),
        _ => colour(class),
    };
    let classes = |side: &[u8]| {
        let pixels = side.iter().enumerate();
        pixels.map(|(pixel, class)| tinted(pixel, *class)).collect()
    };
    let differs = |pixel: usize| {
        if mask.expected[pixel] == mask.got[pixel] {
            over([0xff; 3], 0.6, scene(pixel).unwrap_or(GROUND))
        } else {
            DIFFERS
        }
    };
    let raster = |title: &str, pixels| Raster {
        title: title.to_owned(),
        columns: mask.columns,
        pixels,
    };
    let occur = |class: &u8| mask.expected.contains(class) || mask.got.contains(class);
    let legend = (0..=Mask::NOTHING).filter(occur);
    Drawing::Pictures {
        panels: vec![
            raster("expected", classes(&mask.expected)),
            raster("the board's", classes(&mask.got)),
            raster(
                "differences",
                (0..mask.expected.len()).map(differs).collect(),
            ),
        ],
        legend: legend
            .map(|class| (mask.class(class).to_owned(), colour(class)))
            .collect(),
    }
}

fn texts(text: &Text) -> Drawing {
    let prompt = vec![(text.prompt.clone(), true)];
    let sides = [
        ("given", &prompt),
        ("expected", &text.expected),
        ("the board's", &text.got),
    ];
    let sides = sides
        .into_iter()
        .filter(|(_, side)| side.iter().any(|it| !it.0.is_empty()));
    Drawing::Texts(
        sides
            .map(|(title, side)| (title.to_owned(), side.clone()))
            .collect(),
    )
}
