//! Networks from ONNX files: carried out by this crate's own kernels where they know every node,
//! by rten where they do not.
//!
//! Own kernels give the same bits on every machine. rten knows most of ONNX, but chooses its kernels by
//! the processor: floats may differ in their last places from one kind of machine to another, and
//! nothing else.

mod general;
mod graph;
mod program;
mod wire;

use super::Body;
use super::error::NetworkError;
use super::image::Image;
use super::plan::Plan;

pub(super) use general::General;

use graph::Graph;

/// Length of a file at most, bytes: emulated boards hold it in memory, and so does each snapshot of one.
const MOST_BYTES: usize = 1 << 28;

/// Loads an ONNX file under this name. `axes` has the lengths of axes that the file only names.
pub(super) fn load(
    name: &str,
    file: &[u8],
    axes: &[(String, usize)],
) -> Result<(Body, Image), NetworkError> {
    if file.len() > MOST_BYTES {
        let (length, most) = (file.len() >> 20, MOST_BYTES >> 20);
        return Err(NetworkError::Onnx(format!(
            "it has {length} MiB, and at most {most} MiB are read"
        )));
    }
    let graph = Graph::read(file, axes).map_err(NetworkError::Onnx)?;
    let why = match own(name, &graph) {
        Ok((plan, image)) => return Ok((Body::Graph(plan), image)),
        Err(why) => why,
    };
    match General::new(name, file, &graph) {
        Ok((general, image)) => Ok((Body::General(Box::new(general)), image)),
        Err(error) => Err(NetworkError::Onnx(format!(
            "{error}; and this crate's own kernels cannot: {why}"
        ))),
    }
}

/// The same network as a program of this crate's own kernels, or what they do not know.
fn own(name: &str, graph: &Graph) -> Result<(Plan, Image), String> {
    let (program, tensors) = program::translate(name, graph)?;
    let image = Image::of(tensors);
    let plan = Plan::new(&program, &image).map_err(|error| error.to_string())?;
    Ok((plan, image))
}
