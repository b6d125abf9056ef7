//! Steps that join values of one shape, or put their axes in another order.

use super::plan::{Action, Value};
use super::planner::Planner;
use super::program::Element;

/// Where each element of an output comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Transposition {
    /// Lengths of the output's axes.
    shape: Vec<usize>,
    /// How far apart neighbours along each of the output's axes are in the input.
    strides: Vec<usize>,
}

impl Transposition {
    /// Of a value of `shape`, whose axis `order[n]` becomes axis `n`.
    pub(super) fn new(shape: &[usize], order: &[usize]) -> Result<Transposition, String> {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if sorted != (0..shape.len()).collect::<Vec<usize>>() {
            return Err(format!("{order:?} is no order of the axes of {shape:?}"));
        }
        let stride = |axis: usize| shape[axis + 1..].iter().product();
        Ok(Transposition {
            shape: order.iter().map(|axis| shape[*axis]).collect(),
            strides: order.iter().map(|axis| stride(*axis)).collect(),
        })
    }

    /// The elements of `input` in the output's order.
    pub(super) fn apply<T: Copy>(&self, input: &[T]) -> Vec<T> {
        let count = self.shape.iter().product();
        let mut output = Vec::with_capacity(count);
        let mut place = vec![0; self.shape.len()];
        let mut from = 0;
        while output.len() < count {
            output.push(input[from]);
            for axis in (0..place.len()).rev() {
                place[axis] += 1;
                from += self.strides[axis];
                if place[axis] < self.shape[axis] {
                    break;
                }
                from -= self.strides[axis] * self.shape[axis];
                place[axis] = 0;
            }
        }
        output
    }
}

impl Planner<'_> {
    pub(super) fn add(&mut self, names: &[String; 2]) -> Result<(Value, Action), String> {
        let [left, right] = names;
        let (left, right) = (
            self.typed(left, Element::F32)?,
            self.typed(right, Element::F32)?,
        );
        if left.shape != right.shape {
            return Err(format!("cannot add {:?} to {:?}", right.shape, left.shape));
        }
        let output = self.place(Element::F32, left.shape)?;
        let (from, to) = ([left.place, right.place], output.place);
        Ok((output, Action::Add { from, to }))
    }

    pub(super) fn transpose(
        &mut self,
        name: &str,
        order: &[usize],
    ) -> Result<(Value, Action), String> {
        let input = self.value(name)?;
        let transposition = Transposition::new(&input.shape, order)?;
        let output = self.place(input.dtype, transposition.shape.clone())?;
        let action = Action::Transpose {
            transposition,
            dtype: input.dtype,
            from: input.place,
            to: output.place,
        };
        Ok((output, action))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let turned = Transposition::new(&[2, 3], &[1, 0]).unwrap();
        assert_eq!(turned.apply(&[1, 2, 3, 4, 5, 6]), [1, 4, 2, 5, 3, 6]);
        assert!(Transposition::new(&[2, 3], &[0, 0]).is_err());
        assert!(Transposition::new(&[2, 3], &[0]).is_err());
    }

    #[test]
    fn the_last_axis_goes_before_rows_and_columns_and_back() {
        // Two rows of two pixels of three bands.
        let pixels: Vec<u8> = (0..12).collect();
        let planes = Transposition::new(&[1, 2, 2, 3], &[0, 3, 1, 2]).unwrap();
        let found = planes.apply(&pixels);
        assert_eq!(found, [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
        let back = Transposition::new(&[1, 3, 2, 2], &[0, 2, 3, 1]).unwrap();
        assert_eq!(back.apply(&found), pixels);
    }
}
