//! An ONNX graph as a program of this crate's own kernels, where they know all of it.
//!
//! What is not exactly what they compute is left to others: an attribute with another value, a
//! quantisation that is not symmetric, an operand that is no constant. `drivers/models/convert.py`
//! does the same for the files of this crate, which a test compares.

use rten_onnx::onnx::{AttributeProto, DataType, NodeProto};
use safetensors::Dtype;

use super::graph::{Constant, Edge, Graph, called};
use crate::accelerator::network::image::NewTensor;
use crate::accelerator::network::program::{
    Element, FORMAT, Operation, Program, Quantisation, QuantisedConv, Signature, Step, Sweep,
};

/// The program of a graph and its parameters, in the order of their use; or which node is not known.
pub(super) fn translate(name: &str, graph: &Graph) -> Result<(Program, Vec<NewTensor>), String> {
    let mut translator = Translator {
        graph,
        tensors: Vec::new(),
    };
    let mut steps = Vec::new();
    for node in &graph.nodes {
        let operation = translator
            .operation(node)
            .ok_or_else(|| format!("{} is not one that they know", called(node)))?;
        let [output] = node.output.as_slice() else {
            return Err(format!("{} makes several values", called(node)));
        };
        let output = output.clone();
        steps.push(Step { output, operation });
    }
    let program = Program {
        format: FORMAT,
        name: name.to_owned(),
        input: signature(&graph.input)?,
        output: signature(&graph.output)?,
        steps,
    };
    Ok((program, translator.tensors))
}

fn signature(edge: &Edge) -> Result<Signature, String> {
    let dtype = match edge.dtype {
        DataType::FLOAT => Element::F32,
        DataType::INT8 => Element::I8,
        other => return Err(format!("`{}` is {other}", edge.name)),
    };
    let shape = edge.shape.clone();
    Ok(Signature {
        value: edge.name.clone(),
        dtype,
        shape: shape.ok_or_else(|| format!("`{}` has no fixed shape", edge.name))?,
    })
}

struct Translator<'a> {
    graph: &'a Graph,
    tensors: Vec<NewTensor>,
}

/// The attributes of a node, each to be taken once: what is left over is not understood.
struct Attributes<'a>(Vec<&'a AttributeProto>);

impl<'a> Attributes<'a> {
    fn take(&mut self, name: &str) -> Option<&'a AttributeProto> {
        let at = self
            .0
            .iter()
            .position(|it| it.name.as_deref() == Some(name))?;
        Some(self.0.swap_remove(at))
    }

    /// A whole number, or what it is where the file does not say.
    fn whole(&mut self, name: &str, default: i64) -> i64 {
        self.take(name)
            .map_or(default, |it| it.i.unwrap_or(default))
    }

    /// Some lengths, or what they are where the file does not say.
    fn lengths<const N: usize>(&mut self, name: &str, default: [usize; N]) -> Option<[usize; N]> {
        let Some(found) = self.take(name) else {
            return Some(default);
        };
        let lengths: Result<Vec<usize>, _> =
            found.ints.iter().map(|it| usize::try_from(*it)).collect();
        lengths.ok()?.try_into().ok()
    }

    /// Whether a text, if there is one, is this.
    fn says(&mut self, name: &str, text: &str, default: bool) -> bool {
        self.take(name)
            .map_or(default, |it| it.s.as_deref() == Some(text))
    }
}

impl Translator<'_> {
    /// What a node does; `None` where it is nothing that is known exactly.
    fn operation(&mut self, node: &NodeProto) -> Option<Operation> {
        if node
            .domain
            .as_deref()
            .is_some_and(|domain| !domain.is_empty() && domain != "ai.onnx")
        {
            return None;
        }
        let mut attributes = Attributes(node.attribute.iter().collect());
        let inputs: Vec<&str> = node.input.iter().map(String::as_str).collect();
        let operation = match (node.op_type.as_deref()?, inputs.as_slice()) {
            ("Conv", &[input, weight, bias]) => {
                self.conv(&mut attributes, [input, weight, bias])?
            }
            ("QLinearConv", inputs) => self.quantised_conv(&mut attributes, inputs)?,
            ("Relu", &[input]) => Operation::Relu {
                input: input.to_owned(),
            },
            ("Resize", &[input, _, scales]) => self.resize(&mut attributes, input, scales)?,
            ("Concat", inputs) if attributes.whole("axis", 0) == 1 => Operation::ConcatChannels {
                inputs: inputs.iter().map(|&input| input.to_owned()).collect(),
            },
            ("Add", &[one, other]) => Operation::Add {
                inputs: [one.to_owned(), other.to_owned()],
            },
            ("AveragePool", &[input]) => average(&mut attributes, input)?,
            ("DequantizeLinear", &[input, scale, zero]) => {
                attributes.take("axis");
                Operation::Dequantise {
                    input: input.to_owned(),
                    quantisation: self.quantisation([scale, zero])?,
                }
            }
            ("QuantizeLinear", &[input, scale, zero]) => {
                attributes.take("axis");
                Operation::Quantise {
                    input: input.to_owned(),
                    quantisation: self.quantisation([scale, zero])?,
                }
            }
            ("Transpose", &[input]) => {
                let order = attributes.take("perm")?.ints.iter();
                let order: Result<Vec<usize>, _> = order.map(|it| usize::try_from(*it)).collect();
                Operation::Transpose {
                    input: input.to_owned(),
                    order: order.ok()?,
                }
            }
            ("Reshape", &[input, shape]) if attributes.whole("allowzero", 0) == 0 => {
                Operation::Reshape {
                    input: input.to_owned(),
                    shape: self.graph.constants.get(shape)?.wholes()?,
                }
            }
            ("Flatten", &[input]) if attributes.whole("axis", 1) == 1 => Operation::Reshape {
                input: input.to_owned(),
                shape: vec![0, -1],
            },
            ("Identity", &[input]) => Operation::Reshape {
                input: input.to_owned(),
                shape: Vec::new(),
            },
            _ => return None,
        };
        attributes.0.is_empty().then_some(operation)
    }

    fn conv(
        &mut self,
        attributes: &mut Attributes<'_>,
        [input, weight, bias]: [&str; 3],
    ) -> Option<Operation> {
        let sweep = self.sweep(attributes, weight)?;
        Some(Operation::Conv {
            input: input.to_owned(),
            weight: self.keep(weight, DataType::FLOAT)?,
            bias: self.keep(bias, DataType::FLOAT)?,
            sweep,
        })
    }

    fn quantised_conv(
        &mut self,
        attributes: &mut Attributes<'_>,
        inputs: &[&str],
    ) -> Option<Operation> {
        let &[
            input,
            input_scale,
            input_zero,
            weight,
            scale,
            zero,
            output_scale,
            output_zero,
            bias,
        ] = inputs
        else {
            return None;
        };
        let constants = &self.graph.constants;
        let symmetric = constants.get(zero)?;
        if symmetric.dtype != DataType::INT8 || symmetric.bytes.iter().any(|byte| *byte != 0) {
            return None;
        }
        let channels = *constants.get(weight)?.shape.first()?;
        let sweep = self.sweep(attributes, weight)?;
        let from = self.quantisation([input_scale, input_zero])?;
        let to = self.quantisation([output_scale, output_zero])?;
        let weight = self.keep(weight, DataType::INT8)?;
        let each = constants.get(scale)?.per_channel(channels)?;
        let weight_scale = self.keep_as(scale, DataType::FLOAT, &each)?;
        let bias = self.keep(bias, DataType::INT32)?;
        Some(Operation::QuantisedConv(Box::new(QuantisedConv {
            input: input.to_owned(),
            weight,
            weight_scale,
            bias,
            sweep,
            input_scale: from.scale,
            input_zero: from.zero,
            output_scale: to.scale,
            output_zero: to.zero,
        })))
    }

    /// How a kernel goes over an image, by a node's attributes and the shape of its weights.
    fn sweep(&self, attributes: &mut Attributes<'_>, weight: &str) -> Option<Sweep> {
        let shape = self.graph.constants.get(weight)?.shape.as_slice();
        let &[_, _, rows, columns] = shape else {
            return None;
        };
        if !attributes.says("auto_pad", "NOTSET", true)
            || attributes.lengths("kernel_shape", [rows, columns])? != [rows, columns]
        {
            return None;
        }
        Some(Sweep {
            groups: usize::try_from(attributes.whole("group", 1)).ok()?,
            stride: attributes.lengths("strides", [1, 1])?,
            pad: attributes.lengths("pads", [0; 4])?,
            dilation: attributes.lengths("dilations", [1, 1])?,
        })
    }

    fn resize(
        &self,
        attributes: &mut Attributes<'_>,
        input: &str,
        scales: &str,
    ) -> Option<Operation> {
        let is_plain = attributes.says("mode", "nearest", true)
            && attributes.says("nearest_mode", "floor", false)
            && attributes.says("coordinate_transformation_mode", "asymmetric", false);
        // They mean something in other modes only.
        for name in [
            "cubic_coeff_a",
            "exclude_outside",
            "extrapolation_value",
            "antialias",
        ] {
            attributes.take(name);
        }
        let scales = self.graph.constants.get(scales)?.reals()?;
        let &[1.0, 1.0, down, right] = scales.as_slice() else {
            return None;
        };
        let whole = |scale: f32| (scale >= 1.0 && scale.fract() == 0.0).then_some(scale as usize);
        let factor = [whole(down)?, whole(right)?];
        let input = input.to_owned();
        is_plain.then_some(Operation::ResizeNearest { input, factor })
    }

    fn quantisation(&self, [scale, zero]: [&str; 2]) -> Option<Quantisation> {
        Some(Quantisation {
            scale: self.graph.constants.get(scale)?.real()?,
            zero: self.graph.constants.get(zero)?.byte()?,
        })
    }

    /// Takes a tensor into the memory image.
    fn keep(&mut self, name: &str, dtype: DataType) -> Option<String> {
        self.keep_as(name, dtype, self.graph.constants.get(name)?)
    }

    /// The same for what is made of one.
    fn keep_as(&mut self, name: &str, dtype: DataType, constant: &Constant) -> Option<String> {
        let words = match dtype {
            DataType::FLOAT => Dtype::F32,
            DataType::INT8 => Dtype::I8,
            _ => Dtype::I32,
        };
        if constant.dtype != dtype {
            return None;
        }
        // A tensor that two nodes share lies in memory once, if it is one shape for both.
        if let Some(kept) = self.tensors.iter().find(|kept| kept.name == name) {
            return (kept.shape == constant.shape).then(|| name.to_owned());
        }
        self.tensors.push(NewTensor {
            name: name.to_owned(),
            dtype: words,
            shape: constant.shape.clone(),
            bytes: constant.bytes.clone(),
        });
        Some(name.to_owned())
    }
}

/// A mean over windows, without padding.
fn average(attributes: &mut Attributes<'_>, input: &str) -> Option<Operation> {
    let is_plain = attributes.says("auto_pad", "NOTSET", true)
        && attributes.whole("ceil_mode", 0) == 0
        && attributes.lengths("pads", [0; 4])? == [0; 4]
        && attributes.lengths("dilations", [1, 1])? == [1, 1];
    // Without padding there is none to count.
    attributes.take("count_include_pad");
    let kernel = attributes.lengths("kernel_shape", [0, 0])?;
    let stride = attributes.lengths("strides", [1, 1])?;
    let input = input.to_owned();
    is_plain.then_some(Operation::AveragePool {
        input,
        kernel,
        stride,
    })
}
