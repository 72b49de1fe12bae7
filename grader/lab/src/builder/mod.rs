//! Scenarios and requirements in Rust, for people who write `#[test]`s.
//!
//! Everything that `lab.toml` can say about a run can be said here, in the same words and
//! with the same checks.
//!
//! ```no_run
//! use siglab_lab::builder::{Event, Requirement, Scenario};
//!
//! // Ctrl+C twice within a second ends the daemon with status 0.
//! let scenario = Scenario::new("ctrl-c-twice")
//!     .terminal(24, 80)
//!     .at("0.5s").press("Ctrl+C")
//!     .at("1.2s").press("Ctrl+C");
//! let trace = scenario.run(&siglab_engine::Command::new("target/debug/daemon"))?;
//!
//! Requirement::exactly(2, Event::new("delivered").is("signal", "SIGINT").is("role", "main"))
//!     .check(&trace)?;
//! Requirement::within("10ms", Event::new("exit").number("code", 0))
//!     .after_time("1.2s")
//!     .check(&trace)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod requirement;
mod scenario;
#[cfg(test)]
mod tests;

pub use requirement::{Event, Requirement, Unmet};
pub use scenario::{RunError, Scenario};

use crate::manifest::raw::{RawCriterion, RawManifest, Text, unwritten};
use crate::manifest::{Manifest, ManifestError};

fn text(text: &str) -> Option<Text> {
    Some(unwritten(text.to_owned()))
}

/// A lab: what [`Manifest::parse`] reads from a file, said in Rust.
#[derive(Clone, Debug, Default)]
pub struct Lab(RawManifest);

impl Lab {
    /// A lab with this id and title.
    #[must_use]
    pub fn new(id: &str, title: &str) -> Self {
        Self(RawManifest {
            id: text(id),
            title: text(title),
            ..RawManifest::default()
        })
    }

    /// Calls `role` (`main`, `child`, ...) by a name of the lab's own.
    #[must_use]
    pub fn role(mut self, role: &str, name: &str) -> Self {
        let (role, name) = (unwritten(role.to_owned()), unwritten(name.to_owned()));
        self.0.roles.insert(role, name);
        self
    }

    /// Adds a scenario.
    #[must_use]
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.0.scenario.push(unwritten(scenario.finish()));
        self
    }

    /// Adds a criterion.
    #[must_use]
    pub fn criterion(mut self, criterion: Criterion) -> Self {
        self.0.criterion.push(unwritten(criterion.0));
        self
    }

    /// Checks that it makes sense.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn build(self) -> Result<Manifest, ManifestError> {
        Manifest::from_raw(&self.0)
    }
}

/// Something that must hold, for points.
#[derive(Clone, Debug, Default)]
pub struct Criterion(RawCriterion);

impl Criterion {
    /// A criterion of requirements.
    #[must_use]
    pub fn new(id: &str, title: &str, points: u32) -> Self {
        Self(RawCriterion {
            id: text(id),
            title: text(title),
            points: Some(unwritten(i64::from(points))),
            ..RawCriterion::default()
        })
    }

    /// The built-in rule `builds`, for 0 points.
    #[must_use]
    pub fn builds() -> Self {
        Self::new("builds", "It compiles", 0).kind("builds")
    }

    /// With a built-in rule in place of requirements: `no-leftovers`, `no-busy-waiting`.
    #[must_use]
    pub fn kind(mut self, kind: &str) -> Self {
        self.0.kind = text(kind);
        self
    }

    /// Not tried unless these criteria hold, which were added before.
    #[must_use]
    pub fn needs<'c>(mut self, ids: impl IntoIterator<Item = &'c str>) -> Self {
        let ids = ids.into_iter().map(|id| unwritten(id.to_owned()));
        self.0.needs = Some(ids.collect());
        self
    }

    /// About these scenarios only.
    #[must_use]
    pub fn scenarios<'s>(mut self, ids: impl IntoIterator<Item = &'s str>) -> Self {
        let ids = ids.into_iter().map(|id| unwritten(id.to_owned()));
        self.0.scenarios = Some(ids.collect());
        self
    }

    /// Adds a requirement.
    #[must_use]
    pub fn require(mut self, requirement: Requirement) -> Self {
        self.0.require.push(unwritten(requirement.into_raw()));
        self
    }
}
