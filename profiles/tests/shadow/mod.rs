//! The edges of the shadow, searched by other means.

mod grazing;
mod limb;
