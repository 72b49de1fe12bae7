//! What `siglab predict` asks: at which event of a run, and what is right.

mod fate;
mod question;
#[cfg(test)]
mod tests;

use siglab_lab::manifest::Roles;
use siglab_lab::{Answer, Said};
use siglab_model::kernel::{Fate, Replica};
use siglab_model::{Event, Family, Kind, Role, Signal, Trace};

use fate::{call_after, deliveries, seen};
use question::{because, never_restarts, state};

/// So often the same is asked in one run.
const MOST_ALIKE: usize = 2;

/// The questions about one run.
#[derive(Debug)]
pub struct Quiz {
    /// The questions, in the order of the run.
    pub asked: Vec<Asked>,
}

/// A question.
#[derive(Debug)]
pub struct Asked {
    /// The position of the first event that isn't to be seen before it is answered.
    pub at: usize,
    /// The question.
    pub text: String,
    /// How it is answered.
    pub form: Form,
    /// Why the answer is right.
    pub because: String,
    /// The kernel's signal state once that has happened, in lines.
    pub state: Vec<String>,
}

/// How a question is answered.
#[derive(Debug)]
pub enum Form {
    /// By the number of one of several choices.
    Choice {
        /// The choices, in this order.
        choices: Vec<Choice>,
        /// The position of the right one.
        right: usize,
    },
    /// In a word.
    Word {
        /// What is right.
        answer: Answer,
        /// What an answer looks like.
        example: &'static str,
    },
}

/// One of several answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This becomes of a signal.
    Fate(Fate),
    /// The call that a handler interrupts fails with `EINTR`.
    Fails,
    /// It goes on, and the program notices nothing.
    GoesOn,
    /// The handler doesn't come before the call is over.
    IsFirst,
}

/// What a reply is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// That is what happens.
    Right,
    /// Something else happens.
    Wrong,
    /// It isn't one of the choices.
    NoChoice,
}

impl Quiz {
    /// The questions about a run of a program, in which the lab's `roles` are its names for processes.
    #[must_use]
    pub fn of(trace: &Trace, roles: &Roles) -> Self {
        let mut asking = Asking {
            trace,
            family: Family::of(&trace.events),
            replica: Replica::new(),
            waits: Vec::new(),
            alike: Vec::new(),
            asked: Vec::new(),
        };
        for at in 0..trace.events.len() {
            asking.look(at);
        }
        asking.ask_for_the_end(roles);
        Self {
            asked: asking.asked,
        }
    }
}

impl Asked {
    /// What a reply is worth.
    #[must_use]
    pub fn judge(&self, reply: &str) -> Reply {
        let reply = reply.trim();
        let is_right = match &self.form {
            Form::Choice { choices, right } => match reply.parse::<usize>() {
                Ok(number) if (1..=choices.len()).contains(&number) => number == right + 1,
                _ => return Reply::NoChoice,
            },
            Form::Word { .. } if reply.is_empty() => return Reply::NoChoice,
            Form::Word { answer, .. } => answer.is(&Said::Text(reply.to_owned())),
        };
        if is_right { Reply::Right } else { Reply::Wrong }
    }

    /// Whether the right answer is that the process ends.
    fn is_about_an_end(&self) -> bool {
        match &self.form {
            Form::Choice { choices, right } => choices[*right] == Choice::Fate(Fate::Ends),
            Form::Word { .. } => false,
        }
    }

    /// What is right, as a reply or in words.
    #[must_use]
    pub fn right(&self) -> String {
        match &self.form {
            Form::Choice { choices, right } => choices[*right].to_string(),
            Form::Word { answer, .. } => answer.to_string(),
        }
    }
}

/// Goes through a run.
struct Asking<'a> {
    trace: &'a Trace,
    family: Family,
    replica: Replica,
    /// Who waits, and in which call.
    waits: Vec<(Role, String)>,
    /// What was asked, to ask no more than a few times.
    alike: Vec<(Role, Signal, Option<Fate>)>,
    asked: Vec<Asked>,
}

impl Asking<'_> {
    /// Asks about an event, if there is something to ask, and goes on to the next.
    fn look(&mut self, at: usize) {
        let event = &self.trace.events[at];
        match &event.kind {
            Kind::Generated { signal, from, .. } | Kind::Merged { signal, from } => {
                self.ask_for_fate(at, event, *signal, from);
            }
            Kind::MaskChanged { .. } => self.ask_for_deliveries(at, event),
            _ => self.replica.follow(event),
        }
        let Some(role) = &event.role else { return };
        match &event.kind {
            Kind::WaitBegun { syscall, .. } => {
                self.waits.retain(|(it, _)| it != role);
                self.waits.push((role.clone(), syscall.clone()));
            }
            Kind::WaitEnded { .. } => self.waits.retain(|(it, _)| it != role),
            _ => {}
        }
    }

    /// What becomes of a signal.
    fn ask_for_fate(&mut self, at: usize, event: &Event, signal: Signal, from: &Role) {
        let before = self.replica.clone();
        self.replica.follow(event);
        let Some(role) = &event.role else { return };
        let fate = before.fate(event);
        // What the model can't know isn't asked: that there is an answer doesn't make it one that can
        // be found by thinking.
        let (Some(fate), true) = (
            fate,
            before.agrees() && fate == seen(self.trace, at, &self.family),
        ) else {
            return;
        };
        let is_from_outside = *from == Role::SCRIPT;
        let is_dull = fate == Fate::Ignored || self.is_worn_out(role, signal, Some(fate));
        if is_dull && !is_from_outside {
            return;
        }
        let sender = match from {
            from if from == role => "by itself".to_owned(),
            from if *from == Role::KERNEL => "by the kernel".to_owned(),
            from if *from == Role::SCRIPT => "from outside".to_owned(),
            from => format!("by {from}"),
        };
        let choices = question::fates(signal, fate);
        self.asked.push(Asked {
            at,
            text: format!("{signal} is sent to {role}, {sender}. What becomes of it?"),
            form: chosen(choices, Choice::Fate(fate)),
            because: because(&before, role, signal, fate),
            state: state(&self.replica, role),
        });
        if fate == Fate::Handler {
            self.ask_for_call(at, signal);
        }
    }

    /// What becomes of the call that a handler interrupts.
    fn ask_for_call(&mut self, at: usize, signal: Signal) {
        let Some((role, becomes)) = call_after(self.trace, at, signal) else {
            return;
        };
        let Some((_, syscall)) = self.waits.iter().find(|(it, _)| *it == role) else {
            return;
        };
        let flags = self.replica.action(&role, signal).unwrap_or_default().flags;
        let because = match becomes {
            Choice::GoesOn => format!("the handler has SA_RESTART, and {syscall} can go on"),
            _ if never_restarts(syscall) => {
                format!("{syscall} never goes on after a handler, with SA_RESTART or without")
            }
            _ if flags.restart => format!("{syscall} can't go on here, though there is SA_RESTART"),
            _ => "the handler was installed without SA_RESTART".to_owned(),
        };
        self.asked.push(Asked {
            at,
            text: format!("{role} waits in {syscall}. What becomes of that call?"),
            form: chosen(
                vec![Choice::Fails, Choice::GoesOn, Choice::IsFirst],
                becomes,
            ),
            because,
            state: Vec::new(),
        });
    }

    /// How much comes of unblocking.
    fn ask_for_deliveries(&mut self, at: usize, event: &Event) {
        let before = self.replica.clone();
        self.replica.follow(event);
        let (Some(role), Kind::MaskChanged { mask, .. }) = (&event.role, &event.kind) else {
            return;
        };
        let released = before.pending(role).difference(*mask);
        let released = released.difference(released.difference(before.blocked(role)));
        let Some(signal) = released.iter().next() else {
            return;
        };
        let count = before.deliveries(event);
        let is_known = before.agrees() && deliveries(self.trace, at) == Some(count);
        if !is_known || self.is_worn_out(role, signal, None) {
            return;
        }
        self.asked.push(Asked {
            at,
            text: format!("{role} unblocks {released}. How many signals are delivered to it before it goes on?"),
            form: Form::Word { answer: Answer::Count(count), example: "a number" },
            because: format!("this was pending for {role}: {}", before.pending(role)),
            state: state(&self.replica, role),
        });
    }

    /// How and when the first process ends, asked when the last question's consequences were seen.
    fn ask_for_the_end(&mut self, roles: &Roles) {
        let events = &self.trace.events;
        let role = self.family.first();
        let from = self.asked.last().map_or(0, |asked| asked.at);
        let is_end = |event: &Event| {
            matches!(event.kind, Kind::Exit { .. } | Kind::Killed { .. })
                && event.role.as_ref() == Some(&role)
        };
        let end_at = events.iter().position(is_end).unwrap_or(events.len());
        let later = events[from..]
            .iter()
            .position(|event| event.t > events[from].t);
        let at = later.map(|later| from + later).filter(|at| *at <= end_at);
        let is_over = self.asked.last().is_some_and(Asked::is_about_an_end);
        if is_over || (at.is_none() && self.asked.is_empty()) {
            return;
        }
        let main = roles.main();
        let end = Answer::ends(self.trace, roles, main);
        let at_end = match (&end, events.get(end_at)) {
            (Answer::Never, _) | (_, None) => format!("nothing is left that could end {role}"),
            (_, Some(event)) => format!("at {} {}", event.t, question::ended(event)),
        };
        self.asked.push(Asked {
            at: at.unwrap_or(from),
            text: format!("How does {role} end?"),
            form: Form::Word {
                answer: end,
                example: "\"exit 0\", a signal such as \"SIGINT\", or \"never\"",
            },
            because: at_end.clone(),
            state: Vec::new(),
        });
        // Otherwise it ends at this very moment.
        let Some(at) = at else { return };
        self.asked.push(Asked {
            at,
            text: format!("When does {role} end, counted from its start?"),
            form: Form::Word {
                answer: Answer::ends_at(self.trace, roles, main),
                example: "\"2.5s\", or \"never\"",
            },
            because: at_end,
            state: Vec::new(),
        });
    }

    /// Whether the same was asked often enough.
    fn is_worn_out(&mut self, role: &Role, signal: Signal, fate: Option<Fate>) -> bool {
        let this = (role.clone(), signal, fate);
        let before = self.alike.iter().filter(|it| **it == this).count();
        self.alike.push(this);
        before >= MOST_ALIKE
    }
}

fn chosen(choices: Vec<Choice>, right: Choice) -> Form {
    let right = choices.iter().position(|choice| *choice == right);
    let right = right.expect("the right choice is one of them");
    Form::Choice { choices, right }
}
