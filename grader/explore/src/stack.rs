//! Reading stacks.

use siglab_model::Frame;

/// Whether a frame is of the program's own code, and not of a library that was compiled in,
/// with debug information or without.
pub(crate) fn is_own(frame: &Frame, program: &str) -> bool {
    let function = frame.function.as_deref().unwrap_or_default();
    let of_rust = [
        "std::", "core::", "alloc::", "<std::", "<core::", "<alloc::", "__rust", "__rdl",
    ]
    .iter()
    .any(|prefix| function.starts_with(prefix));
    frame.module.as_deref() == Some(program)
        && !frame.library
        && !of_rust
        && frame.function.is_some()
}

/// The function that the program's own code called last, and in which it is: `printf`, not
/// what that calls. `None` if it is in its own code.
pub(crate) fn outer_call<'a>(stack: &'a [Frame], program: &str) -> Option<&'a str> {
    let own = stack.iter().position(|frame| is_own(frame, program));
    let outer = match own {
        Some(0) => return None,
        Some(own) => &stack[own - 1],
        None => stack.last()?,
    };
    outer.function.as_deref()
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
    match (outer_call(stack, program), own) {
        (Some(call), Some(own)) => format!("{call}, called by {own}"),
        (Some(call), None) => call.to_owned(),
        (None, Some(own)) => own,
        (None, None) => "code without a name".to_owned(),
    }
}
