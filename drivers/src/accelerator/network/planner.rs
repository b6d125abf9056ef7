//! Goes through a program once and plans each step: places, shapes, bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use safetensors::Dtype;

use super::image::Image;
use super::integer::Scales;
use super::peaks::{PLANES, Peaks, ROW};
use super::plan::{Action, Value};
use super::program::{Element, Operation, Program, Quantisation, QuantisedConv, Step, Sweep};
use super::window::{MOST_ELEMENTS, Window};

/// Most multiply-accumulates of one inference, about a second's worth. Beyond it a file is taken
/// for damaged.
const MOST_MACS: u64 = 1 << 32;

/// What is known so far.
pub(super) struct Planner<'a> {
    image: &'a Image,
    /// How often each value is read.
    readers: BTreeMap<&'a str, usize>,
    values: BTreeMap<String, Value>,
    /// Places of floats that several names share.
    shared: BTreeSet<usize>,
    /// Places of floats so far.
    pub(super) floats: usize,
    /// Places of bytes so far.
    pub(super) bytes: usize,
    /// Elements of all places so far.
    elements: usize,
    /// Multiply-accumulates so far.
    pub(super) macs: u64,
}

impl<'a> Planner<'a> {
    /// Knows nothing yet but who reads what.
    pub(super) fn new(program: &'a Program, image: &'a Image) -> Planner<'a> {
        let mut readers = BTreeMap::new();
        *readers.entry(program.output.value.as_str()).or_default() += 1;
        for name in program
            .steps
            .iter()
            .flat_map(|step| step.operation.inputs())
        {
            *readers.entry(name).or_default() += 1;
        }
        Planner {
            image,
            readers,
            values: BTreeMap::new(),
            shared: BTreeSet::new(),
            floats: 0,
            bytes: 0,
            elements: 0,
            macs: 0,
        }
    }

    /// Plans a step. A reshape is none: the bytes stay where they are.
    pub(super) fn step(&mut self, step: &Step) -> Result<Option<Action>, String> {
        if self.values.contains_key(&step.output) {
            return Err(format!("`{}` is made twice", step.output));
        }
        let (value, action) = match &step.operation {
            Operation::Reshape { input, shape } => (self.reshape(input, shape)?, None),
            operation => {
                let (value, action) = self.action(operation)?;
                (value, Some(action))
            }
        };
        self.values.insert(step.output.clone(), value);
        Ok(action)
    }

    fn action(&mut self, operation: &Operation) -> Result<(Value, Action), String> {
        match operation {
            Operation::Conv {
                input,
                weight,
                bias,
                sweep,
            } => self.conv(input, [weight, bias], sweep),
            Operation::QuantisedConv(conv) => self.quantised_conv(conv),
            Operation::Relu { input } => self.relu(input),
            Operation::ResizeNearest { input, factor } => self.resize(input, *factor),
            Operation::ConcatChannels { inputs } => self.concat(inputs),
            Operation::Add { inputs } => self.add(inputs),
            Operation::Transpose { input, order } => self.transpose(input, order),
            Operation::AveragePool {
                input,
                kernel,
                stride,
            } => self.average(input, *kernel, *stride),
            Operation::Dequantise {
                input,
                quantisation,
            } => self.requantise(input, [Element::I8, Element::F32], *quantisation),
            Operation::Quantise {
                input,
                quantisation,
            } => self.requantise(input, [Element::F32, Element::I8], *quantisation),
            Operation::Peaks { input, peaks } => self.peaks(input, *peaks),
            Operation::Reshape { .. } => Err("a reshape is no action".to_owned()),
        }
    }

    fn conv(
        &mut self,
        input: &str,
        [weight, bias]: [&str; 2],
        sweep: &Sweep,
    ) -> Result<(Value, Action), String> {
        let input = self.typed(input, Element::F32)?;
        let (weight, shape) = self.image.find(weight, Dtype::F32)?;
        let window = Window::new(sweep, &input.shape, shape)?;
        let bias = self.per_channel(bias, Dtype::F32, &window)?;
        let output = self.place(Element::F32, window.output_shape())?;
        self.spend(&window)?;
        let action = Action::Conv {
            window,
            from: input.place,
            weight,
            bias,
            to: output.place,
        };
        Ok((output, action))
    }

    fn quantised_conv(&mut self, conv: &QuantisedConv) -> Result<(Value, Action), String> {
        let input = self.typed(&conv.input, Element::I8)?;
        let (weight, shape) = self.image.find(&conv.weight, Dtype::I8)?;
        let window = Window::new(&conv.sweep, &input.shape, shape)?;
        let bias = self.per_channel(&conv.bias, Dtype::I32, &window)?;
        let scale = self.per_channel(&conv.weight_scale, Dtype::F32, &window)?;
        let output = self.place(Element::I8, window.output_shape())?;
        self.spend(&window)?;
        let action = Action::QuantisedConv {
            window,
            scales: Scales {
                input: Quantisation {
                    scale: conv.input_scale,
                    zero: conv.input_zero,
                },
                output: Quantisation {
                    scale: conv.output_scale,
                    zero: conv.output_zero,
                },
            },
            from: input.place,
            weight,
            bias,
            scale,
            to: output.place,
        };
        Ok((output, action))
    }

    fn relu(&mut self, name: &str) -> Result<(Value, Action), String> {
        let input = self.typed(name, Element::F32)?;
        let from = input.place;
        let output = if self.is_read_once(name) && !self.shared.contains(&from) {
            input
        } else {
            self.place(Element::F32, input.shape)?
        };
        let to = output.place;
        Ok((output, Action::Relu { from, to }))
    }

    fn resize(&mut self, input: &str, factor: [usize; 2]) -> Result<(Value, Action), String> {
        let input = self.typed(input, Element::F32)?;
        let &[n, channels, rows, columns] = input.shape.as_slice() else {
            return Err(format!("cannot resize a value of shape {:?}", input.shape));
        };
        let longer = |length: usize, factor| {
            let length = length.checked_mul(factor);
            length.ok_or_else(|| format!("cannot grow by {factor}"))
        };
        let shape = vec![
            n,
            channels,
            longer(rows, factor[0])?,
            longer(columns, factor[1])?,
        ];
        let output = self.place(Element::F32, shape)?;
        let action = Action::Resize {
            columns,
            factor,
            from: input.place,
            to: output.place,
        };
        Ok((output, action))
    }

    fn concat(&mut self, names: &[String]) -> Result<(Value, Action), String> {
        let mut from = Vec::new();
        let mut channels = 0_usize;
        let mut size = None;
        for name in names {
            let value = self.typed(name, Element::F32)?;
            let &[1, depth, rows, columns] = value.shape.as_slice() else {
                return Err(format!("cannot join a value of shape {:?}", value.shape));
            };
            if *size.get_or_insert([rows, columns]) != [rows, columns] {
                return Err(format!("`{name}` has another size than those before it"));
            }
            channels = channels.saturating_add(depth);
            from.push(value.place);
        }
        let [rows, columns] = size.ok_or("nothing to join")?;
        let output = self.place(Element::F32, vec![1, channels, rows, columns])?;
        let to = output.place;
        Ok((output, Action::Concat { from, to }))
    }

    fn average(
        &mut self,
        input: &str,
        kernel: [usize; 2],
        stride: [usize; 2],
    ) -> Result<(Value, Action), String> {
        let input = self.typed(input, Element::F32)?;
        let groups = input.shape.get(1).copied().unwrap_or(0);
        let sweep = Sweep {
            groups,
            stride,
            pad: [0; 4],
            dilation: [1; 2],
        };
        let window = Window::new(&sweep, &input.shape, &[groups, 1, kernel[0], kernel[1]])?;
        let output = self.place(Element::F32, window.output_shape())?;
        let (from, to) = (input.place, output.place);
        Ok((output, Action::Average { window, from, to }))
    }

    fn requantise(
        &mut self,
        input: &str,
        [source, target]: [Element; 2],
        quantisation: Quantisation,
    ) -> Result<(Value, Action), String> {
        let input = self.typed(input, source)?;
        let output = self.place(target, input.shape)?;
        let (from, to) = (input.place, output.place);
        let action = match target {
            Element::F32 => Action::Dequantise {
                quantisation,
                from,
                to,
            },
            Element::I8 => Action::Quantise {
                quantisation,
                from,
                to,
            },
        };
        Ok((output, action))
    }

    fn peaks(&mut self, input: &str, peaks: Peaks) -> Result<(Value, Action), String> {
        peaks.check()?;
        let input = self.typed(input, Element::F32)?;
        let &[1, PLANES, rows, columns] = input.shape.as_slice() else {
            let shape = input.shape;
            return Err(format!(
                "cannot find boxes in a value of shape {shape:?}, which should be [1, {PLANES}, rows, columns]"
            ));
        };
        let output = self.place(Element::F32, vec![peaks.count, ROW])?;
        let action = Action::Peaks {
            peaks,
            size: [rows, columns],
            from: input.place,
            to: output.place,
        };
        Ok((output, action))
    }

    /// The same place under another shape.
    fn reshape(&mut self, name: &str, shape: &[i64]) -> Result<Value, String> {
        let mut value = self.value(name)?;
        let lengths = lengths(shape, &value.shape)
            .ok_or_else(|| format!("cannot make {shape:?} of {:?}", value.shape))?;
        if value.dtype == Element::F32 && !self.is_read_once(name) {
            self.shared.insert(value.place);
        }
        value.shape = lengths;
        Ok(value)
    }

    fn is_read_once(&self, name: &str) -> bool {
        self.readers.get(name) == Some(&1)
    }

    /// A value made before.
    pub(super) fn value(&self, name: &str) -> Result<Value, String> {
        let value = self.values.get(name);
        value
            .cloned()
            .ok_or_else(|| format!("nothing has made `{name}` yet"))
    }

    pub(super) fn typed(&self, name: &str, dtype: Element) -> Result<Value, String> {
        let value = self.value(name)?;
        if value.dtype == dtype {
            Ok(value)
        } else {
            Err(format!(
                "`{name}` is {:?} and should be {dtype:?}",
                value.dtype
            ))
        }
    }

    /// Names a value.
    pub(super) fn insert(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// A place for a new value.
    pub(super) fn place(&mut self, dtype: Element, shape: Vec<usize>) -> Result<Value, String> {
        self.elements = self.elements.saturating_add(count(&shape)?);
        if self.elements > MOST_ELEMENTS {
            return Err(format!(
                "all values have more than {MOST_ELEMENTS} elements"
            ));
        }
        let places = match dtype {
            Element::F32 => &mut self.floats,
            Element::I8 => &mut self.bytes,
        };
        let place = *places;
        *places += 1;
        Ok(Value {
            dtype,
            place,
            shape,
        })
    }

    fn per_channel(
        &self,
        name: &str,
        dtype: Dtype,
        window: &Window,
    ) -> Result<Range<usize>, String> {
        let (region, shape) = self.image.find(name, dtype)?;
        if shape == [window.channels[1]] {
            Ok(region)
        } else {
            Err(format!("`{name}` has not one number for each channel"))
        }
    }

    fn spend(&mut self, window: &Window) -> Result<(), String> {
        self.macs = self.macs.saturating_add(window.macs());
        if self.macs > MOST_MACS {
            return Err(format!("more than {MOST_MACS} multiply-accumulates"));
        }
        Ok(())
    }
}

/// The lengths that a `Reshape` to `shape` gives.
fn lengths(shape: &[i64], before: &[usize]) -> Option<Vec<usize>> {
    if shape.is_empty() {
        return Some(before.to_vec());
    }
    let length = |(axis, length): (usize, &i64)| match length {
        0 => before.get(axis).copied(),
        -1 => Some(1),
        length => usize::try_from(*length).ok(),
    };
    let lengths: Option<Vec<usize>> = shape.iter().enumerate().map(length).collect();
    let mut lengths = lengths?;
    let (elements, known) = (before.iter().product::<usize>(), count(&lengths).ok()?);
    let mut open = shape
        .iter()
        .enumerate()
        .filter(|(_, length)| **length == -1);
    if let Some((axis, _)) = open.next() {
        lengths[axis] = elements / known;
    }
    let fits = open.next().is_none() && count(&lengths).ok()? == elements;
    fits.then_some(lengths)
}

/// Elements of a shape, none of whose axes is empty.
fn count(shape: &[usize]) -> Result<usize, String> {
    shape
        .iter()
        .try_fold(1_usize, |count, length| count.checked_mul(*length))
        .filter(|count| (1..=MOST_ELEMENTS).contains(count))
        .ok_or_else(|| format!("a value of shape {shape:?}"))
}
