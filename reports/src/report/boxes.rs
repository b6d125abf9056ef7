//! Boxes that a detector found, beside those of its golden, with the scene that they are in.

use super::exhibit::scene;
use crate::golden::{Golden, Matched};

/// Two lists of boxes over one scene.
#[derive(Clone, Debug, PartialEq)]
pub struct Boxes {
    /// Rows and columns of the scene.
    pub size: [usize; 2],
    /// How bright the scene is at each pixel, 0 to 255.
    pub scene: Vec<u8>,
    /// Names of the classes, as far as the golden has them.
    pub classes: Vec<String>,
    /// The boxes.
    pub matched: Matched,
}

impl Boxes {
    /// The boxes of at least `min_score` in an output and its golden; none where the input is no image.
    pub(super) fn of(
        golden: &Golden,
        input: u16,
        [got, expected]: [&[f64]; 2],
        min_score: f64,
    ) -> Option<Boxes> {
        let manifest = golden.manifest();
        let &[.., rows, columns] = manifest.input.shape.as_slice() else {
            return None;
        };
        let scene = scene(golden, input, [rows, columns]);
        let tie = manifest.margins.undecidable_up_to;
        (!scene.is_empty()).then(|| Boxes {
            size: [rows, columns],
            scene,
            classes: manifest.output.classes.clone(),
            matched: Matched::of(got, expected, min_score, tie),
        })
    }
}
