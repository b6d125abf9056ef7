//! Exhibits: the worst outputs of each workload beside what was expected, to be shown. Drawn from the
//! record and the goldens that a run keeps, and from nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use profiles::time::BenchTime;

use super::boxes::Boxes;
use crate::event::{Event, EventKind};
use crate::golden::{Comparator, Golden, Goldens};
use crate::header::Header;

/// Wrong outputs shown of each workload.
const MOST: usize = 2;
/// Different wrong outputs looked at of each workload: with more, everything is wrong.
const LOOKED_AT: usize = 1_000;
/// Longest text that is aligned; longer ones are compared place by place.
const LONGEST: usize = 2_000;

/// A wrong output, kept to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Exhibit {
    /// The workload's name.
    pub workload: String,
    /// When it was fetched.
    pub at: BenchTime,
    /// The phase or step of that time.
    pub phase: Option<String>,
    /// To which input.
    pub input: u16,
    /// CRC-32 (ISO-HDLC) of its bytes.
    pub digest: u32,
    /// What is wrong with it, in a sentence.
    pub because: String,
    /// It beside what was expected.
    pub picture: Picture,
}

/// An output beside its golden, as it can be looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// A class for each pixel.
    Mask(Mask),
    /// A text, token by token.
    Text(Text),
    /// Boxes around what was found.
    Boxes(Boxes),
}

/// Two segmentation masks of one scene.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    /// Pixels of a row.
    pub columns: usize,
    /// Names of the classes; their numbers, where the golden has no names.
    pub classes: Vec<String>,
    /// The class of each pixel as expected, row by row.
    pub expected: Vec<u8>,
    /// And as the board has it; [`Mask::NOTHING`] where its numbers are none.
    pub got: Vec<u8>,
    /// How bright the scene is at each pixel, 0 to 255; empty where the input is no image.
    pub scene: Vec<u8>,
}

/// Two texts, aligned.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// What the board was given; empty where it is no text.
    pub prompt: String,
    /// The tokens expected, each with whether the board has it too.
    pub expected: Vec<(String, bool)>,
    /// The board's tokens, each with whether it was expected.
    pub got: Vec<(String, bool)>,
    /// How many tokens both begin with.
    pub prefix: usize,
}

impl Mask {
    /// No class: the board gave no numbers for this pixel.
    pub const NOTHING: u8 = u8::MAX;

    /// Pixels that differ.
    pub fn differing(&self) -> usize {
        let pairs = self.expected.iter().zip(&self.got);
        pairs.filter(|(expected, got)| expected != got).count()
    }

    /// Rows and columns within which pixels differ: first and last of each, from zero.
    pub fn extent(&self) -> Option<[(usize, usize); 2]> {
        let pairs = self.expected.iter().zip(&self.got).enumerate();
        let places = pairs.filter(|(_, (expected, got))| expected != got);
        let mut extent: Option<[(usize, usize); 2]> = None;
        for (place, _) in places {
            let at = [place / self.columns, place % self.columns];
            extent = Some(match extent {
                None => at.map(|axis| (axis, axis)),
                Some(known) => [0, 1].map(|axis| {
                    let (low, high) = known[axis];
                    (low.min(at[axis]), high.max(at[axis]))
                }),
            });
        }
        extent
    }

    /// How often each expected class became each other one, the most frequent first.
    pub fn changes(&self) -> Vec<(u8, u8, usize)> {
        let mut changes: Vec<(u8, u8, usize)> = Vec::new();
        for (&from, &to) in self.expected.iter().zip(&self.got) {
            if from == to {
                continue;
            }
            match changes
                .iter_mut()
                .find(|known| (known.0, known.1) == (from, to))
            {
                Some(known) => known.2 += 1,
                None => changes.push((from, to, 1)),
            }
        }
        changes.sort_by_key(|&(from, to, count)| (std::cmp::Reverse(count), from, to));
        changes
    }

    /// The name of a class.
    pub fn class(&self, class: u8) -> &str {
        self.classes
            .get(usize::from(class))
            .map_or("no number", String::as_str)
    }
}

impl Picture {
    /// Share of it that differs: by it the worst are chosen.
    fn badness(&self) -> f64 {
        match self {
            Picture::Mask(mask) => mask.differing() as f64 / mask.expected.len().max(1) as f64,
            Picture::Text(text) => {
                let wrong = text.got.iter().filter(|(_, expected)| !expected).count();
                wrong as f64 / text.got.len().max(1) as f64
            }
            Picture::Boxes(boxes) => 1.0 - boxes.matched.f1(),
        }
    }

    /// An output beside the golden of its input, where both can be shown.
    pub(crate) fn of(golden: &Golden, input: u16, output: &[u8]) -> Option<Picture> {
        let expected = golden.outputs().get(usize::from(input))?;
        let manifest = golden.manifest();
        if output.len() != expected.len() {
            return None;
        }
        let dtype = manifest.output.dtype;
        let (got, expected) = (dtype.decode(output), dtype.decode(expected));
        match (&manifest.comparator, golden.output_shape()) {
            (Comparator::Tokens { .. }, _) => {
                let piece = |token: f64| match golden.text_of(token) {
                    Some(text) => text.to_owned(),
                    None => format!(" {token}"),
                };
                let tensor = &manifest.input;
                let given = golden.inputs().get(usize::from(input));
                let given = given.map_or_else(Vec::new, |bytes| tensor.dtype.decode(bytes));
                let prompt = given.iter().take_while(|token| **token >= 0.0);
                Some(Picture::Text(Text {
                    prompt: prompt.map(|token| piece(*token)).collect(),
                    ..Text::of(&expected, &got, piece)
                }))
            }
            (Comparator::Detections { min_score, .. }, _) => {
                Boxes::of(golden, input, [&got, &expected], *min_score).map(Picture::Boxes)
            }
            (_, &[classes @ 2..=250, rows, columns]) if rows > 1 && columns > 1 => {
                let choose = |side: &[f64]| chosen(side, classes, rows * columns);
                let named = manifest.output.classes.clone();
                let numbered = || (0..classes).map(|class| format!("class {class}")).collect();
                Some(Picture::Mask(Mask {
                    columns,
                    classes: if named.len() == classes {
                        named
                    } else {
                        numbered()
                    },
                    expected: choose(&expected),
                    got: choose(&got),
                    scene: scene(golden, input, [rows, columns]),
                }))
            }
            _ => None,
        }
    }
}

/// The class of each pixel, of planes of logits.
fn chosen(logits: &[f64], classes: usize, pixels: usize) -> Vec<u8> {
    let best = |pixel: usize| {
        let of = |class: usize| logits[class * pixels + pixel];
        if (0..classes).any(|class| of(class).is_nan()) {
            return Mask::NOTHING;
        }
        (1..classes).fold(
            0,
            |best, class| if of(class) > of(best) { class } else { best },
        ) as u8
    };
    (0..pixels).map(best).collect()
}

/// How bright an input is, where it is an image of this size: the mean of its first three bands,
/// between the 2nd and the 98th percentile.
pub(super) fn scene(golden: &Golden, input: u16, [rows, columns]: [usize; 2]) -> Vec<u8> {
    let tensor = &golden.manifest().input;
    let bands = match tensor.shape.as_slice() {
        &[bands, r, c] if [r, c] == [rows, columns] => bands.min(3),
        _ => return Vec::new(),
    };
    let Some(bytes) = golden.inputs().get(usize::from(input)) else {
        return Vec::new();
    };
    let (values, pixels) = (tensor.dtype.decode(bytes), rows * columns);
    let mean = |pixel: usize| {
        (0..bands)
            .map(|band| values[band * pixels + pixel])
            .sum::<f64>()
    };
    let bright: Vec<f64> = (0..pixels).map(mean).collect();
    let mut sorted = bright.clone();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[pixels / 50], sorted[pixels - 1 - pixels / 50]);
    let span = if high > low { high - low } else { 1.0 };
    let shade = |value: &f64| (255.0 * ((value - low) / span).clamp(0.0, 1.0)).round() as u8;
    bright.iter().map(shade).collect()
}

impl Text {
    /// Aligns two texts by the fewest insertions, deletions and substitutions.
    fn of(expected: &[f64], got: &[f64], piece: impl Fn(f64) -> String) -> Text {
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits();
        let pairs = expected.iter().zip(got);
        let prefix = pairs.clone().take_while(|(e, g)| same(**e, **g)).count();
        let (mut kept, mut known) = (vec![false; expected.len()], vec![false; got.len()]);
        if expected.len().max(got.len()) > LONGEST {
            for (place, (e, g)) in pairs.enumerate() {
                (kept[place], known[place]) = (same(*e, *g), same(*e, *g));
            }
        } else {
            for (e, g) in aligned(expected, got) {
                (kept[e], known[g]) = (true, true);
            }
        }
        let told = |tokens: &[f64], marks: Vec<bool>| {
            tokens
                .iter()
                .map(|token| piece(*token))
                .zip(marks)
                .collect()
        };
        Text {
            prompt: String::new(),
            expected: told(expected, kept),
            got: told(got, known),
            prefix,
        }
    }
}

/// The places that both texts share, in an alignment of the fewest edits.
fn aligned(a: &[f64], b: &[f64]) -> Vec<(usize, usize)> {
    let width = b.len() + 1;
    let same = |up: usize, left: usize| a[up - 1].to_bits() == b[left - 1].to_bits();
    let mut cost = vec![0_usize; (a.len() + 1) * width];
    for up in 0..=a.len() {
        for left in 0..=b.len() {
            cost[up * width + left] = match (up, left) {
                (0, other) | (other, 0) => other,
                _ => {
                    let kept = cost[(up - 1) * width + left - 1] + usize::from(!same(up, left));
                    let gone = cost[(up - 1) * width + left] + 1;
                    let come = cost[up * width + left - 1] + 1;
                    kept.min(gone).min(come)
                }
            };
        }
    }
    let (mut up, mut left, mut shared) = (a.len(), b.len(), Vec::new());
    while up > 0 && left > 0 {
        let here = cost[up * width + left];
        let kept = cost[(up - 1) * width + left - 1];
        if same(up, left) && here == kept {
            shared.push((up - 1, left - 1));
            (up, left) = (up - 1, left - 1);
        } else if here == kept + 1 {
            (up, left) = (up - 1, left - 1);
        } else if here == cost[(up - 1) * width + left] + 1 {
            up -= 1;
        } else {
            left -= 1;
        }
    }
    shared
}

/// Gathers the worst outputs of a run.
pub struct ExhibitGatherer {
    workloads: Vec<Gathered>,
    /// The workload of each device, by the device's number.
    workload_of: Vec<Option<usize>>,
}

struct Gathered {
    name: String,
    golden: Option<Arc<Golden>>,
    seen: BTreeSet<(u16, u32)>,
    /// The worst first.
    worst: Vec<Exhibit>,
}

impl ExhibitGatherer {
    /// Of the run of `header`, with its goldens.
    pub fn new(header: &Header, goldens: &Goldens) -> ExhibitGatherer {
        let mut workload_of = vec![None; header.devices.len()];
        for (place, workload) in header.workloads.iter().enumerate() {
            if let Some(slot) = workload_of.get_mut(usize::from(workload.device.0)) {
                slot.get_or_insert(place);
            }
        }
        let gathered = header.workloads.iter().map(|workload| Gathered {
            name: workload.name.clone(),
            golden: goldens.workloads.get(&workload.golden).cloned(),
            seen: BTreeSet::new(),
            worst: Vec::new(),
        });
        ExhibitGatherer {
            workloads: gathered.collect(),
            workload_of,
        }
    }

    /// Looks at an event.
    pub fn observe(&mut self, header: &Header, event: &Event) {
        let EventKind::OutputFetched {
            input,
            digest,
            output,
        } = &event.kind
        else {
            return;
        };
        let place = self.workload_of.get(usize::from(event.device.0));
        let workload = place.copied().flatten();
        let Some(workload) = workload.and_then(|place| self.workloads.get_mut(place)) else {
            return;
        };
        let Some(golden) = &workload.golden else {
            return;
        };
        if workload.seen.len() >= LOOKED_AT || workload.seen.contains(&(*input, *digest)) {
            return;
        }
        let comparison = golden.compare(usize::from(*input), output);
        if comparison.passes() {
            return;
        }
        workload.seen.insert((*input, *digest));
        let Some(picture) = Picture::of(golden, *input, output) else {
            return;
        };
        workload.worst.push(Exhibit {
            workload: workload.name.clone(),
            at: event.at,
            phase: header.phase_name(event.at),
            input: *input,
            digest: *digest,
            because: format!("{}: {}", comparison.rung, comparison.because),
            picture,
        });
        // Of equals the earlier, for the sort keeps their order.
        let by_badness =
            |a: &Exhibit, b: &Exhibit| b.picture.badness().total_cmp(&a.picture.badness());
        workload.worst.sort_by(by_badness);
        workload.worst.truncate(MOST);
    }

    /// The worst, workload by workload.
    pub fn finish(self) -> Vec<Exhibit> {
        self.workloads
            .into_iter()
            .flat_map(|workload| workload.worst)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(side: &[(String, bool)]) -> String {
        let mark = |(piece, both): &(String, bool)| match both {
            true => piece.clone(),
            false => format!("[{piece}]"),
        };
        side.iter().map(mark).collect()
    }

    #[test]
    fn texts_are_aligned_by_the_fewest_edits() {
        let letters = |word: &str| word.bytes().map(f64::from).collect::<Vec<f64>>();
        let piece = |token: f64| char::from(token as u8).to_string();
        let text = Text::of(&letters("kitten"), &letters("sitting"), piece);
        assert_eq!(marks(&text.expected), "[k]itt[e]n");
        assert_eq!(marks(&text.got), "[s]itt[i]n[g]");
        assert_eq!(text.prefix, 0);
        // What is only shifted is no difference all the way.
        let text = Text::of(&letters("abcdef"), &letters("abXcdef"), piece);
        assert_eq!((marks(&text.got), text.prefix), ("ab[X]cdef".to_owned(), 2));
    }

    #[test]
    fn masks_say_where_and_how_far() {
        let mask = Mask {
            columns: 4,
            classes: vec!["clear".to_owned(), "cloud".to_owned()],
            expected: vec![0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0],
            got: vec![0, 0, 0, 0, 0, 0, 1, 1, 0, 0, Mask::NOTHING, 0],
            scene: Vec::new(),
        };
        assert_eq!(mask.differing(), 4);
        assert_eq!(mask.extent(), Some([(1, 2), (1, 3)]));
        let changes = mask.changes();
        assert_eq!(changes, [(1, 0, 2), (0, 1, 1), (1, Mask::NOTHING, 1)]);
        assert_eq!((mask.class(1), mask.class(255)), ("cloud", "no number"));
    }

    #[test]
    fn the_class_of_a_pixel_is_the_first_of_the_largest() {
        let logits = [1.0, 2.0, 0.0, 1.0, 3.0, f64::NAN];
        assert_eq!(chosen(&logits, 2, 3), [0, 1, Mask::NOTHING]);
    }
}
