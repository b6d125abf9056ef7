//! Boxes that a detector found, beside those of its golden: how many, which are missed, which are made
//! up, and how far off the others are.

use std::fmt::Write;

use super::compare::{Comparison, Sides};

/// Numbers of a row: class, score, left, top, right, bottom.
const ROW: usize = 6;
/// Intersection over union from which two boxes are of one thing (PASCAL VOC, Everingham et al. 2010,
/// section 4.2).
const SAME: f64 = 0.5;
/// Boxes that a sentence names one by one.
const NAMED: usize = 3;

/// A box that a detector found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// What it is: the number of a class.
    pub class: f64,
    /// How sure the detector is.
    pub score: f64,
    /// Left, top, right, bottom, pixels.
    pub corners: [f64; 4],
}

/// Two lists of boxes, matched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matched {
    /// What the board found, each with whether the golden has it.
    pub got: Vec<(Detection, bool)>,
    /// What the golden asks for, each with whether the board has it.
    pub expected: Vec<(Detection, bool)>,
    /// How far the middle of a matched box is from its golden's at most, pixels.
    pub offset: f64,
}

impl Detection {
    /// The rows of an output, those that are room for boxes that are not there among them: their score is 0.
    pub(super) fn rows(values: &[f64]) -> impl Iterator<Item = Detection> {
        let (rows, _) = values.as_chunks::<ROW>();
        rows.iter().map(|&[class, score, corners @ ..]| Detection {
            class,
            score,
            corners,
        })
    }

    /// The middle, pixels right and down.
    fn middle(&self) -> [f64; 2] {
        let [left, top, right, bottom] = self.corners;
        [f64::midpoint(left, right), f64::midpoint(top, bottom)]
    }

    /// Intersection over union of two boxes; 0 where they do not meet.
    fn iou(&self, other: &Detection) -> f64 {
        let ([l, t, r, b], [ll, tt, rr, bb]) = (self.corners, other.corners);
        let area = |[l, t, r, b]: [f64; 4]| (r - l).max(0.0) * (b - t).max(0.0);
        let both = area([l.max(ll), t.max(tt), r.min(rr), b.min(bb)]);
        let either = area(self.corners) + area(other.corners) - both;
        if either > 0.0 { both / either } else { 0.0 }
    }

    /// What it is, where its middle is, and how sure the detector is.
    fn told(&self, classes: &[String]) -> String {
        let [x, y] = self.middle().map(pixels);
        // A number that bits made of a class names none.
        let class = Some(self.class).filter(|class| *class >= 0.0);
        let class = class.and_then(|class| classes.get(class as usize));
        let class = class.map_or(String::new(), |class| format!("{class} "));
        format!("{class}at ({x}, {y}) with a score of {:.3}", self.score)
    }
}

/// A place in pixels. What bits that turned over make of one may have forty digits.
fn pixels(place: f64) -> String {
    if place.abs() < 1e6 {
        format!("{place:.1}")
    } else {
        format!("{place:.1e}")
    }
}

impl Matched {
    /// Matches the boxes of an output with those of its golden, class by class, greedily by falling
    /// score, at an intersection over union of at least a half. Boxes of a score below `cut` count
    /// not; one whose score in the golden is no more than `tie` from the cut may be there or not.
    pub(crate) fn of(output: &[f64], golden: &[f64], cut: f64, tie: f64) -> Matched {
        let mut got: Vec<Detection> = Detection::rows(output)
            .filter(|one| one.score >= cut)
            .collect();
        got.sort_by(|x, y| y.score.total_cmp(&x.score));
        let all: Vec<Detection> = Detection::rows(golden).collect();
        let sure = all.iter().filter(|one| one.score >= cut + tie);
        let near = |one: &&Detection| (cut - tie..cut + tie).contains(&one.score);
        let perhaps: Vec<&Detection> = all.iter().filter(near).collect();
        let mut matched = Matched {
            expected: sure.map(|one| (*one, false)).collect(),
            ..Matched::default()
        };
        for one in got {
            let same = |other: &Detection| {
                other.class.to_bits() == one.class.to_bits() && one.iou(other) >= SAME
            };
            let open = matched
                .expected
                .iter_mut()
                .filter(|(other, taken)| !taken && same(other));
            let best = open.max_by(|(x, _), (y, _)| one.iou(x).total_cmp(&one.iou(y)));
            let known = match best {
                Some((other, taken)) => {
                    *taken = true;
                    let ([x, y], [xx, yy]) = (one.middle(), other.middle());
                    matched.offset = matched.offset.max((x - xx).hypot(y - yy));
                    true
                }
                None if perhaps.iter().any(|other| same(other)) => continue,
                None => false,
            };
            matched.got.push((one, known));
        }
        matched
    }

    /// What the golden asks for and the board has not.
    pub fn missed(&self) -> usize {
        self.expected.iter().filter(|(_, found)| !found).count()
    }

    /// What the board has and the golden has not.
    pub fn made_up(&self) -> usize {
        self.got.iter().filter(|(_, known)| !known).count()
    }

    /// F1: twice the matched over all of both. Nothing against nothing is 1.
    pub fn f1(&self) -> f64 {
        let all = self.got.len() + self.expected.len();
        if all == 0 {
            return 1.0;
        }
        2.0 * (self.expected.len() - self.missed()) as f64 / all as f64
    }

    /// How many, and which are not as they should be, in words; `classes` are their names, as far as
    /// the golden has them.
    pub fn told(&self, classes: &[String]) -> String {
        let mut text = format!(
            "{} found where the golden has {}: {} missed, {} made up",
            self.got.len(),
            self.expected.len(),
            self.missed(),
            self.made_up()
        );
        let lists = [("missed", &self.expected), ("made up", &self.got)];
        for (word, list) in lists {
            let wrong: Vec<&Detection> = list.iter().filter(|it| !it.1).map(|it| &it.0).collect();
            let named = wrong.iter().take(NAMED).map(|one| one.told(classes));
            let named: Vec<String> = named.collect();
            if !named.is_empty() {
                let more = if wrong.len() > NAMED {
                    ", and more"
                } else {
                    ""
                };
                let _always_ok = write!(text, "; {word} {}{more}", named.join(", "));
            }
        }
        text
    }
}

impl Sides<'_> {
    /// Judges boxes; the sentence tells the counts, whether they pass or not.
    pub(super) fn boxes(
        &self,
        [min_f1, min_score, max_offset]: [f64; 3],
        found: &mut Comparison,
    ) -> (bool, String) {
        let manifest = self.golden.manifest();
        let tie = manifest.margins.undecidable_up_to;
        let matched = Matched::of(&self.a, &self.g, min_score, tie);
        let told = matched.told(&manifest.output.classes);
        let (share, input) = (matched.f1(), self.input);
        // A box is as far off as its middle; rows of boxes in another order differ in every number.
        (found.difference, found.allowed) = (matched.offset, max_offset);
        let mut why = format!("boxes of input {input}: {told}");
        if share < min_f1 {
            let _always_ok = write!(why, "; F1 {share:.4}, at least {min_f1} asked");
            return (false, why);
        }
        let _always_ok = write!(
            why,
            "; middles are off by {:.4} pixels at most",
            matched.offset
        );
        let far = matched.offset > max_offset;
        if far {
            let _always_ok = write!(why, ", allowed {max_offset}");
        }
        (!far, why)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these come out exactly")]
mod tests {
    use super::*;

    fn row(class: f64, score: f64, left: f64) -> [f64; 6] {
        [class, score, left, 0.0, left + 10.0, 10.0]
    }

    #[test]
    fn boxes_match_one_to_one_and_class_by_class() {
        let golden = [row(0.0, 0.9, 0.0), row(1.0, 0.8, 20.0)].concat();
        let same = [row(1.0, 0.7, 21.0), row(0.0, 0.9, 1.0), row(0.0, 0.1, 50.0)].concat();
        let found = Matched::of(&same, &golden, 0.5, 0.0);
        assert_eq!((found.f1(), found.offset), (1.0, 1.0));
        let twice = [row(0.0, 0.9, 0.0), row(0.0, 0.8, 1.0)].concat();
        let found = Matched::of(&twice, &golden, 0.5, 0.0);
        assert_eq!((found.f1(), found.missed(), found.made_up()), (0.5, 1, 1));
        assert_eq!(Matched::of(&[], &[], 0.5, 0.0).f1(), 1.0);
    }

    #[test]
    fn counts_are_told_with_the_places() {
        let golden = [row(0.0, 0.9, 0.0), row(0.0, 0.8, 20.0)].concat();
        let got = [row(0.0, 0.9, 0.0), row(0.0, 0.7, 60.0)].concat();
        let told = Matched::of(&got, &golden, 0.5, 0.0).told(&["ship".to_owned()]);
        assert_eq!(
            told,
            "2 found where the golden has 2: 1 missed, 1 made up; missed ship at (25.0, 5.0) with a score \
             of 0.800; made up ship at (65.0, 5.0) with a score of 0.700"
        );
    }

    /// A score that another runtime rounds to the other side of the cut decides nothing.
    #[test]
    fn a_box_at_the_cut_may_be_there_or_not() {
        let golden = [
            row(0.0, 0.9, 0.0),
            row(0.0, 0.5001, 20.0),
            row(0.0, 0.4999, 40.0),
        ]
        .concat();
        let with = golden.clone();
        let without = [
            row(0.0, 0.9, 0.0),
            row(0.0, 0.4999, 20.0),
            row(0.0, 0.5001, 40.0),
        ]
        .concat();
        for got in [&with, &without] {
            let found = Matched::of(got, &golden, 0.5, 0.001);
            assert_eq!((found.f1(), found.expected.len()), (1.0, 1), "{found:?}");
        }
        assert_eq!(Matched::of(&without, &golden, 0.5, 0.0).missed(), 1);
    }
}
