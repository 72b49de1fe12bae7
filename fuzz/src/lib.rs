//! What the fuzz targets call.

pub mod mutation;
pub mod targets;
