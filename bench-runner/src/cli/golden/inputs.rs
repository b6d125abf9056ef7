//! Inputs of a first golden, from files of the user's own: arrays of numpy, or safetensors.

use std::path::Path;

use drivers::accelerator::network::Ends;
use reports::golden::array_of;

use crate::config::folder::read_some;

/// An array of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Array {
    /// In the words of safetensors.
    dtype: String,
    shape: Vec<usize>,
    /// Little-endian, row-major.
    bytes: Vec<u8>,
}

/// The samples of several files, one after the other, as a network takes them.
pub(super) fn samples(paths: &[&Path], wanted: &Ends) -> Result<Vec<Vec<u8>>, String> {
    let mut samples = Vec::new();
    for path in paths {
        let told = |why: String| format!("{}: {why}", path.display());
        let bytes = read_some(path).map_err(|error| told(error.to_string()))?;
        let array = match path.extension().and_then(|end| end.to_str()) {
            Some("npy") => npy(&bytes),
            Some("safetensors") => safetensors(&bytes),
            _ => Err("expected a file that ends with .npy or .safetensors".to_owned()),
        };
        samples.extend(array.and_then(|array| cut(&array, wanted)).map_err(told)?);
    }
    Ok(samples)
}

/// The samples of an array: one, or as many as its first axis is long.
fn cut(array: &Array, wanted: &Ends) -> Result<Vec<Vec<u8>>, String> {
    let found = format!("{} {:?}", array.dtype, array.shape);
    let expected = format!("{} {:?}", wanted.dtype, wanted.shape);
    let unlike = || {
        format!(
            "it holds {found}, and an input of the network is {expected}, with an axis of samples in \
             front if there are several"
        )
    };
    if array.dtype != wanted.dtype {
        return Err(unlike());
    }
    let count = match array.shape.as_slice() {
        shape if *shape == wanted.shape => 1,
        [count, rest @ ..] if *rest == wanted.shape => *count,
        _ => return Err(unlike()),
    };
    if count == 0 {
        return Err(format!("it holds {found}: no sample"));
    }
    let length = array.bytes.len() / count;
    Ok(array.bytes.chunks(length).map(<[u8]>::to_vec).collect())
}

/// The one tensor of a safetensors file, or that named `input`.
fn safetensors(bytes: &[u8]) -> Result<Array, String> {
    let (element, shape, bytes) = array_of(bytes)?;
    Ok(Array {
        dtype: element.name().to_uppercase(),
        shape,
        bytes,
    })
}

/// Magic of numpy's format (NEP 1, "A Simple File Format for `NumPy` Arrays").
const MAGIC: &[u8] = b"\x93NUMPY";

/// An array as `numpy.save` writes it, versions 1 to 3.
fn npy(bytes: &[u8]) -> Result<Array, String> {
    let none = || "it is no .npy file, or is cut off in its header".to_owned();
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(none)?;
    let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(none)?;
    let (length, rest) = match version[0] {
        1 => {
            let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(none)?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(none)?;
            (u32::from_le_bytes(*length) as usize, rest)
        }
        other => {
            return Err(format!(
                "it is a .npy file of version {other}, and 1 to 3 are known"
            ));
        }
    };
    let (header, data) = rest.split_at_checked(length).ok_or_else(none)?;
    let header = std::str::from_utf8(header).map_err(|_| none())?;
    let dtype = match value(header, "descr")
        .ok_or_else(none)?
        .trim_matches(['\'', '"'])
    {
        "<f4" => ("F32", 4),
        "|i1" => ("I8", 1),
        "|u1" => ("U8", 1),
        "<i4" => ("I32", 4),
        "<i8" => ("I64", 8),
        other => {
            return Err(format!(
                "its numbers are `{other}`; save them as float32, int8, uint8, int32 or int64 of this \
                 machine's order: numpy.save(path, array.astype(\"float32\"))"
            ));
        }
    };
    if value(header, "fortran_order").ok_or_else(none)? != "False" {
        return Err(
            "its columns lie one after the other; save numpy.ascontiguousarray(array)".to_owned(),
        );
    }
    let shape = value(header, "shape").ok_or_else(none)?;
    let axes = shape.trim_matches(['(', ')']).split(',').map(str::trim);
    let axes: Result<Vec<usize>, _> = axes
        .filter(|axis| !axis.is_empty())
        .map(str::parse)
        .collect();
    let shape = axes.map_err(|_| format!("its shape is {shape}"))?;
    let wanted = shape
        .iter()
        .try_fold(dtype.1, |n: usize, axis| n.checked_mul(*axis));
    if wanted != Some(data.len()) {
        return Err(format!(
            "it has {} bytes of numbers, and {} {shape:?} takes {}",
            data.len(),
            dtype.0,
            wanted.map_or("too many".to_owned(), |count| count.to_string())
        ));
    }
    Ok(Array {
        dtype: dtype.0.to_owned(),
        shape,
        bytes: data.to_vec(),
    })
}

/// The text of a key in the literal of a Python dictionary, which is all that a header is.
fn value<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(&format!("'{key}':"))?;
    let rest = rest.trim_start();
    let end = match rest.chars().next()? {
        '(' => rest.find(')')? + 1,
        quote @ ('\'' | '"') => rest[1..].find(quote)? + 2,
        _ => rest.find([',', '}'])?,
    };
    rest.get(..end).map(str::trim)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut file = [MAGIC, &[1, 0]].concat();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.as_bytes());
        file.extend(data);
        file
    }

    fn ends(dtype: &'static str, shape: &[usize]) -> Ends {
        let shape = shape.to_vec();
        Ends { dtype, shape }
    }

    #[test]
    fn what_numpy_writes_is_read() {
        // numpy 2.4.6: numpy.save of arange(6, dtype="<f4").reshape(3, 2), to the byte.
        let header = format!(
            "{:<117}\n",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }"
        );
        let data: Vec<u8> = (0..6_u8).flat_map(|n| f32::from(n).to_le_bytes()).collect();
        let array = npy(&file(&header, &data)).unwrap();
        assert_eq!(
            (array.dtype.as_str(), array.shape.as_slice()),
            ("F32", &[3, 2][..])
        );
        let samples = cut(&array, &ends("F32", &[2])).unwrap();
        assert_eq!(samples, [&data[..8], &data[8..16], &data[16..]]);
        // A scalar axis is written with a comma, and one sample needs no axis of its own.
        let one = npy(&file(
            "{'descr': '|i1', 'fortran_order': False, 'shape': (3,), }",
            &[1, 2, 3],
        ));
        assert_eq!(cut(&one.unwrap(), &ends("I8", &[3])).unwrap(), [[1, 2, 3]]);
    }

    #[test]
    fn other_arrays_are_refused_with_what_to_do() {
        let why = |header: &str, data: &[u8]| npy(&file(header, data)).unwrap_err();
        let told = why(
            "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }",
            &[0; 4],
        );
        assert!(told.contains("`>f4`; save them as float32"), "{told}");
        let told = why(
            "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
            &[0; 4],
        );
        assert!(told.contains("`|O`"), "{told}");
        let told = why(
            "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }",
            &[0; 4],
        );
        assert!(told.contains("ascontiguousarray"), "{told}");
        let told = why(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
            &[0; 4],
        );
        assert!(
            told.contains("it has 4 bytes of numbers, and F32 [2] takes 8"),
            "{told}"
        );
        assert!(npy(b"PK").unwrap_err().contains("no .npy file"));
        let array = |shape: &[usize]| Array {
            dtype: "F32".to_owned(),
            shape: shape.to_vec(),
            bytes: vec![0; 4 * shape.iter().product::<usize>()],
        };
        let told = cut(&array(&[2, 5]), &ends("F32", &[4])).unwrap_err();
        assert!(
            told.contains("it holds F32 [2, 5], and an input of the network is F32 [4]"),
            "{told}"
        );
        assert!(cut(&array(&[2, 4]), &ends("I8", &[4])).is_err());
        assert!(
            cut(&array(&[0, 4]), &ends("F32", &[4]))
                .unwrap_err()
                .ends_with("no sample")
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_array_or_refused(
            header in "[{}'a-z:<|0-9(), ]{0,80}",
            data in prop::collection::vec(any::<u8>(), 0..40),
            cut_at in 0_usize..130,
        ) {
            let whole = file(&header, &data);
            for bytes in [&whole[..], &whole[..cut_at.min(whole.len())], &data] {
                if let Ok(array) = npy(bytes) {
                    prop_assert!(bytes.ends_with(&array.bytes));
                    if let Ok(samples) = cut(&array, &ends("F32", &[1])) {
                        prop_assert_eq!(samples.concat(), array.bytes);
                    }
                }
            }
        }
    }
}
