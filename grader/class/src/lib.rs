//! Grading a class: submissions as learning platforms hand them out, in parallel, durably.
//!
//! - [`intake`] finds out who handed in what: files, folders and archives, in the layouts
//!   of Canvas, Moodle and Gradescope, with a [`Roster`].
//! - [`Source`] is what of it is compiled, and [`keys`] names it by its content.
//! - With the feature `store`: [`prepare`] finds out what there is to do, [`Prepared::grade`] runs
//!   what has no result yet, in a sandbox, and keeps every result in a [`Store`] that survives siglab's death; [`merge`] joins shards; [`Changes`] says
//!   what grading again has changed.
//! - A [`Course`] is several labs, each with its submissions; [`prepare_course`] and
//!   [`PreparedCourse::grade`] grade them one after another, for one gradebook, a [`Book`].
//! - [`Summary`] is what an instructor wants to know about a class. A roster that a platform
//!   exported is written again with the scores in it, for the platform to import.

#![forbid(unsafe_code)]

mod course;
#[cfg(feature = "store")]
mod crew;
mod error;
#[cfg(feature = "store")]
mod folder;
#[cfg(feature = "store")]
mod grade;
#[cfg(feature = "store")]
mod gradebook;
pub mod intake;
pub mod keys;
#[cfg(feature = "store")]
mod merge;
#[cfg(feature = "store")]
mod plan;
#[cfg(feature = "store")]
mod programs;
#[cfg(feature = "store")]
mod regrade;
mod shard;
#[cfg(feature = "store")]
mod store;
mod summary;
#[cfg(feature = "store")]
mod tidy;
#[cfg(feature = "store")]
mod worker;

#[cfg(feature = "store")]
pub use course::book::{Book, COURSE_SCHEMA, LabColumn, Line, Points, Undecided};
#[cfg(feature = "store")]
pub use course::grade::{GradedCourse, PreparedCourse, prepare_course};
#[cfg(feature = "schema")]
pub use course::schema as course_schema;
pub use course::{Course, CourseLab, Submissions};
#[cfg(feature = "store")]
pub use crew::death;
pub use error::ClassError;
#[cfg(feature = "store")]
pub use grade::{ClassOptions, Event, Finished, Graded, Mode, Prepared, prepare};
pub use intake::roster::{Roster, Student};
pub use intake::source::{Refusal, Source};
#[cfg(feature = "store")]
pub use merge::merge;
#[cfg(feature = "store")]
pub use regrade::{Change, Changes, Reason};
pub use shard::Shard;
#[cfg(feature = "store")]
pub use store::{Row, Store};
pub use summary::{CLASS_SCHEMA, GradebookCount, Summary};
