//! Carrying out the script.

use std::collections::BTreeSet;

use siglab_model::{Kind, Role, SigInfo, Signal};

use crate::error::Error;
use crate::fault::Outcome;
use crate::kernel::siginfo::{SI_QUEUE, SI_TKILL, SI_USER};
use crate::kernel::sys::Pid;
use crate::kernel::sys::send::{self, QueuedInfo};
use crate::script::{Action, Key, Step, When};
use crate::tracer::Run;
use crate::world::call::Target;
use crate::world::task::State;

impl Run<'_> {
    /// Carries out the next step, if its time has just come. Whether it did. (At the exec, the
    /// program comes first.)
    pub(crate) fn timed_step(&mut self) -> Outcome<bool> {
        match self.world.script_deadline() {
            Some(at) if at <= self.world.clock.now() && self.world.has_arrived => {
                self.script_steps()
            }
            _ => Ok(false),
        }
    }

    /// Carries out the next step, if it is due, and with it those after it that are due at
    /// the same instant whatever anybody does. Whether it did.
    pub(crate) fn script_steps(&mut self) -> Outcome<bool> {
        if !self.is_next_step_due() {
            return Ok(false);
        }
        self.drain_for(None);
        let (script, now) = (self.world.script, self.world.clock.now());
        let first = self.world.progress.step;
        let more = script.steps[first + 1..].iter();
        let more = more.take_while(|step| match step.when {
            When::Now => true,
            When::At(time) => time <= now,
            When::After(duration) => duration.is_zero(),
            _ => false,
        });
        let steps = &script.steps[first..=first + more.count()];
        let receivers = self.hold_receivers(steps)?;
        let mut signalled = Vec::new();
        for step in steps {
            self.world.progress.step += 1;
            self.world.progress.step_time = now;
            signalled.extend(self.act(&step.action)?);
            self.follow_waits_for_injections()?;
        }
        self.begin_instant(&signalled)?;
        self.release(&receivers)?;
        Ok(true)
    }

    fn is_next_step_due(&mut self) -> bool {
        let Some(step) = self.world.script.steps.get(self.world.progress.step) else {
            return false;
        };
        match &step.when {
            When::Now => true,
            When::At(_) | When::After(_) => self
                .world
                .script_deadline()
                .is_some_and(|at| at <= self.world.clock.now()),
            When::Output(text) => {
                self.drain_for(None);
                self.world.recorder.match_output(text)
            }
            When::Waiting { role, syscall } => self.is_waiting(role, syscall.as_deref()),
            When::Ended { role } => self.world.status_of(role).is_some(),
            When::Injected => self.world.progress.has_injected,
        }
    }

    /// The moments of those who wait count from when the script has got so far.
    fn follow_waits_for_injections(&mut self) -> Outcome<()> {
        if self.world.script.injected_step() != Some(self.world.progress.step) {
            return Ok(());
        }
        let waiting: Vec<Pid> = self
            .world
            .tasks
            .iter()
            .filter(|task| task.state == State::Blocked)
            .map(|task| task.tid)
            .collect();
        for tid in waiting {
            self.follow_wait(tid)?;
        }
        Ok(())
    }

    /// Who gets more than one signal by these steps is kept from taking the first before it
    /// has got them all. Those tasks are returned.
    fn hold_receivers(&mut self, steps: &[Step]) -> Outcome<Vec<Pid>> {
        let mut once = BTreeSet::new();
        let mut often = BTreeSet::new();
        for step in steps {
            for pid in self.targets_of(&step.action) {
                if !once.insert(pid) {
                    often.insert(pid);
                }
            }
        }
        self.hold_waiting(&often)
    }

    fn targets_of(&self, action: &Action) -> Vec<Pid> {
        match action {
            Action::Send { to, .. } | Action::Queue { to, .. } => {
                self.find_role(to).map(|(pid, _)| pid).into_iter().collect()
            }
            Action::SendGroup { to, .. } => self
                .find_role(to)
                .and_then(|(pid, _)| nix::unistd::getpgid(Some(pid)).ok())
                .map_or_else(Vec::new, |group| self.group_members(group)),
            Action::Press(key) => {
                let (_, signal) = self.tracer.plumbing.first_part(&[key.byte()]);
                signal.map_or_else(Vec::new, |(_, group)| self.group_members(group))
            }
            _ => Vec::new(),
        }
    }

    fn is_waiting(&self, role: &str, syscall: Option<&str>) -> bool {
        self.world
            .tasks
            .iter()
            .filter(|task| task.role == *role)
            .any(|task| {
                task.state == State::Blocked
                    && task
                        .call()
                        .is_some_and(|call| syscall.is_none_or(|name| call.sys.name() == name))
            })
    }

    /// Does what a step does. Whom it signals.
    fn act(&mut self, action: &Action) -> Outcome<Vec<Pid>> {
        self.world.stirred.all();
        match action {
            Action::Nothing => Ok(Vec::new()),
            Action::Send { signal, to } => self.send_to_role(to, *signal, None),
            Action::Queue { signal, value, to } => self.send_to_role(to, *signal, Some(*value)),
            Action::SendGroup { signal, to } => match self.find_role(to) {
                Some((pid, _)) => self.signal_group(pid, *signal),
                None => self.no_such_role(),
            },
            Action::Press(key) => self.press(*key),
            other => {
                self.act_on_terminal(other)?;
                Ok(Vec::new())
            }
        }
    }

    fn send_to_role(
        &mut self,
        role: &str,
        signal: Signal,
        value: Option<i32>,
    ) -> Outcome<Vec<Pid>> {
        let Some((pid, thread)) = self.find_role(role) else {
            return self.no_such_role();
        };
        self.script_signal(pid, thread, signal, value)?;
        Ok(vec![pid])
    }

    /// A step that does something to standard input or the terminal, but for a key.
    fn act_on_terminal(&mut self, action: &Action) -> Outcome<()> {
        match action {
            Action::Type(typed) => {
                let (text, by_person) = (typed.clone(), false);
                self.world.event(None, Kind::Input { text, by_person });
                let written = self.tracer.plumbing.write(typed.as_bytes());
                self.drain_echo();
                self.check_step("write", written)
            }
            Action::CloseStdin => {
                self.on_terminal("close-stdin", false);
                let closed = self.tracer.plumbing.close_stdin();
                self.check_step("close standard input", closed)
            }
            Action::HangUp => {
                let hung_up = self.hang_up(false);
                self.check_step("hang up", hung_up)
            }
            Action::Resize { rows, columns } => {
                self.on_terminal(&format!("resize {rows}x{columns}"), false);
                let resized = self.tracer.plumbing.resize(*rows, *columns);
                self.check_step("resize", resized)
            }
            _ => Ok(()),
        }
    }

    /// Records what is done to the terminal or to standard input.
    pub(super) fn on_terminal(&mut self, action: &str, by_person: bool) {
        let action = action.to_owned();
        self.world.event(None, Kind::Terminal { action, by_person });
    }

    /// Hangs the terminal up.
    pub(super) fn hang_up(&mut self, by_person: bool) -> std::io::Result<()> {
        self.world.stirred.all();
        self.on_terminal("hang-up", by_person);
        self.drain_for(None);
        self.tracer.plumbing.hang_up()
    }

    fn check_step(&self, what: &str, result: std::io::Result<()>) -> Outcome<()> {
        result.map_err(|error| {
            Error::Script {
                step: self.world.progress.step,
                what: what.to_owned(),
                why: error.to_string(),
            }
            .into()
        })
    }

    /// The process with this role, and the thread if the role is that of one other than
    /// its first.
    fn find_role(&self, role: &str) -> Option<(Pid, Option<Pid>)> {
        let task = self.world.tasks.iter().find(|task| task.role == *role);
        if let Some(task) = task {
            return Some((task.pid, (task.tid != task.pid).then_some(task.tid)));
        }
        self.world
            .processes
            .iter()
            .find(|process| process.role == *role)
            .map(|process| (process.pid, None))
    }

    /// The step's role doesn't exist. That is for whoever reads the trace to judge.
    fn no_such_role(&mut self) -> Outcome<Vec<Pid>> {
        let index = self.world.progress.step - 1;
        let what = self.world.script.steps[index].to_string();
        self.world.event(
            None,
            Kind::ScriptUnfinished {
                step: index + 1,
                what,
            },
        );
        Ok(Vec::new())
    }

    fn signal_group(&mut self, member: Pid, signal: Signal) -> Outcome<Vec<Pid>> {
        let Ok(group) = nix::unistd::getpgid(Some(member)) else {
            return Ok(Vec::new());
        };
        let targets = self.survey_group(group, signal);
        if send::kill(Pid::from_raw(-group.as_raw()), signal).is_err() {
            return Ok(Vec::new());
        }
        let pids = targets.iter().map(|target| target.pid).collect();
        let from = Role::new(Role::SCRIPT);
        for target in targets {
            let info = SigInfo {
                code: "SI_USER".to_owned(),
                pid: Some(from.clone()),
                ..SigInfo::default()
            };
            self.generated(target, signal, &from, info)?;
        }
        Ok(pids)
    }

    fn survey_group(&self, group: Pid, signal: Signal) -> Vec<Target> {
        self.group_members(group)
            .into_iter()
            .map(|pid| self.survey(pid, None, signal))
            .collect()
    }

    fn press(&mut self, key: Key) -> Outcome<Vec<Pid>> {
        self.world.event(
            None,
            Kind::Input {
                text: key.to_string(),
                by_person: false,
            },
        );
        let (_, signal) = self.tracer.plumbing.first_part(&[key.byte()]);
        let targets = self.survey_key(signal);
        let typed = self.tracer.plumbing.write(&[key.byte()]);
        self.check_step("press a key", typed)?;
        self.drain_echo();
        self.key_generated(signal, targets)
    }

    /// Who gets the signal of a key, before it is typed.
    pub(super) fn survey_key(&self, signal: Option<(Signal, Pid)>) -> Vec<Target> {
        signal.map_or_else(Vec::new, |(signal, group)| self.survey_group(group, signal))
    }

    /// Records the signal of a key that was typed. Who got it.
    pub(super) fn key_generated(
        &mut self,
        signal: Option<(Signal, Pid)>,
        targets: Vec<Target>,
    ) -> Outcome<Vec<Pid>> {
        let Some((signal, _)) = signal else {
            return Ok(Vec::new());
        };
        let pids = targets.iter().map(|target| target.pid).collect();
        for target in targets {
            let info = SigInfo {
                code: "SI_KERNEL".to_owned(),
                ..SigInfo::default()
            };
            self.generated(target, signal, &Role::new(Role::KERNEL), info)?;
        }
        Ok(pids)
    }

    /// Sends a signal, with siglab as the sender.
    pub(crate) fn script_signal(
        &mut self,
        pid: Pid,
        thread: Option<Pid>,
        signal: Signal,
        value: Option<i32>,
    ) -> Outcome<()> {
        let target = self.survey(pid, thread, signal);
        let siglab = i32::try_from(std::process::id()).unwrap_or(0);
        let uid = i32::try_from(nix::unistd::getuid().as_raw()).unwrap_or(0);
        let (number, code) = match (value, thread) {
            (Some(_), _) => (SI_QUEUE, "SI_QUEUE"),
            (None, Some(_)) => (SI_TKILL, "SI_TKILL"),
            (None, None) => (SI_USER, "SI_USER"),
        };
        let bits = value.map_or(0, |value| u64::from(value.cast_unsigned()));
        let queued = QueuedInfo::new(signal, number, siglab, uid, bits);
        if !self.send(target, signal, queued)? {
            return Ok(());
        }
        let from = Role::new(Role::SCRIPT);
        let info = SigInfo {
            code: code.to_owned(),
            pid: Some(from.clone()),
            value: value.map(i64::from),
            ..SigInfo::default()
        };
        self.generated(target, signal, &from, info)
    }
}
