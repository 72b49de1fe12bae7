//! Who belongs to whom in a run.

use std::collections::HashMap;

use crate::{Event, ForkHow, Kind, Role};

/// Which threads belong to which process in a run, whatever a lab calls them: read from its
/// `spawn` and `fork` events. What those don't tell is taken from systematic roles.
#[derive(Clone, Debug, Default)]
pub struct Family {
    first: Option<Role>,
    /// From a thread other than its process's first to the process.
    processes: HashMap<Role, Role>,
}

impl Family {
    /// Of these events.
    #[must_use]
    pub fn of(events: &[Event]) -> Self {
        let mut family = Self {
            first: events.iter().find_map(|event| event.role.clone()),
            processes: HashMap::new(),
        };
        for event in events {
            if let (
                Kind::Fork {
                    child,
                    how: ForkHow::Thread,
                },
                Some(maker),
            ) = (&event.kind, &event.role)
            {
                let process = family.process(maker);
                family.processes.insert(child.clone(), process);
            }
        }
        family
    }

    /// The first process, which a lab may have another name for than `main`.
    #[must_use]
    pub fn first(&self) -> Role {
        self.first.clone().unwrap_or_else(Role::main)
    }

    /// The process that a thread belongs to; of a process, itself.
    #[must_use]
    pub fn process(&self, role: &Role) -> Role {
        if let Some(process) = self.processes.get(role) {
            return process.clone();
        }
        let process = role.process();
        if process == Role::MAIN {
            self.first()
        } else {
            process
        }
    }

    /// Whether a thread is one of this process, other than its first.
    #[must_use]
    pub fn is_thread_of(&self, thread: &Role, process: &Role) -> bool {
        thread != process && self.process(thread) == *process
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Time;

    fn made(maker: &str, child: &str, how: ForkHow) -> Event {
        Event {
            t: Time::ZERO,
            role: Some(Role::new(maker)),
            kind: Kind::Fork {
                child: Role::new(child),
                how,
            },
            call: None,
        }
    }

    #[test]
    fn threads_belong_to_their_process_whatever_it_is_called() {
        use ForkHow::{Fork, Thread};
        let events = [
            made("parent", "thread", Thread),
            made("thread", "worker", Thread),
            made("worker", "child", Fork),
            made("parent", "logger", Fork),
            made("logger", "child.2/thread", Thread),
            made("child.2/thread", "child.2/thread.2", Thread),
            made("child", "child/thread", Thread),
        ];
        let family = Family::of(&events);
        assert_eq!(family.first(), "parent");
        for (role, process) in [
            ("parent", "parent"),
            ("thread", "parent"),
            ("worker", "parent"),
            ("child", "child"),
            ("logger", "logger"),
            ("child.2/thread", "logger"),
            ("child.2/thread.2", "logger"),
            ("child/thread", "child"),
        ] {
            let role = Role::new(role);
            assert_eq!(family.process(&role), process, "{role}");
            let is_thread = role != process;
            assert_eq!(family.is_thread_of(&role, &Role::new(process)), is_thread);
        }
    }

    #[test]
    fn systematic_roles_need_no_events() {
        let family = Family::of(&[]);
        assert_eq!(family.first(), "main");
        assert_eq!(family.process(&Role::new("child.2/thread")), "child.2");
        assert!(!family.is_thread_of(&Role::new("child.2/thread"), &Role::new("child")));
        assert!(family.is_thread_of(&Role::new("thread"), &Role::main()));
    }
}
