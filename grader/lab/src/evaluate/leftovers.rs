//! The rule `no-leftovers`: every child that ends is waited for, and none outlives its
//! parent.

use std::collections::BTreeMap;

use siglab_model::{ForkHow, Kind, Role, Time, Trace};

use super::diagnosis as ids;
use super::end;
use crate::manifest::{Expected, Roles};
use crate::result::Diagnosis;

/// What is known about a child process.
enum Child {
    Running,
    /// It ended at that moment, and nobody has waited for it yet.
    Ended(Time),
}

/// Checks the rule. `roles` is what processes are called.
pub(super) fn check(trace: &Trace, roles: &Roles) -> Result<(), Diagnosis> {
    let mut children: BTreeMap<Role, (Role, Child)> = BTreeMap::new();
    let mut end = Time::ZERO;
    for event in &trace.events {
        end = event.t;
        match (&event.kind, &event.role) {
            // What siglab ends itself is not the program's doing.
            (Kind::Deadlock { .. } | Kind::Limit { .. }, _) => break,
            (Kind::Fork { child, how }, Some(parent)) if *how != ForkHow::Thread => {
                let parent = roles.process_of(parent);
                children.insert(child.clone(), (parent, Child::Running));
            }
            (Kind::Exit { .. } | Kind::Killed { .. }, Some(role)) => {
                if let Some((_, child)) = children.get_mut(role) {
                    *child = Child::Ended(event.t);
                }
            }
            (Kind::Reaped { child, .. }, _) => {
                children.remove(child);
            }
            (Kind::ReapedByKernel {}, Some(role)) => {
                children.remove(role);
            }
            (Kind::LeftZombie { .. }, Some(role)) => {
                return Err(zombie(&children, role, event.t));
            }
            (Kind::Orphaned { .. }, Some(role)) => {
                return Err(orphan(&children, role, event.t));
            }
            _ => {}
        }
    }
    match children.into_iter().next() {
        None => Ok(()),
        Some((role, (parent, child))) => Err(unreaped(trace, roles, &role, &parent, &child, end)),
    }
}

fn zombie(children: &BTreeMap<Role, (Role, Child)>, role: &Role, t: Time) -> Diagnosis {
    let parent = parent(children, role);
    let since = match children.get(role) {
        Some((_, Child::Ended(t))) => format!(", which had ended at {t}"),
        _ => String::new(),
    };
    Diagnosis {
        id: ids::ZOMBIE_LEFT.into(),
        message: format!("{parent} ended at {t} without having waited for {role}{since}"),
        hint: "wait for every child before leaving: a child that nobody waits for is a zombie"
            .into(),
    }
}

fn orphan(children: &BTreeMap<Role, (Role, Child)>, role: &Role, t: Time) -> Diagnosis {
    let parent = parent(children, role);
    Diagnosis {
        id: ids::ORPHAN_LEFT.into(),
        message: format!("{parent} ended at {t} while {role} was still running"),
        hint: "end the child, or wait for its end, before leaving".into(),
    }
}

fn parent(children: &BTreeMap<Role, (Role, Child)>, role: &Role) -> String {
    children
        .get(role)
        .map_or_else(|| "its parent".to_owned(), |(parent, _)| parent.to_string())
}

fn unreaped(
    trace: &Trace,
    roles: &Roles,
    role: &Role,
    parent: &Role,
    child: &Child,
    end: Time,
) -> Diagnosis {
    let why = match end::troubles(trace, roles.main(), &Expected::default()).next() {
        Some(trouble) => format!("; {}", trouble.message),
        None => String::new(),
    };
    match child {
        Child::Ended(t) => Diagnosis {
            id: ids::ZOMBIE_LEFT.into(),
            message: format!("{role} ended at {t}, and {parent} never waited for it{why}"),
            hint: "SIGCHLD tells that a child has ended; a wait call takes its status".into(),
        },
        Child::Running => Diagnosis {
            id: ids::LEFT_RUNNING.into(),
            message: format!("{role} was still there when the run was over at {end}{why}"),
            hint: "end the child, or let it end, and wait for it".into(),
        },
    }
}
