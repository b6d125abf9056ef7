//! What can go wrong with a network: a file that is none, or bytes that do not fit it.

/// A network cannot be loaded, or cannot do what it is asked.
///
/// What a flipped bit does to the numbers is no error: the network computes on, as hardware does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// The bytes are no safetensors file.
    #[error("not a model file: {0}")]
    Container(String),
    /// The file holds no program of a kind known here.
    #[error("no program in the model file: {0}")]
    Program(String),
    /// A step of the program cannot be carried out.
    #[error("step {step} of the program: {reason}")]
    Step {
        /// Its place in the program, from zero.
        step: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// An ONNX file is none, or holds what cannot be carried out here.
    #[error("not an ONNX model for a board: {0}")]
    Onnx(String),
    /// The network could not carry out an inference that it took.
    #[error("the network failed: {0}")]
    Run(String),
    /// The input's length is not the model's.
    #[error("an input of this network has {expected} bytes, not {got}")]
    InputLength {
        /// What the model takes, bytes.
        expected: usize,
        /// What came, bytes.
        got: usize,
    },
    /// There is no such bit to flip.
    #[error("no bit {bit} in byte {byte} of a memory image of {bytes} bytes")]
    NoSuchBit {
        /// The byte asked for, from zero.
        byte: usize,
        /// The bit asked for, 0 the least significant.
        bit: u8,
        /// Length of the image, bytes.
        bytes: usize,
    },
}
