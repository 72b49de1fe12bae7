//! stub
#![forbid(unsafe_code)]
mod lab;
pub mod manifest;
mod result;
mod submission;
