//! Helpers of the tests of the whole: campaigns in folders of their own, runs of them in memory
//! or by the program, and the sources of the workspace.

pub mod emulators;
pub mod program;
pub mod ran;
pub mod scene;
pub mod sources;
pub mod watched;
