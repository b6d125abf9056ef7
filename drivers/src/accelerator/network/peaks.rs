//! The head of a detector: where its heat has peaks, the hottest first, as rows of class, score and
//! box. Boxes instead of a map are what a board sends down (Zhou et al., "Objects as Points", 2019,
//! section 4: peaks take the place of suppression by overlap).

use serde::Deserialize;

/// Numbers of a row: class, score, left, top, right, bottom.
pub(super) const ROW: usize = 6;
/// Planes of the map: heat (a logit), offsets of the middle right and down (cells), half the width and
/// half the height (units).
pub(super) const PLANES: usize = 5;
/// Most rows, most cells that two peaks can be apart; beyond it a file is taken for damaged.
const MOST: usize = 1_024;

/// How peaks become boxes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
pub(super) struct Peaks {
    /// Rows of an answer.
    pub(super) count: usize,
    /// Pixels of a cell.
    stride: f32,
    /// Pixels of a unit of size.
    unit: f32,
    /// A peak is the hottest cell of all that are no more than this away, along either axis.
    apart: usize,
    /// Rows of a lower score are zeros.
    min_score: f32,
}

impl Peaks {
    /// Whether this can be.
    pub(super) fn check(&self) -> Result<(), String> {
        let length = |value: f32| value > 0.0 && value.is_finite();
        if !(1..=MOST).contains(&self.count) || self.apart > MOST {
            let (count, apart) = (self.count, self.apart);
            return Err(format!(
                "{count} rows with peaks {apart} cells apart, which is not within {MOST}"
            ));
        }
        if !length(self.stride) || !length(self.unit) || !(0.0..=1.0).contains(&self.min_score) {
            return Err("`stride` or `unit` is no length, or `min_score` no share".to_owned());
        }
        Ok(())
    }

    /// The rows, of a map with [`PLANES`] planes of `size` rows and columns: by falling heat, of equals
    /// the one that is read first. What is no number is no peak.
    pub(super) fn rows(&self, map: &[f32], [rows, columns]: [usize; 2]) -> Vec<f32> {
        let cells = rows * columns;
        let heat = &map[..cells];
        let hottest_around = |row: usize, column: usize| {
            let reach =
                |at: usize, end: usize| at.saturating_sub(self.apart)..end.min(at + self.apart + 1);
            let mut around = reach(row, rows).flat_map(|r| {
                let across = reach(column, columns);
                &heat[r * columns + across.start..r * columns + across.end]
            });
            let own = heat[row * columns + column];
            !own.is_nan() && around.all(|other| own >= *other || other.is_nan())
        };
        let mut peaks: Vec<usize> = (0..cells)
            .filter(|cell| hottest_around(cell / columns, cell % columns))
            .collect();
        peaks.sort_by(|a, b| heat[*b].total_cmp(&heat[*a]).then(a.cmp(b)));
        let mut table = vec![0.0; self.count * ROW];
        for (cell, row) in peaks.into_iter().zip(table.chunks_exact_mut(ROW)) {
            let score = 1.0 / (1.0 + libm::expf(-heat[cell]));
            if score < self.min_score {
                break;
            }
            let [right, down, width, height] = [1, 2, 3, 4].map(|plane| map[plane * cells + cell]);
            let x = ((cell % columns) as f32 + 0.5 + right) * self.stride;
            let y = ((cell / columns) as f32 + 0.5 + down) * self.stride;
            let (width, height) = (width * self.unit, height * self.unit);
            // One class there is, and its number is 0.
            row[1..].copy_from_slice(&[score, x - width, y - height, x + width, y + height]);
        }
        table
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these come out exactly")]
mod tests {
    use super::*;

    const PEAKS: Peaks = Peaks {
        count: 3,
        stride: 2.0,
        unit: 8.0,
        apart: 1,
        min_score: 0.3,
    };

    /// Heat as given, offsets of a quarter of a cell right and half a cell up, and sizes of one unit.
    fn map(heat: &[f32; 12]) -> Vec<f32> {
        let planes = [0.25, -0.5, 1.0, 0.5];
        let rest = planes.iter().flat_map(|value| [*value; 12]);
        heat.iter().copied().chain(rest).collect()
    }

    #[test]
    fn peaks_become_boxes_the_hottest_first() {
        #[rustfmt::skip]
        let heat = [
            0.0, -9.0, -9.0, -9.0,
            -9.0, -1.0, -9.0, 4.0,
            -2.0, -9.0, -9.0, 3.0,
        ];
        let table = PEAKS.rows(&map(&heat), [3, 4]);
        let rows: Vec<&[f32]> = table.chunks_exact(ROW).collect();
        // Cell 7, middle (3.5 + 0.25, 1.5 - 0.5) of 2 pixels each, 8 and 4 pixels around it.
        assert!((rows[0][1] - 0.982_013_8).abs() < 1e-6, "{rows:?}");
        assert_eq!(rows[0][2..], [-0.5, -2.0, 15.5, 6.0]);
        assert_eq!(rows[1][..2], [0.0, 0.5]);
        // Its neighbour at 3.0 is none, and those of -2.0 have too low a score.
        assert_eq!(rows[2], [0.0; 6]);
    }

    #[test]
    fn equals_are_both_peaks_and_no_number_is_none() {
        let mut heat = [-9.0; 12];
        (heat[0], heat[1], heat[11]) = (1.0, 1.0, f32::NAN);
        let table = PEAKS.rows(&map(&heat), [3, 4]);
        let left = |row: usize| table[row * ROW + 2];
        assert_eq!([left(0), left(1)], [-6.5, -4.5]);
        assert_eq!(table[2 * ROW + 1], 0.0);
        assert!(
            PEAKS
                .rows(&[f32::NAN; 60], [3, 4])
                .iter()
                .all(|it| *it == 0.0)
        );
    }

    #[test]
    fn settings_that_cannot_be_are_refused() {
        for wrong in [
            Peaks { count: 0, ..PEAKS },
            Peaks {
                apart: usize::MAX,
                ..PEAKS
            },
            Peaks {
                stride: f32::NAN,
                ..PEAKS
            },
            Peaks {
                min_score: 2.0,
                ..PEAKS
            },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
        assert_eq!(PEAKS.check(), Ok(()));
    }
}
