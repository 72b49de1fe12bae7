//! What processes and threads are called.

use std::collections::BTreeMap;

use siglab_model::Role;

/// The names that a lab gives to processes: from `main`, `child`, ... to its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(BTreeMap<String, String>);

impl Roles {
    /// With these names.
    #[must_use]
    pub fn new(names: BTreeMap<String, String>) -> Self {
        Self(names)
    }

    /// The names.
    #[must_use]
    pub fn names(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// What the first process is called.
    #[must_use]
    pub fn main(&self) -> &str {
        self.named(Role::MAIN)
    }

    /// What `role` (`main`, `child`, ...) is called.
    #[must_use]
    pub fn named<'a>(&'a self, role: &'a str) -> &'a str {
        self.0.get(role).map_or(role, String::as_str)
    }

    /// The process that a process or thread belongs to: itself, or the one whose thread it
    /// is. Either may have a name of the lab's own.
    #[must_use]
    pub fn process_of(&self, role: &Role) -> Role {
        let systematic = self.systematic(role);
        if systematic.is_thread() {
            Role::new(self.named(systematic.process().as_str()))
        } else {
            role.clone()
        }
    }

    /// The place in the tree of what is called `role`.
    fn systematic(&self, role: &Role) -> Role {
        let named = self.0.iter().find(|(_, name)| *role == name.as_str());
        named.map_or_else(|| role.clone(), |(systematic, _)| Role::new(systematic))
    }

    /// Whether a process or thread can be called `role` at all: by its place in the tree
    /// (`main`, `child`, `child.2`, `child/child`, `thread`, `child/thread.3`) unless the
    /// lab has another name for it, or by a name of the lab's own.
    #[must_use]
    pub fn can_exist(&self, role: &str) -> bool {
        self.0.values().any(|name| name == role)
            || !self.0.contains_key(role) && Role::new(role).is_systematic()
    }
}

#[cfg(test)]
mod tests {
    use siglab_model::Role;

    use super::Roles;

    fn roles() -> Roles {
        let names = [
            ("main", "parent"),
            ("child.2", "logger"),
            ("child.2/thread.2", "worker"),
        ];
        Roles::new(
            names
                .map(|(role, name)| (role.to_owned(), name.to_owned()))
                .into(),
        )
    }

    #[test]
    fn threads_belong_to_processes() {
        let roles = roles();
        for (role, process) in [
            ("parent", "parent"),
            ("thread", "parent"),
            ("thread.2", "parent"),
            ("child", "child"),
            ("child/thread", "child"),
            ("child.2/thread.3", "logger"),
            ("worker", "logger"),
            ("child/child/thread", "child/child"),
            ("threads", "threads"),
        ] {
            assert_eq!(roles.process_of(&Role::new(role)), process, "{role}");
        }
    }

    #[test]
    fn only_some_roles_can_exist() {
        let roles = roles();
        for role in [
            "parent",
            "logger",
            "child",
            "child.3",
            "child/child.2",
            "thread",
            "child.2/thread.4",
        ] {
            assert!(roles.can_exist(role), "{role}");
        }
        for role in [
            "main",
            "child.2",
            "child.1",
            "child.0",
            "child.02",
            "kid",
            "thread/child",
            "child/",
            "",
            "script",
        ] {
            assert!(!roles.can_exist(role), "{role}");
        }
    }
}
