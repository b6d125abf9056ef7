//! CSP packets (Cubesat Space Protocol, versions 1 and 2 as libcsp has them) and their fragments on
//! a CAN bus (CFP 1 and 2).

mod fragment;
mod packet;
#[cfg(test)]
mod tests;

pub use fragment::{Fragment, Fragments, Reassembled};
pub use packet::{Checked, Packet, Version};
