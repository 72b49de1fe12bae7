//! The layers of the sandbox, and which of them are active.

use std::fmt;

/// A layer of the sandbox. Each is of use without the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LayerId {
    /// L0: a session of its own, resource limits, no new privileges, and a tracer's filter
    /// for every call that can reach another process. Always there.
    Basics,
    /// L1: a user id that nobody else has, swept afterwards.
    Uid,
    /// L2: a pid namespace with a trusted init.
    Pids,
    /// L3: mount, network and ipc namespaces; or else Landlock for files.
    Files,
    /// L4: Landlock's signal scope.
    Signals,
    /// L5: a control group with limits on memory and tasks.
    Cgroup,
}

impl LayerId {
    /// All of them, from L0 on.
    pub const ALL: [Self; 6] = [
        Self::Basics,
        Self::Uid,
        Self::Pids,
        Self::Files,
        Self::Signals,
        Self::Cgroup,
    ];

    /// Its short name: `L0` to `L5`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basics => "L0",
            Self::Uid => "L1",
            Self::Pids => "L2",
            Self::Files => "L3",
            Self::Signals => "L4",
            Self::Cgroup => "L5",
        }
    }

    /// What it is, in a few words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Basics => "session, resource limits, system call filter",
            Self::Uid => "a fresh user id, swept afterwards",
            Self::Pids => "a pid namespace with a trusted init",
            Self::Files => "files and network",
            Self::Signals => "Landlock's signal scope",
            Self::Cgroup => "limits on memory and tasks by control groups",
        }
    }

    /// How a machine gets it, where it is missing.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Basics => "",
            Self::Uid => "run siglab as root, or with CAP_SETUID and CAP_SETGID",
            Self::Pids => {
                "run siglab as root with CAP_SYS_ADMIN, or permit user namespaces; in a \
                 container: `--cap-add=SYS_ADMIN` and a seccomp profile that permits unshare(2)"
            }
            Self::Files => "as L2, or a kernel with Landlock (5.13, `lsm=landlock,...`)",
            Self::Signals => "a kernel with Landlock ABI 6 (6.12, `lsm=landlock,...`)",
            Self::Cgroup => {
                "run siglab as root, or in a delegated control group \
                 (`systemd-run --user --scope -p Delegate=yes`)"
            }
        }
    }
}

/// Whether a layer is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is; how, where there are several ways.
    Active(String),
    /// It isn't, and why.
    Missing(String),
}

impl State {
    /// Whether it is active.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Active(_))
    }

    /// How it is active, or why it is missing.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Active(detail) | Self::Missing(detail) => detail,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active(how) if how.is_empty() => f.write_str("active"),
            Self::Active(how) => write!(f, "active ({how})"),
            Self::Missing(why) => write!(f, "missing ({why})"),
        }
    }
}

/// Which layers are active. Each was tried out, not only asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layers {
    states: [State; 6],
}

impl Layers {
    /// Only L0; the others are missing for this reason.
    pub(crate) fn basic(reason: &str) -> Self {
        let missing = || State::Missing(reason.to_owned());
        let mut states = LayerId::ALL.map(|_| missing());
        states[0] = State::Active(String::new());
        Self { states }
    }

    pub(crate) fn set(&mut self, layer: LayerId, state: State) {
        self.states[layer as usize] = state;
    }

    /// The state of one layer.
    #[must_use]
    pub fn state(&self, layer: LayerId) -> &State {
        &self.states[layer as usize]
    }

    /// Whether a layer is active.
    #[must_use]
    pub fn has(&self, layer: LayerId) -> bool {
        self.state(layer).is_active()
    }

    /// Every layer with its state, from L0 on.
    pub fn iter(&self) -> impl Iterator<Item = (LayerId, &State)> {
        LayerId::ALL.into_iter().zip(&self.states)
    }

    /// Whether a hostile program is contained: L0, and a layer that keeps its signals from
    /// everybody else even if L0 has a hole (L1, L2 or L4). L0 alone is weak.
    #[must_use]
    pub fn contained(&self) -> bool {
        [LayerId::Uid, LayerId::Pids, LayerId::Signals]
            .iter()
            .any(|layer| self.has(*layer))
    }

    /// `contained` or `weak`.
    #[must_use]
    pub fn level(&self) -> &'static str {
        if self.contained() {
            "contained"
        } else {
            "weak"
        }
    }
}

/// One line: `contained: L0 L1 L2; missing: L5 (why)`.
impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.level())?;
        for (layer, _) in self.iter().filter(|(_, state)| state.is_active()) {
            write!(f, " {}", layer.name())?;
        }
        let missing: Vec<_> = self
            .iter()
            .filter(|(_, state)| !state.is_active())
            .map(|(layer, state)| format!("{} ({})", layer.name(), state.detail()))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        write!(f, "; missing: {}", missing.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contained_is_more_than_the_basics() {
        let mut layers = Layers::basic("no");
        assert!(layers.has(LayerId::Basics));
        assert_eq!(layers.level(), "weak");
        for layer in [LayerId::Files, LayerId::Cgroup] {
            layers.set(layer, State::Active(String::new()));
        }
        assert_eq!(layers.level(), "weak", "neither of them is about signals");
        for layer in [LayerId::Uid, LayerId::Pids, LayerId::Signals] {
            let mut layers = Layers::basic("no");
            layers.set(layer, State::Active(String::new()));
            assert_eq!(layers.level(), "contained", "{layer:?}");
        }
    }

    #[test]
    fn a_line_names_what_is_missing_and_why() {
        let mut layers = Layers::basic("not root");
        layers.set(LayerId::Signals, State::Active("ABI 6".into()));
        assert_eq!(
            layers.to_string(),
            "contained: L0 L4; missing: L1 (not root), L2 (not root), L3 (not root), L5 (not root)"
        );
    }
}
