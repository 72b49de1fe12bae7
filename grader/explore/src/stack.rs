//! Reading stacks.

use siglab_engine::Command;
use siglab_model::Frame;
use siglab_model::safety::{is_async_signal_safe, public_name};

/// What stacks call the program: the name of its file, not that of a link to it.
pub(crate) fn module_of(command: &Command) -> String {
    let path = match &command.dir {
        Some(dir) => dir.join(&command.program),
        None => command.program.clone(),
    };
    let path = std::fs::canonicalize(&path).unwrap_or(path);
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Whether a frame is of the program's own code, and not of a library that was compiled in,
/// with debug information or without.
pub(crate) fn is_own(frame: &Frame, program: &str) -> bool {
    let Some(function) = frame.function.as_deref() else {
        return false;
    };
    let of_rust = [
        "std::", "core::", "alloc::", "<std::", "<core::", "<alloc::", "__rust", "__rdl",
    ]
    .iter()
    .any(|prefix| function.starts_with(prefix));
    frame.module.as_deref() == Some(program)
        && !frame.library
        && !of_rust
        && !is_start(function)
        && (frame.file.is_some() || !is_of_libc(function))
}

/// Whether a function, of which there are no line numbers, is C's library's, which was linked
/// in. It is known by its name alone, and by far not each is known.
fn is_of_libc(function: &str) -> bool {
    const SOME: [&str; 24] = [
        "calloc",
        "exit",
        "fclose",
        "fflush",
        "fopen",
        "fputs",
        "free",
        "fwrite",
        "localtime",
        "localtime_r",
        "malloc",
        "mktime",
        "putchar",
        "puts",
        "qsort",
        "realloc",
        "setenv",
        "strdup",
        "strerror",
        "strftime",
        "strtok",
        "syslog",
        "tzset",
        "vsyslog",
    ];
    function.starts_with("__")
        || function.starts_with("_IO_")
        || function.starts_with("_itoa")
        || function.starts_with("_int_")
        || function.starts_with("pthread_")
        || function.starts_with("sem_")
        || function.ends_with("printf")
        || function.ends_with("scanf")
        || SOME.contains(&function)
        || is_async_signal_safe(function)
}

/// Whether a function is one of those that start a program or a thread: nobody calls them.
fn is_start(function: &str) -> bool {
    const START: [&str; 9] = [
        "_start",
        "__libc_start_main",
        "__libc_start_main_impl",
        "__libc_start_call_main",
        "generic_start_main",
        "start_thread",
        "clone",
        "__clone",
        "clone3",
    ];
    const OF_RUST: [&str; 4] = [
        "std::rt::lang_start",
        "std::panicking::catch_unwind",
        "std::panic::catch_unwind",
        "std::sys::backtrace::__rust_begin_short_backtrace",
    ];
    START.contains(&function)
        || function == "__clone3"
        || OF_RUST.iter().any(|prefix| function.starts_with(prefix))
}

/// The function that the program's own code called last, and in which it is: `printf`, not
/// what that calls. `None` if it is in its own code, or nothing is known by name.
pub(crate) fn outer_call<'a>(stack: &'a [Frame], program: &str) -> Option<&'a str> {
    let own = stack.iter().position(|frame| is_own(frame, program));
    // A function without a name is the program's own, if it is in its file: the outermost
    // that has a name comes before.
    let own = own.or_else(|| {
        stack
            .iter()
            .position(|frame| frame.function.is_none() && frame.module.as_deref() == Some(program))
            .filter(|at| *at > 0)
    });
    let called = &stack[..own.unwrap_or(stack.len())];
    called
        .iter()
        .rev()
        .filter_map(|frame| frame.function.as_deref())
        .find(|function| !is_start(function))
}

/// The innermost frame of the program's own.
pub(crate) fn own_frame<'a>(stack: &'a [Frame], program: &str) -> Option<&'a Frame> {
    stack.iter().find(|frame| is_own(frame, program))
}

/// `printf, called by main (file.c:7)`.
pub(crate) fn place(stack: &[Frame], program: &str) -> String {
    let own = own_frame(stack, program).map(|frame| {
        let function = frame.function.as_deref().unwrap_or("?");
        match (&frame.file, frame.line) {
            (Some(file), Some(line)) => format!("{function} ({file}:{line})"),
            _ => function.to_owned(),
        }
    });
    match (outer_call(stack, program).map(public_name), own) {
        (Some(call), Some(own)) => format!("{call}, called by {own}"),
        (Some(call), None) => call.into_owned(),
        (None, Some(own)) => own,
        (None, None) => nameless(stack, program),
    }
}

/// What is said of code of which no function's name is known.
fn nameless(stack: &[Frame], program: &str) -> String {
    match stack.first().and_then(|frame| frame.module.as_deref()) {
        Some(module) if module == program => "a function without a name".to_owned(),
        Some(module) if module.starts_with("ld-linux") => {
            "the dynamic linker, which looks a function up that is about to be called".to_owned()
        }
        Some(module) => format!("a function of {module} without a name"),
        None => "code without a name".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `module function`, or `module function file:line`.
    fn stack(lines: &[&str]) -> Vec<Frame> {
        let name = |word: &str| (word != "?").then(|| word.to_owned());
        lines
            .iter()
            .map(|line| {
                let mut words = line.split(' ');
                let (module, function) = (words.next(), words.next());
                let place = words.next().and_then(|word| word.split_once(':'));
                Frame {
                    module: module.map(str::to_owned),
                    function: function.and_then(name),
                    file: place.map(|(file, _)| file.to_owned()),
                    line: place.and_then(|(_, line)| line.parse().ok()),
                    library: false,
                }
            })
            .collect()
    }

    #[test]
    fn places_are_told_by_the_outermost_call() {
        for (lines, expected) in [
            (
                &["libc ?", "libc printf", "prog main a.c:3"][..],
                "printf, called by main (a.c:3)",
            ),
            // A stub of the program that leads to a library.
            (&["prog ?", "prog main a.c:3"], "main (a.c:3)"),
            // After main.
            (
                &[
                    "libc ?",
                    "libc exit",
                    "libc ?",
                    "libc __libc_start_main",
                    "prog _start",
                ],
                "exit",
            ),
            // Linked in statically.
            (
                &["prog __lll_lock_wait_private", "prog puts", "prog h a.c:9"],
                "puts, called by h (a.c:9)",
            ),
            // Without symbols.
            (
                &[
                    "libc malloc",
                    "libc puts",
                    "prog ?",
                    "libc ?",
                    "libc __libc_start_main",
                ],
                "puts",
            ),
            (&["prog ?", "prog ?"], "a function without a name"),
            (
                &["libc __snprintf_chk", "prog main"],
                "snprintf, called by main",
            ),
        ] {
            assert_eq!(place(&stack(lines), "prog"), expected, "{lines:?}");
        }
    }
}
