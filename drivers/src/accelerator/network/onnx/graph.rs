//! An ONNX file as a graph with one input and one output, its constants checked.

use std::collections::BTreeMap;

use rten_onnx::onnx::{
    DataLocation, DataType, Dimension, GraphProto, ModelProto, NodeProto, TensorProto,
    ValueInfoProto,
};
use safetensors::Dtype;

use super::wire;

/// Elements of an input at most.
const MOST_ELEMENTS: usize = 1 << 26;

/// What is there before anything is computed.
pub(super) struct Graph {
    /// In the order of the file, which is that of computation. Constants are not among them.
    pub(super) nodes: Vec<NodeProto>,
    pub(super) constants: BTreeMap<String, Constant>,
    pub(super) input: Edge,
    pub(super) output: Edge,
}

/// A tensor of the file.
pub(super) struct Constant {
    pub(super) dtype: DataType,
    pub(super) shape: Vec<usize>,
    /// Little-endian, row-major.
    pub(super) bytes: Vec<u8>,
}

/// Where tensors go in or come out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edge {
    pub(super) name: String,
    pub(super) dtype: DataType,
    /// Lengths of its axes. Of an output whose lengths the file does not tell there are none.
    pub(super) shape: Option<Vec<usize>>,
}

impl Edge {
    /// Type of its elements, in the words of safetensors.
    pub(super) fn word(&self) -> &'static str {
        match self.dtype {
            DataType::FLOAT => "F32",
            DataType::INT8 => "I8",
            DataType::UINT8 => "U8",
            DataType::INT32 => "I32",
            _ => "I64",
        }
    }

    /// Bytes of an element.
    pub(super) fn width(&self) -> usize {
        width(self.dtype).unwrap_or(1)
    }
}

impl Graph {
    /// Reads a file. `axes` has the lengths of axes that it only names.
    pub(super) fn read(file: &[u8], axes: &[(String, usize)]) -> Result<Graph, String> {
        let graph = proto(file)?;
        let mut constants = BTreeMap::new();
        for tensor in &graph.initializer {
            let name = tensor.name.clone().unwrap_or_default();
            let constant =
                Constant::read(tensor).map_err(|why| format!("tensor `{name}`: {why}"))?;
            constants.insert(name, constant);
        }
        // Old files list their parameters among the inputs.
        let is_input =
            |value: &&ValueInfoProto| !constants.contains_key(value.name.as_deref().unwrap_or(""));
        let inputs: Vec<&ValueInfoProto> = graph.input.iter().filter(is_input).collect();
        let input = edge("input", only("input", &inputs)?, axes)?;
        let outputs: Vec<&ValueInfoProto> = graph.output.iter().collect();
        let output = edge("output", only("output", &outputs)?, axes)?;
        let Some(shape) = &input.shape else {
            return Err(endless(inputs[0]));
        };
        let elements = shape
            .iter()
            .try_fold(1_usize, |n, axis| n.checked_mul(*axis));
        if elements.is_none_or(|count| !(1..=MOST_ELEMENTS).contains(&count)) {
            let name = &input.name;
            return Err(format!("its input `{name}` has the shape {shape:?}"));
        }
        let mut nodes = Vec::new();
        for node in graph.node {
            match constant(&node)? {
                Some(value) => {
                    let name = node.output.first().cloned().unwrap_or_default();
                    constants.insert(name, value);
                }
                None => nodes.push(node),
            }
        }
        Ok(Graph {
            nodes,
            constants,
            input,
            output,
        })
    }
}

/// The graph of a file.
pub(super) fn proto(file: &[u8]) -> Result<GraphProto, String> {
    let refused = |why: String| format!("it is no ONNX file, or is cut off: {why}");
    wire::check(file).map_err(refused)?;
    let model = ModelProto::parse_buf(file).map_err(|error| refused(error.to_string()))?;
    model
        .graph
        .filter(|graph| !graph.node.is_empty())
        .ok_or_else(|| "it is no ONNX file: there is no graph in it".to_owned())
}

impl Constant {
    fn read(tensor: &TensorProto) -> Result<Constant, String> {
        if tensor.data_location == Some(DataLocation::EXTERNAL) {
            return Err(
                "its numbers are in another file; save the model with them in one file".to_owned(),
            );
        }
        let dtype = tensor.data_type.unwrap_or(DataType(0));
        let shape: Option<Vec<usize>> = tensor
            .dims
            .iter()
            .map(|axis| usize::try_from(*axis).ok())
            .collect();
        let shape = shape.ok_or_else(|| format!("its shape is {:?}", tensor.dims))?;
        let bytes = numbers(tensor, dtype);
        let elements = shape
            .iter()
            .try_fold(1_usize, |n, axis| n.checked_mul(*axis));
        // Of types without a width of their own nothing is known here; rten may know them.
        if let Some(width) = width(dtype) {
            let wanted = elements.and_then(|elements| elements.checked_mul(width));
            if wanted != Some(bytes.len()) {
                return Err(format!(
                    "it has {} bytes, which is not {shape:?} of {dtype}",
                    bytes.len()
                ));
            }
        }
        Ok(Constant {
            dtype,
            shape,
            bytes,
        })
    }

    /// As one number for each channel; a scalar is written out.
    pub(super) fn per_channel(&self, channels: usize) -> Option<Constant> {
        let width = width(self.dtype)?;
        let bytes = match self.bytes.len() / width {
            1 => self.bytes.repeat(channels),
            count if count == channels => self.bytes.clone(),
            _ => return None,
        };
        let shape = vec![channels];
        Some(Constant {
            dtype: self.dtype,
            shape,
            bytes,
        })
    }

    /// The only number of type f32.
    pub(super) fn real(&self) -> Option<f32> {
        let bytes = <[u8; 4]>::try_from(self.bytes.as_slice()).ok()?;
        (self.dtype == DataType::FLOAT).then(|| f32::from_le_bytes(bytes))
    }

    /// The only number of type i8.
    pub(super) fn byte(&self) -> Option<i8> {
        let [byte] = self.bytes[..] else { return None };
        (self.dtype == DataType::INT8).then(|| byte.cast_signed())
    }

    /// Numbers of type f32.
    pub(super) fn reals(&self) -> Option<Vec<f32>> {
        let words = self.bytes.as_chunks().0.iter().copied();
        (self.dtype == DataType::FLOAT).then(|| words.map(f32::from_le_bytes).collect())
    }

    /// Numbers of type i64.
    pub(super) fn wholes(&self) -> Option<Vec<i64>> {
        let words = self.bytes.as_chunks().0.iter().copied();
        (self.dtype == DataType::INT64).then(|| words.map(i64::from_le_bytes).collect())
    }
}

/// Bytes of an element, of the types that are worked with.
fn width(dtype: DataType) -> Option<usize> {
    match dtype {
        DataType::INT8 | DataType::UINT8 | DataType::BOOL => Some(1),
        DataType::FLOAT16 => Some(2),
        DataType::FLOAT | DataType::INT32 => Some(4),
        DataType::INT64 | DataType::DOUBLE => Some(8),
        _ => None,
    }
}

/// The words of safetensors for a type of numbers that a board has in memory. Others belong to the
/// program: shapes and indices, which a compiler makes instructions of.
pub(super) fn parameter(dtype: DataType) -> Option<Dtype> {
    match dtype {
        DataType::FLOAT => Some(Dtype::F32),
        DataType::FLOAT16 => Some(Dtype::F16),
        DataType::INT8 => Some(Dtype::I8),
        DataType::UINT8 => Some(Dtype::U8),
        _ => None,
    }
}

/// The numbers of a tensor, wherever they stand.
pub(super) fn numbers(tensor: &TensorProto, dtype: DataType) -> Vec<u8> {
    if let Some(raw) = &tensor.raw_data {
        return raw.borrow().clone();
    }
    let narrow = width(dtype).unwrap_or(4).min(4);
    match dtype {
        DataType::FLOAT => tensor
            .float_data
            .iter()
            .flat_map(|it| it.to_le_bytes())
            .collect(),
        DataType::DOUBLE => tensor
            .double_data
            .iter()
            .flat_map(|it| it.to_le_bytes())
            .collect(),
        DataType::INT64 => tensor
            .int64_data
            .iter()
            .flat_map(|it| it.to_le_bytes())
            .collect(),
        // All narrower types share a field.
        _ => tensor
            .int32_data
            .iter()
            .flat_map(|it| it.to_le_bytes().into_iter().take(narrow))
            .collect(),
    }
}

/// What a node of constants makes, if it is one that has them as a tensor.
fn constant(node: &NodeProto) -> Result<Option<Constant>, String> {
    let value = node
        .attribute
        .iter()
        .find(|it| it.name.as_deref() == Some("value"));
    let tensor = value.and_then(|value| value.t.as_ref());
    match tensor.filter(|_| node.op_type.as_deref() == Some("Constant")) {
        None => Ok(None),
        Some(tensor) => match Constant::read(tensor) {
            Ok(constant) => Ok(Some(constant)),
            Err(why) => Err(format!("{}: {why}", called(node))),
        },
    }
}

/// A node, by its name and what it does.
pub(super) fn called(node: &NodeProto) -> String {
    let what = node.op_type.as_deref().unwrap_or("nothing");
    match node.name.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => format!("node `{name}` ({what})"),
        None => format!("node {what}"),
    }
}

fn only<'a>(what: &str, values: &[&'a ValueInfoProto]) -> Result<&'a ValueInfoProto, String> {
    if let [value] = values {
        return Ok(value);
    }
    let names = values.iter().filter_map(|value| value.name.as_deref());
    let names: Vec<&str> = names.collect();
    let (count, names) = (values.len(), names.join(", "));
    Err(format!(
        "it has {count} {what}s ({names}), and a board has one"
    ))
}

fn edge(what: &str, value: &ValueInfoProto, axes: &[(String, usize)]) -> Result<Edge, String> {
    let name = value.name.clone().unwrap_or_default();
    let tensor = value.r#type.as_ref().and_then(|it| it.tensor_type.as_ref());
    let tensor = tensor.ok_or_else(|| format!("its {what} `{name}` is no tensor"))?;
    let dtype = tensor.elem_type.unwrap_or(DataType(0));
    let known = [
        DataType::FLOAT,
        DataType::INT8,
        DataType::UINT8,
        DataType::INT32,
        DataType::INT64,
    ];
    if !known.contains(&dtype) {
        return Err(format!(
            "its {what} `{name}` is {dtype}, and boards speak FLOAT, INT8, UINT8, INT32 and INT64"
        ));
    }
    let length = |(at, axis): (usize, &Dimension)| {
        let said = axes
            .iter()
            .find(|(name, _)| axis.dim_param.as_ref() == Some(name));
        match (axis.dim_value.and_then(|it| usize::try_from(it).ok()), said) {
            (Some(length @ 1..), _) => Some(length),
            (_, Some((_, length))) => Some(*length),
            // Inferences are asked one by one, whatever a batch may be.
            _ => (at == 0).then_some(1),
        }
    };
    let shape = tensor.shape.as_ref();
    let shape = shape.and_then(|shape| shape.dim.iter().enumerate().map(length).collect());
    Ok(Edge { name, dtype, shape })
}

/// What to say of an input that has an axis without a length.
fn endless(value: &ValueInfoProto) -> String {
    let name = value.name.as_deref().unwrap_or("");
    let tensor = value.r#type.as_ref().and_then(|it| it.tensor_type.as_ref());
    let axes = tensor.and_then(|tensor| tensor.shape.as_ref());
    let axes = axes.iter().flat_map(|shape| &shape.dim).skip(1);
    let named: Vec<&str> = axes.filter_map(|axis| axis.dim_param.as_deref()).collect();
    match named.first() {
        Some(axis) => format!(
            "its input `{name}` has an axis `{axis}` without a length; say it in the board's \
             options: axes = \"{axis}=64\""
        ),
        None => format!("its input `{name}` has no fixed shape; export the model with one"),
    }
}
