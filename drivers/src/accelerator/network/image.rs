//! The memory image: every parameter of a network, in one piece, as it lies in a board's memory.
//!
//! It is the data section of the model file. Kernels read their parameters from it at each
//! inference, so that an upset in it is an upset in the computation.

use std::ops::Range;

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::error::NetworkError;

/// Key of the program among the file's metadata.
const PROGRAM: &str = "network";

/// Length of the header's length, bytes.
const PREFIX: usize = 8;

/// Parameters, and which of them lies where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Image {
    bytes: Vec<u8>,
    /// In the order of their bytes, without gaps.
    regions: Vec<Region>,
}

/// Where a tensor lies.
#[derive(Clone, Debug, PartialEq)]
struct Region {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Range<usize>,
}

/// Which parameter a byte of the image belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The tensor's name in the model file.
    pub tensor: String,
    /// Type of its elements, in the words of safetensors: `F32`, `I8`, `I32`.
    pub dtype: String,
    /// The element in row-major order, from zero.
    pub element: usize,
    /// The byte within the element, 0 the least significant.
    pub byte: usize,
}

/// A tensor of parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Its name in the model file.
    pub name: String,
    /// Type of its elements, in the words of safetensors: `F32`, `I8`, `I32`.
    pub dtype: String,
    /// How many they are.
    pub elements: usize,
    /// Their bytes in all.
    pub bytes: usize,
}

/// A tensor to be put into an image.
#[derive(Clone, Debug)]
pub(super) struct NewTensor {
    pub(super) name: String,
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// Little-endian, row-major.
    pub(super) bytes: Vec<u8>,
}

impl Image {
    /// These tensors, one after the other.
    pub(super) fn of(tensors: Vec<NewTensor>) -> Image {
        let mut image = Image {
            bytes: Vec::new(),
            regions: Vec::new(),
        };
        for tensor in tensors {
            let start = image.bytes.len();
            image.bytes.extend(tensor.bytes);
            image.regions.push(Region {
                name: tensor.name,
                dtype: tensor.dtype,
                shape: tensor.shape,
                bytes: start..image.bytes.len(),
            });
        }
        image
    }

    /// Splits a model file into its image and the text of its program.
    pub(super) fn split(file: &[u8]) -> Result<(Image, String), NetworkError> {
        let (header, bytes) = frame(file)?;
        let metadata: Metadata = serde_json::from_slice(header)
            .map_err(|error| NetworkError::Container(error.to_string()))?;
        let mut regions = Vec::new();
        for name in metadata.offset_keys() {
            let Some(tensor) = metadata.info(&name) else {
                continue;
            };
            let (start, end) = tensor.data_offsets;
            if bytes.get(start..end).is_none() {
                return Err(NetworkError::Container(format!("`{name}` is cut off")));
            }
            regions.push(Region {
                name,
                dtype: tensor.dtype,
                shape: tensor.shape.clone(),
                bytes: start..end,
            });
        }
        if regions.last().map_or(0, |region| region.bytes.end) != bytes.len() {
            return Err(NetworkError::Container(
                "there are bytes behind the last tensor".to_owned(),
            ));
        }
        let program = metadata
            .metadata()
            .as_ref()
            .and_then(|texts| texts.get(PROGRAM))
            .ok_or_else(|| NetworkError::Program(format!("no metadata `{PROGRAM}`")))?
            .clone();
        let bytes = bytes.to_vec();
        Ok((Image { bytes, regions }, program))
    }

    /// All of it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of the tensor of this name, as they are now.
    pub(super) fn tensor(&self, name: &str) -> Option<&[u8]> {
        let region = self.regions.iter().find(|region| region.name == name)?;
        self.bytes.get(region.bytes.clone())
    }

    /// Inverts a bit.
    pub(super) fn flip(&mut self, byte: usize, bit: u8) -> Result<(), NetworkError> {
        let bytes = self.bytes.len();
        match self.bytes.get_mut(byte) {
            Some(place) if bit < 8 => {
                *place ^= 1 << bit;
                Ok(())
            }
            _ => Err(NetworkError::NoSuchBit { byte, bit, bytes }),
        }
    }

    /// Whose byte this is; none beyond the end.
    pub(super) fn site(&self, byte: usize) -> Option<Site> {
        let region = self
            .regions
            .iter()
            .find(|region| region.bytes.contains(&byte))?;
        let elements: usize = region.shape.iter().product();
        let width = region.bytes.len().checked_div(elements)?.max(1);
        let offset = byte - region.bytes.start;
        Some(Site {
            tensor: region.name.clone(),
            dtype: format!("{:?}", region.dtype),
            element: offset / width,
            byte: offset % width,
        })
    }

    /// What lies in it, in order and without gaps.
    pub(super) fn tensors(&self) -> Vec<Tensor> {
        let each = self.regions.iter().map(|region| Tensor {
            name: region.name.clone(),
            dtype: format!("{:?}", region.dtype),
            elements: region.shape.iter().product(),
            bytes: region.bytes.len(),
        });
        each.collect()
    }

    /// Where the tensor of this name and type lies, and its shape.
    pub(super) fn find(
        &self,
        name: &str,
        dtype: Dtype,
    ) -> Result<(Range<usize>, &[usize]), String> {
        let region = self
            .regions
            .iter()
            .find(|region| region.name == name)
            .ok_or_else(|| format!("no tensor `{name}`"))?;
        if region.dtype != dtype {
            let found = region.dtype;
            return Err(format!("`{name}` is {found:?} and should be {dtype:?}"));
        }
        Ok((region.bytes.clone(), &region.shape))
    }

    /// The numbers of a region, as they are now.
    pub(super) fn f32s(&self, region: &Range<usize>) -> Vec<f32> {
        let (words, _) = self.bytes[region.clone()].as_chunks();
        words.iter().copied().map(f32::from_le_bytes).collect()
    }

    /// The same for upper halves of them, bf16.
    pub(super) fn bf16s(&self, region: &Range<usize>) -> Vec<f32> {
        let (words, _) = self.bytes[region.clone()].as_chunks();
        let whole = |[low, high]: [u8; 2]| f32::from_le_bytes([0, 0, low, high]);
        words.iter().copied().map(whole).collect()
    }

    /// The same for bytes.
    pub(super) fn bytes_of(&self, region: &Range<usize>) -> Vec<i8> {
        let bytes = self.bytes[region.clone()].iter();
        bytes.map(|byte| byte.cast_signed()).collect()
    }

    /// The same for 32-bit integers.
    pub(super) fn i32s(&self, region: &Range<usize>) -> Vec<i32> {
        let (words, _) = self.bytes[region.clone()].as_chunks();
        words.iter().copied().map(i32::from_le_bytes).collect()
    }

    /// The same for bytes, widened as the kernels multiply them.
    pub(super) fn i8s(&self, region: &Range<usize>) -> Vec<i16> {
        let bytes = &self.bytes[region.clone()];
        bytes
            .iter()
            .map(|byte| i16::from(byte.cast_signed()))
            .collect()
    }
}

/// A model file with the program of another key of its metadata in place of its own; `None` where
/// there is none.
pub(super) fn with_program(file: &[u8], key: &str) -> Option<Vec<u8>> {
    let (header, data) = frame(file).ok()?;
    let mut header: serde_json::Value = serde_json::from_slice(header).ok()?;
    let texts = header.get_mut("__metadata__")?.as_object_mut()?;
    let other = texts.remove(key)?;
    texts.insert(PROGRAM.to_owned(), other);
    let header = serde_json::to_vec(&header).ok()?;
    let mut changed = (header.len() as u64).to_le_bytes().to_vec();
    changed.extend(header);
    changed.extend(data);
    Some(changed)
}

/// Header and data of a safetensors file. The crate's own reader adds up lengths unchecked.
pub(super) fn frame(file: &[u8]) -> Result<(&[u8], &[u8]), NetworkError> {
    let cut = || NetworkError::Container("it is cut off in its header".to_owned());
    let (length, rest) = file.split_first_chunk::<PREFIX>().ok_or_else(cut)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| cut())?;
    rest.split_at_checked(length).ok_or_else(cut)
}
