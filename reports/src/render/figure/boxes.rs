//! Boxes drawn over their scene: the golden's and the board's side by side, and those that only one of
//! them has.

use super::exhibit::{Colour, DIFFERS, Drawing, Raster};
use crate::golden::Detection;
use crate::report::Boxes;

/// Each pixel of the scene is drawn as so many, down and right, so that a line hides a third of one.
const FINE: usize = 3;
/// Lines around what both have: Okabe and Ito's green.
const BOTH: Colour = [0x00, 0x9e, 0x73];

/// The sentence with the counts.
pub(super) fn extent(boxes: &Boxes) -> String {
    format!("{}.", boxes.matched.told(&boxes.classes))
}

/// Expected, got, and what only one of them has.
pub(super) fn pictures(boxes: &Boxes) -> Drawing {
    let matched = &boxes.matched;
    let panel = |title: &str, shown: &[(Detection, Colour)]| {
        let mut pixels = ground(boxes);
        for (one, colour) in shown {
            frame(&mut pixels, boxes.size, &one.corners, *colour);
        }
        Raster {
            title: title.to_owned(),
            columns: boxes.size[1] * FINE,
            pixels,
        }
    };
    let coloured = |list: &[(Detection, bool)]| -> Vec<(Detection, Colour)> {
        let colour = |both: bool| if both { BOTH } else { DIFFERS };
        list.iter()
            .map(|(one, both)| (*one, colour(*both)))
            .collect()
    };
    let (expected, got) = (coloured(&matched.expected), coloured(&matched.got));
    let all = [&expected[..], &got].concat();
    let only: Vec<(Detection, Colour)> = all
        .into_iter()
        .filter(|(_, colour)| *colour == DIFFERS)
        .collect();
    Drawing::Pictures {
        panels: vec![
            panel(&format!("expected: {}", expected.len()), &expected),
            panel(&format!("the board's: {}", got.len()), &got),
            panel(&format!("only in one: {}", only.len()), &only),
        ],
        legend: vec![("in both".to_owned(), BOTH)],
    }
}

/// The scene, finely.
fn ground(boxes: &Boxes) -> Vec<Colour> {
    let [rows, columns] = boxes.size;
    let pixel = |place: usize| {
        let (row, column) = (
            place / (columns * FINE) / FINE,
            place % (columns * FINE) / FINE,
        );
        [boxes
            .scene
            .get(row * columns + column)
            .copied()
            .unwrap_or(0); 3]
    };
    (0..rows * columns * FINE * FINE).map(pixel).collect()
}

/// Draws the edges of a box, as far as they are in the picture.
fn frame(pixels: &mut [Colour], [rows, columns]: [usize; 2], corners: &[f64; 4], colour: Colour) {
    if corners.iter().any(|corner| !corner.is_finite()) {
        return;
    }
    let (high, wide) = (rows * FINE, columns * FINE);
    let fine =
        |corner: f64, end: usize| (corner * FINE as f64).clamp(0.0, end as f64 - 1.0) as usize;
    let [left, top, right, bottom] = *corners;
    let (left, right) = (fine(left, wide), fine(right, wide));
    let (top, bottom) = (fine(top, high), fine(bottom, high));
    let mut mark = |row: usize, column: usize| {
        if let Some(pixel) = pixels.get_mut(row * wide + column) {
            *pixel = colour;
        }
    };
    for column in left..=right {
        mark(top, column);
        mark(bottom, column);
    }
    for row in top..=bottom {
        mark(row, left);
        mark(row, right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::Matched;

    fn one(left: f64, score: f64) -> Detection {
        Detection {
            class: 0.0,
            score,
            corners: [left, 1.0, left + 2.0, 3.0],
        }
    }

    #[test]
    fn what_only_one_side_has_is_told_and_drawn() {
        let boxes = Boxes {
            size: [4, 8],
            scene: vec![7; 32],
            classes: vec!["ship".to_owned()],
            matched: Matched {
                expected: vec![(one(0.0, 0.9), true), (one(3.0, 0.8), false)],
                got: vec![
                    (one(0.0, 0.9), true),
                    (one(50.0, f64::from(0.7_f32)), false),
                ],
                offset: 0.0,
            },
        };
        assert_eq!(
            extent(&boxes),
            "2 found where the golden has 2: 1 missed, 1 made up; missed ship at (4.0, 2.0) with a score of \
             0.800; made up ship at (51.0, 2.0) with a score of 0.700."
        );
        let Drawing::Pictures { panels, .. } = pictures(&boxes) else {
            panic!("boxes are pictures");
        };
        let count = |panel: usize, colour: Colour| {
            panels[panel]
                .pixels
                .iter()
                .filter(|it| **it == colour)
                .count()
        };
        assert_eq!(panels[0].pixels.len(), 12 * 24);
        // Seven by seven fine pixels have 24 at their edge.
        assert_eq!([count(0, BOTH), count(0, DIFFERS)], [24, 24]);
        // One that lies outside is drawn at the edge, and nothing breaks.
        assert!(count(1, DIFFERS) > 0 && count(2, BOTH) == 0);
    }
}
