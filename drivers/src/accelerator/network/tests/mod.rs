//! Kernels against naive loops, model files that are damaged, and memory that is upset.

mod files;
mod kernels;
mod memory;
mod onnx;
