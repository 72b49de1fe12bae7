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
    /// is.
    #[must_use]
    pub fn process_of<'a>(&'a self, role: &'a str) -> &'a str {
        let (process, last) = role.rsplit_once('/').unwrap_or((Role::MAIN, role));
        if numbered(last, "thread") {
            self.named(process)
        } else {
            role
        }
    }

    /// Whether a process or thread can be called `role` at all: by its place in the tree
    /// (`main`, `child`, `child.2`, `child/child`, `thread`, `child/thread.3`) unless the
    /// lab has another name for it, or by a name of the lab's own.
    #[must_use]
    pub fn can_exist(&self, role: &str) -> bool {
        self.0.values().any(|name| name == role)
            || !self.0.contains_key(role) && is_systematic(role)
    }
}

/// Whether `role` is a place in the tree of processes and threads.
pub(super) fn is_systematic(role: &str) -> bool {
    let (parents, last) = role.rsplit_once('/').unwrap_or(("", role));
    let parents_fit = parents.is_empty() || parents.split('/').all(|part| numbered(part, "child"));
    role == Role::MAIN || parents_fit && (numbered(last, "child") || numbered(last, "thread"))
}

/// Whether `text` is `word`, or `word.N` with N from 2.
fn numbered(text: &str, word: &str) -> bool {
    match text.strip_prefix(word) {
        Some("") => true,
        Some(rest) => rest.strip_prefix('.').is_some_and(|number| {
            !number.starts_with('0') && number.parse::<u32>().is_ok_and(|number| number >= 2)
        }),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Roles;

    fn roles() -> Roles {
        let names = [("main", "parent"), ("child.2", "logger")];
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
            ("child/child/thread", "child/child"),
            ("threads", "threads"),
        ] {
            assert_eq!(roles.process_of(role), process, "{role}");
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
