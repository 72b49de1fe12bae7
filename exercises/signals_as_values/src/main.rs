//! signals_as_values: signals on channels, as in Go.
//!
//! A small library tells whoever has asked for a signal that it has come: it puts the signal
//! into a channel, or cancels a context. The program reads commands from standard input and
//! calls the library. As it is handed out, the library does nothing.
//!
//! The exercise: write notify(), notify_context(), stop(), ignore() and reset(). What they
//! have to do is in README.md. Add imports, statics, functions and threads as you need them.
//! Do not change the channels, the contexts and the program below.

use std::collections::{BTreeMap, VecDeque};
use std::io::stdin;
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::Signal;

/// What the functions of the library return: nothing, or what went wrong.
type Outcome = Result<(), String>;

// ---- Channels and contexts: do not change them. ----

/// Locks, whatever other threads have done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Signals that nobody has taken out yet.
struct Channel {
    room: usize,
    /// The oldest first.
    signals: Mutex<VecDeque<Signal>>,
    filled: Condvar,
}

impl Channel {
    /// A new one for `room` signals.
    fn new(room: usize) -> Self {
        Self {
            room,
            signals: Mutex::new(VecDeque::with_capacity(room)),
            filled: Condvar::new(),
        }
    }

    /// Puts a signal into the channel, and never waits: returns false if the channel is full.
    fn offer(&self, signal: Signal) -> bool {
        let mut signals = lock(&self.signals);
        let fits = signals.len() < self.room;
        if fits {
            signals.push_back(signal);
            self.filled.notify_one();
        }
        fits
    }

    /// Takes the oldest signal out. If there is none, waits for one, or returns None.
    fn take(&self, waits: bool) -> Option<Signal> {
        let mut signals = lock(&self.signals);
        while waits && signals.is_empty() {
            signals = self
                .filled
                .wait(signals)
                .unwrap_or_else(PoisonError::into_inner);
        }
        signals.pop_front()
    }
}

/// Something that goes on until it is cancelled.
struct Context {
    cancelled: Mutex<bool>,
    changed: Condvar,
}

impl Context {
    fn new() -> Self {
        Self {
            cancelled: Mutex::new(false),
            changed: Condvar::new(),
        }
    }

    /// Cancels it; once is enough.
    fn cancel(&self) {
        *lock(&self.cancelled) = true;
        self.changed.notify_all();
    }

    /// Whether it is cancelled; waits until it is, if told to.
    fn is_cancelled(&self, waits: bool) -> bool {
        let mut cancelled = lock(&self.cancelled);
        while waits && !*cancelled {
            cancelled = self
                .changed
                .wait(cancelled)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *cancelled
    }
}

// ---- The library: write it. ----

/// From now on, each of `signals` that comes is offered to the channel.
fn notify(_channel: &Arc<Channel>, _signals: &[Signal]) -> Outcome {
    Ok(())
}

/// The first of `signals` that comes cancels the context; that is all it asks for.
fn notify_context(_context: &Arc<Context>, _signals: &[Signal]) -> Outcome {
    Ok(())
}

/// From now on, the channel gets no signal any more.
fn stop(_channel: &Arc<Channel>) -> Outcome {
    Ok(())
}

/// From now on, `signals` are ignored.
fn ignore(_signals: &[Signal]) -> Outcome {
    Ok(())
}

/// From now on, `signals` have their default action.
fn reset(_signals: &[Signal]) -> Outcome {
    Ok(())
}

// ---- The program that uses it: do not change it. ----

/// By name.
#[derive(Default)]
struct Things {
    channels: BTreeMap<String, Arc<Channel>>,
    contexts: BTreeMap<String, Arc<Context>>,
}

/// Prints what has come to the channel or context `name`: the next signal, for which it waits,
/// or all that is there. Do not change this function.
fn show(things: &Things, name: &str, waits: bool) -> Outcome {
    if let Some(context) = things.contexts.get(name) {
        let state = if context.is_cancelled(waits) {
            "cancelled"
        } else {
            "goes on"
        };
        println!("{name}: {state}");
        return Ok(());
    }
    let channel = channel_named(things, name)?;
    let mut signals = Vec::from_iter(channel.take(waits));
    while !waits && let Some(signal) = channel.take(false) {
        signals.push(signal);
    }
    let names: Vec<&str> = signals.iter().map(|signal| signal.as_str()).collect();
    let names = if names.is_empty() {
        String::from("nothing")
    } else {
        names.join(" ")
    };
    println!("{name}: {names}");
    Ok(())
}

fn channel_named<'a>(things: &'a Things, name: &str) -> Result<&'a Arc<Channel>, String> {
    let channel = things.channels.get(name);
    channel.ok_or_else(|| format!("there is no {name}"))
}

fn carry_out(things: &mut Things, line: &str) -> Outcome {
    let mut words = line.split_whitespace();
    let Some(command) = words.next() else {
        return Ok(());
    };
    let words: Vec<&str> = words.collect();
    let signals = |words: &[&str]| -> Result<Vec<Signal>, String> {
        let parse = |word: &&str| word.parse().map_err(|_| format!("{word} is no signal"));
        words.iter().map(parse).collect()
    };
    match (command, words.as_slice()) {
        ("channel", [name, room]) => {
            let room = room.parse().map_err(|_| format!("{room} is no number"))?;
            let channel = Arc::new(Channel::new(room));
            things.channels.insert(String::from(*name), channel);
            Ok(())
        }
        ("notify", [name, names @ ..]) => notify(channel_named(things, name)?, &signals(names)?),
        ("context", [name, names @ ..]) => {
            let context = Arc::new(Context::new());
            things
                .contexts
                .insert(String::from(*name), Arc::clone(&context));
            notify_context(&context, &signals(names)?)
        }
        ("stop", [name]) => stop(channel_named(things, name)?),
        ("ignore", names) => ignore(&signals(names)?),
        ("reset", names) => reset(&signals(names)?),
        ("show", [name]) => show(things, name, false),
        ("wait", [name]) => show(things, name, true),
        ("put", [name, signal]) => {
            let channel = channel_named(things, name)?;
            if !signals(&[signal])?.iter().all(|it| channel.offer(*it)) {
                println!("it is full");
            }
            Ok(())
        }
        ("cancel", [name]) => {
            if let Some(context) = things.contexts.get(*name) {
                context.cancel();
            }
            Ok(())
        }
        _ => Err(format!("there is no command {line}")),
    }
}

fn run() -> Outcome {
    let mut things = Things::default();
    for line in stdin().lines() {
        let line = line.map_err(|error| format!("read: {error}"))?;
        carry_out(&mut things, &line)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
