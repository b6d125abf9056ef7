//! The geometry of a convolution: which input elements each output element sees.

use super::program::Sweep;

/// Limit of each length in a [`Sweep`]; beyond it a file is taken for damaged.
const LONGEST: usize = 4096;

/// Most elements of one value, its padding included: 64 MiB of floats.
pub(super) const MOST_ELEMENTS: usize = 1 << 24;

/// A checked geometry. Shapes are `[1, channels, rows, columns]` with the columns densest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Window {
    /// Channels of input and output.
    pub(super) channels: [usize; 2],
    /// Groups of channels that do not see each other.
    pub(super) groups: usize,
    /// Rows and columns of the input.
    size: [usize; 2],
    /// Rows and columns of the output.
    pub(super) out: [usize; 2],
    stride: [usize; 2],
    pad: [usize; 4],
    /// Rows and columns of the padded input.
    padded: [usize; 2],
    /// For each tap of the kernel, its distance from the first tap within the padded input;
    /// in the order channel, row, column, which is the order of the weights and of summation.
    taps: Vec<usize>,
}

impl Window {
    /// Checks that a kernel of shape `[out, in / groups, rows, columns]` can go over `input`.
    pub(super) fn new(sweep: &Sweep, input: &[usize], weight: &[usize]) -> Result<Window, String> {
        let &[1, channels_in, rows, columns] = input else {
            return Err(format!("cannot go over a value of shape {input:?}"));
        };
        let &[channels_out, depth, kernel_rows, kernel_columns] = weight else {
            return Err(format!("cannot be a kernel of shape {weight:?}"));
        };
        let lengths = [input, weight, &sweep.stride, &sweep.dilation].concat();
        if lengths.iter().any(|length| !(1..=LONGEST).contains(length))
            || sweep.pad.iter().any(|length| *length > LONGEST)
        {
            return Err(format!("a length is not from 1 to {LONGEST}"));
        }
        let groups = sweep.groups;
        if groups == 0
            || channels_out % groups != 0
            || depth.checked_mul(groups) != Some(channels_in)
        {
            return Err(format!(
                "{channels_in} to {channels_out} channels in {groups} groups of {depth}"
            ));
        }
        let [top, left, bottom, right] = sweep.pad;
        let padded = [rows + top + bottom, columns + left + right];
        let mut out = [0; 2];
        for (axis, kernel) in [kernel_rows, kernel_columns].into_iter().enumerate() {
            let reach = (kernel - 1) * sweep.dilation[axis];
            let room = padded[axis].checked_sub(reach + 1);
            out[axis] = room.ok_or("the kernel is larger than the input")? / sweep.stride[axis] + 1;
        }
        for (channels, [rows, columns]) in [(channels_in, padded), (channels_out, out)] {
            if channels * rows * columns > MOST_ELEMENTS {
                return Err(format!("a value has more than {MOST_ELEMENTS} elements"));
            }
        }
        let mut taps = Vec::new();
        for channel in 0..depth {
            for row in (0..kernel_rows).map(|row| row * sweep.dilation[0]) {
                let start = (channel * padded[0] + row) * padded[1];
                taps.extend((0..kernel_columns).map(|column| start + column * sweep.dilation[1]));
            }
        }
        Ok(Window {
            channels: [channels_in, channels_out],
            groups,
            size: [rows, columns],
            out,
            stride: sweep.stride,
            pad: sweep.pad,
            padded,
            taps,
        })
    }

    /// Shape of the output.
    pub(super) fn output_shape(&self) -> Vec<usize> {
        vec![1, self.channels[1], self.out[0], self.out[1]]
    }

    /// Taps of the kernel: products per output element.
    pub(super) fn taps(&self) -> usize {
        self.taps.len()
    }

    /// Output elements of one channel.
    pub(super) fn pixels(&self) -> usize {
        self.out[0] * self.out[1]
    }

    /// Multiply-accumulates of one sweep; products with padding count, as is usual.
    pub(super) fn macs(&self) -> u64 {
        (self.channels[1] * self.pixels()) as u64 * self.taps() as u64
    }

    /// The input with its padding around it, each element put through `widen`, and behind it
    /// enough room for [`Window::patch`] of `lanes` lanes to run over the right edge.
    pub(super) fn pad<S: Copy, T: Copy + Default>(
        &self,
        input: &[S],
        lanes: usize,
        widen: impl Fn(S) -> T,
    ) -> Vec<T> {
        let [rows, columns] = self.padded;
        let spare = lanes * self.stride[1];
        let mut padded = vec![T::default(); self.channels[0] * rows * columns + spare];
        for (index, line) in input.chunks_exact(self.size[1]).enumerate() {
            let (channel, row) = (index / self.size[0], index % self.size[0]);
            let start = (channel * rows + row + self.pad[0]) * columns + self.pad[1];
            let target = &mut padded[start..start + line.len()];
            for (to, from) in target.iter_mut().zip(line) {
                *to = widen(*from);
            }
        }
        padded
    }

    /// What the taps of `group` see at the `N` output elements from row and column `at`
    /// rightwards. Lanes beyond the right edge see something or other.
    pub(super) fn patch<T: Copy, const N: usize>(
        &self,
        padded: &[T],
        group: usize,
        at: [usize; 2],
        patch: &mut [[T; N]],
    ) {
        let channel = group * (self.channels[0] / self.groups);
        let row = channel * self.padded[0] + at[0] * self.stride[0];
        let seen = &padded[row * self.padded[1] + at[1] * self.stride[1]..];
        let step = self.stride[1];
        for (lanes, tap) in patch.iter_mut().zip(&self.taps) {
            let seen = &seen[*tap..];
            if step == 1 {
                lanes.copy_from_slice(&seen[..N]);
            } else {
                let seen = &seen[..=(N - 1) * step];
                for (lane, element) in lanes.iter_mut().zip(seen.iter().step_by(step)) {
                    *lane = *element;
                }
            }
        }
    }
}
