//! The networks that boards run, against onnxruntime: those that are built in, and files.

mod builtin;
mod onnx;
