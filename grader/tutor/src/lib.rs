//! The tutor: what a word about signals means, with a live run below it, and questions about what
//! happens next in a run.
//!
//! - [`Topics`] has the topics of `siglab explain`: texts, and the runs that show what they say. They are
//!   data, in topics/; [`Topics::read`] is the one loader.
//! - [`Topics::live`] runs the small program of a topic, as a lab of its own.
//! - [`signals`] is the table of all signals.
//! - [`Quiz`] has the questions of `siglab predict`: what is asked at which event of a trace, and what the
//!   right answer is. Answers come from the trace, and from the model of the kernel's signal state that is
//!   carried along it.
//!
//! Nothing here reads from or writes to a terminal.

#![forbid(unsafe_code)]

mod page;
mod quiz;
pub mod signals;
mod topic;

pub use page::{Listing, Page, SignalTable};
pub use quiz::{Asked, Choice, Form, Quiz, Reply};
pub use topic::{Found, Group, Live, LiveError, Topic, TopicError, Topics, UnknownTopic};
