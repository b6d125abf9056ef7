//! Networks that rten carries out: <https://github.com/robertknight/rten>.
//!
//! Parameters lie in a memory image as those of other networks do. After an upset the file is written
//! anew with what the image has, and loaded again.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock, OnceLock};

use rten::{Model, ModelOptions, RunOptions, ThreadPool, Value};
use rten_onnx::onnx::{DataType, GraphProto, ModelProto, NodeProto};
use rten_tensor::{Layout, Tensor};

use super::graph::{Edge, Graph, numbers, parameter};
use crate::accelerator::network::Ends;
use crate::accelerator::network::error::NetworkError;
use crate::accelerator::network::image::{Image, NewTensor};
use crate::accelerator::network::run::shown;

/// One thread: sums are taken in the same order whatever the number of processors, and tests that run side
/// by side do not take them from each other.
static POOL: LazyLock<Arc<ThreadPool>> =
    LazyLock::new(|| Arc::new(ThreadPool::with_num_threads(1)));

/// A network of any operators that rten knows.
#[derive(Clone)]
pub(in crate::accelerator::network) struct General {
    pub(in crate::accelerator::network) name: String,
    file: Arc<[u8]>,
    input: Edge,
    /// What it takes, bytes.
    pub(in crate::accelerator::network) input_bytes: usize,
    /// What it gives, bytes.
    pub(in crate::accelerator::network) output_bytes: usize,
    output: Edge,
    /// The model with the parameters as they are; none after an upset, until it is asked.
    model: OnceLock<Result<Arc<Model>, String>>,
}

impl fmt::Debug for General {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "General({}, by rten)", self.name)
    }
}

impl General {
    /// Loads a file and asks it once, with zeros: what fails then would fail each time.
    pub(super) fn new(name: &str, file: &[u8], graph: &Graph) -> Result<(General, Image), String> {
        let image = Image::of(parameters(file)?);
        let shape = graph.input.shape.as_deref().unwrap_or_default();
        let mut general = General {
            name: name.to_owned(),
            file: file.into(),
            input: graph.input.clone(),
            input_bytes: shape.iter().product::<usize>() * graph.input.width(),
            output_bytes: 0,
            output: graph.output.clone(),
            model: OnceLock::new(),
        };
        let (shape, output) = general.answer(&image, &vec![0; general.input_bytes])?;
        general.output_bytes = output.len();
        general.output.shape = Some(shape);
        Ok((general, image))
    }

    pub(in crate::accelerator::network) fn input(&self) -> Ends {
        let shape = self.input.shape.as_deref().unwrap_or_default();
        Ends::new(self.input.word(), shape)
    }

    pub(in crate::accelerator::network) fn output(&self) -> Ends {
        let shape = self.output.shape.as_deref().unwrap_or_default();
        Ends::new(self.output.word(), shape)
    }

    /// Whether outputs are single-precision numbers.
    pub(in crate::accelerator::network) fn output_is_float(&self) -> bool {
        self.output.dtype == DataType::FLOAT
    }

    /// The image has changed.
    pub(in crate::accelerator::network) fn forget(&mut self) {
        self.model = OnceLock::new();
    }

    /// One inference on an input of the right length.
    pub(in crate::accelerator::network) fn run(
        &self,
        image: &Image,
        input: &[u8],
    ) -> Result<Vec<u8>, NetworkError> {
        let (_, output) = self.answer(image, input).map_err(NetworkError::Run)?;
        let (expected, got) = (self.output_bytes, output.len());
        if got != expected {
            let why = format!("its output has {got} bytes, and had {expected} for another input");
            return Err(NetworkError::Run(why));
        }
        Ok(output)
    }

    /// The output's shape and its bytes.
    fn answer(&self, image: &Image, input: &[u8]) -> Result<(Vec<usize>, Vec<u8>), String> {
        let model = self.model.get_or_init(|| load(&self.file, image));
        let model = model.as_ref().map_err(Clone::clone)?;
        let value = self.value(input)?;
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::clone(&POOL));
        let run = || model.run_one(value.into(), Some(options));
        let output = guarded(run)?.map_err(|error| error.to_string())?;
        let shape = output.shape().to_vec();
        Ok((shape, bytes(output, self.output.dtype)?))
    }

    /// An input as rten takes it.
    fn value(&self, input: &[u8]) -> Result<Value, String> {
        let shape = self.input.shape.as_deref().unwrap_or_default();
        match self.input.dtype {
            DataType::FLOAT => {
                let words = input.as_chunks().0.iter().copied();
                let reals: Vec<f32> = words.map(f32::from_le_bytes).collect();
                shaped(shape, reals)
            }
            DataType::INT32 => {
                let words = input.as_chunks().0.iter().copied();
                let wholes: Vec<i32> = words.map(i32::from_le_bytes).collect();
                shaped(shape, wholes)
            }
            DataType::INT64 => {
                let words = input.as_chunks().0.iter().copied();
                let narrow = words.map(|word| i32::try_from(i64::from_le_bytes(word)));
                let wholes: Result<Vec<i32>, _> = narrow.collect();
                let wholes = wholes.map_err(|_| "a number of its input is beyond 32 bits")?;
                shaped(shape, wholes)
            }
            DataType::INT8 => {
                let signed: Vec<i8> = input.iter().map(|byte| byte.cast_signed()).collect();
                shaped(shape, signed)
            }
            _ => shaped(shape, input.to_vec()),
        }
    }
}

fn shaped<T>(shape: &[usize], numbers: Vec<T>) -> Result<Value, String>
where
    Value: From<Tensor<T>>,
{
    Value::from_shape(shape, numbers).map_err(|error| error.to_string())
}

/// An output as boards tell it, in the type that the file says.
fn bytes(output: Value, dtype: DataType) -> Result<Vec<u8>, String> {
    let found = output.dtype();
    Ok(match (output, dtype) {
        (Value::FloatTensor(reals), DataType::FLOAT) => {
            reals.into_data().into_iter().flat_map(shown).collect()
        }
        (Value::Int32Tensor(wholes), DataType::INT32) => wholes
            .into_data()
            .into_iter()
            .flat_map(i32::to_le_bytes)
            .collect(),
        (Value::Int32Tensor(wholes), DataType::INT64) => {
            let wide = wholes.into_data().into_iter().map(i64::from);
            wide.flat_map(i64::to_le_bytes).collect()
        }
        (Value::Int8Tensor(signed), DataType::INT8) => signed
            .into_data()
            .into_iter()
            .map(i8::cast_unsigned)
            .collect(),
        (Value::UInt8Tensor(bytes), DataType::UINT8) => bytes.into_data(),
        _ => return Err(format!("its output is {found}, and the file says {dtype}")),
    })
}

/// The parameters that a board has in memory, in the order of the file.
fn parameters(file: &[u8]) -> Result<Vec<NewTensor>, String> {
    let graph = super::graph::proto(file)?;
    let settings = settings(&graph);
    let tensors = graph.initializer.iter().filter_map(|tensor| {
        let (name, dtype) = (tensor.name.as_deref()?, tensor.data_type?);
        if settings.contains(name) {
            return None;
        }
        Some(NewTensor {
            name: name.to_owned(),
            dtype: parameter(dtype)?,
            shape: tensor.dims.iter().map(|axis| *axis as usize).collect(),
            bytes: numbers(tensor, dtype),
        })
    });
    Ok(tensors.collect())
}

/// Numbers that say how large something will be: of the program, as shapes are.
fn settings(graph: &GraphProto) -> BTreeSet<&str> {
    let resizes = |node: &&NodeProto| {
        let what = node.op_type.as_deref();
        matches!(what, Some("Resize" | "Upsample" | "Range"))
    };
    let nodes = graph.node.iter().filter(resizes);
    nodes
        .flat_map(|node| &node.input)
        .map(String::as_str)
        .collect()
}

/// The model of a file, with the parameters of an image.
fn load(file: &[u8], image: &Image) -> Result<Arc<Model>, String> {
    let mut model = ModelProto::parse_buf(file).map_err(|error| error.to_string())?;
    let graph = model.graph.iter_mut();
    for tensor in graph.flat_map(|graph| &mut graph.initializer) {
        if let Some(now) = tensor.name.as_deref().and_then(|name| image.tensor(name)) {
            tensor.raw_data = Some(now.to_vec().into());
            tensor.float_data.clear();
            tensor.int32_data.clear();
        }
    }
    let file = model.write_buf().map_err(|error| error.to_string())?;
    let load = || ModelOptions::with_all_ops().load(file);
    let model = guarded(load)?.map_err(|error| error.to_string())?;
    Ok(Arc::new(model))
}

/// What other people's code gives; a panic of it is an answer, too, and must not end a run.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        format!("rten gave up: {}", text.unwrap_or("without a word"))
    })
}
