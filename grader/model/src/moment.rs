//! Moments of a run at which a signal can be injected.

use serde::{Deserialize, Serialize};

use crate::{Role, Signal};

/// A moment in the life of one thread. It is the same in each run of the same program,
/// under the same script and policy, as long as nothing was injected before.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    /// The thread.
    pub role: Role,
    /// How many system calls that the engine controls it has begun.
    pub calls: u64,
    /// Where it is then.
    pub place: Place,
}

/// Where a thread is at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Before an instruction.
    Instruction {
        /// The file name of the program or library.
        module: String,
        /// The instruction's address, in the file's own terms.
        address: u64,
        /// The how-manieth time that the thread gets there since it began its last
        /// controlled call, from 1.
        hit: u32,
    },
    /// Waiting, in the last call that it began.
    Waiting,
}

/// A signal at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Injection {
    /// When, and to whom.
    pub moment: Moment,
    /// Which signal.
    pub signal: Signal,
}
