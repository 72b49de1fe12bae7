//! Which functions a signal handler may call, and what they are called.
//!
//! The list is that of signal-safety(7), which is POSIX.1-2024's (section 2.4.3) as far as
//! Linux has it; with what glibc and compilers put in the place of those functions, and
//! without those that glibc doesn't make safe.

use std::borrow::Cow;

/// Functions that are async-signal-safe, without leading underscores that mark an alias;
/// sorted.
#[rustfmt::skip]
const SAFE: &[&str] = &[
    "Exit", "abort", "accept", "accept4", "access", "aio_error", "aio_return", "alarm", "bind",
    "cfgetispeed", "cfgetospeed", "cfsetispeed", "cfsetospeed", "chdir", "chmod", "chown",
    "clock_gettime", "clock_nanosleep", "close", "connect", "creat", "dup", "dup2", "dup3",
    "errno_location", "execl", "execle", "execv", "execve", "exit_group", "faccessat", "fchdir", "fchmod",
    "fchmodat", "fchown", "fchownat", "fcntl", "fcntl64", "fdatasync", "fexecve", "ffs",
    "fork", "fstat", "fstat64", "fstatat", "fstatat64", "fsync", "ftruncate", "ftruncate64",
    "futimens", "getegid", "geteuid", "getgid", "getgroups", "getpeername", "getpgid", "getpgrp", "getpid",
    "getppid", "getrandom", "getsockname", "getsockopt", "gettid", "getuid", "htonl", "htons", "kill",
    "libc_current_sigrtmax", "libc_current_sigrtmin", "link", "linkat", "listen", "longjmp", "lseek", "lseek64", "lstat", "lstat64", "memccpy", "memchr",
    "memcmp", "memcpy", "memmem", "memmove", "mempcpy", "memrchr", "memset", "mkdir", "mkdirat", "mkfifo", "mkfifoat",
    "mknod", "mknodat", "nanosleep", "ntohl", "ntohs", "open", "open64", "openat", "openat64",
    "pause", "pidfd_send_signal", "pipe", "pipe2", "poll", "ppoll", "posix_trace_event", "pread", "pread64", "pselect",
    "pthread_kill", "pthread_self", "pthread_sigmask", "pwrite", "pwrite64", "raise", "read",
    "readlink", "readlinkat", "readv", "recv", "recvfrom", "recvmsg", "rename", "renameat", "rmdir",
    "sched_yield", "select", "sem_post", "send", "sendmsg", "sendto", "setegid", "seteuid", "setgid", "setpgid",
    "setregid", "setreuid", "setsid", "setsockopt", "setuid", "shutdown", "sigaction",
    "sigaddset", "sigaltstack", "sigdelset", "sigemptyset", "sigfillset", "sigismember", "siglongjmp",
    "signal", "sigpause", "sigpending", "sigprocmask", "sigqueue", "sigreturn", "sigset",
    "sigsetjmp", "setjmp", "sigsuspend", "sigtimedwait", "sigwait", "sigwaitinfo", "sleep", "sockatmark", "socket",
    "socketpair", "stack_chk_fail", "stat", "stat64", "stpcpy", "stpncpy", "strcat", "strchr", "strchrnul", "strcmp", "strcpy",
    "strcspn", "strlen", "strncat", "strncmp", "strncpy", "strnlen", "strpbrk", "strrchr", "strspn",
    "strstr", "strtok_r", "symlink", "symlinkat", "syscall", "tcdrain", "tcflow", "tcflush", "tcgetattr", "tcgetpgrp",
    "tcsendbreak", "tcsetattr", "tcsetpgrp", "tgkill", "time", "timer_getoverrun", "timer_gettime",
    "timer_settime", "times", "umask", "uname", "unlink", "unlinkat", "usleep", "utime", "utimensat",
    "utimes", "vfork", "wait", "wait3", "wait4", "waitid", "waitpid", "wcpcpy", "wcpncpy", "wcscat", "wcschr",
    "wcscmp", "wcscpy", "wcscspn", "wcslen", "wcsncat", "wcsncmp", "wcsncpy", "wcsnlen",
    "wcspbrk", "wcsrchr", "wcsspn", "wcsstr", "wcstok", "wmemchr", "wmemcmp", "wmemcpy",
    "wmemmove", "wmemset", "write", "writev",
];

/// Names that only look like those of safe functions once their underscores are gone.
const UNSAFE_NAMES: &[&str] = &["exit"];

/// Whether a C library's function is async-signal-safe, by its name as a symbol:
/// `write`, `__write`, `write@GLIBC_2.2.5`, `__memcpy_chk`.
#[must_use]
pub fn is_async_signal_safe(function: &str) -> bool {
    let name = function.split('@').next().unwrap_or(function);
    if UNSAFE_NAMES.contains(&name) {
        return false;
    }
    // _exit and _Exit, but not exit.
    if matches!(name, "_exit" | "_Exit") {
        return true;
    }
    // Variants that the compiler or the linker chose: fortified ones, those for some
    // processors, and internal names.
    let bare = name
        .trim_start_matches("__GI_")
        .trim_start_matches("__libc_")
        .trim_start_matches('_')
        .trim_start_matches("isoc99_")
        .trim_end_matches("_chk")
        .trim_end_matches("_nocancel");
    let bare = bare.strip_prefix("syscall_").unwrap_or(bare);
    let generic = ["_avx", "_sse", "_evex", "_erms", "_unaligned", "_generic"]
        .iter()
        .filter_map(|mark| bare.find(mark))
        .min()
        .map_or(bare, |at| &bare[..at]);
    !UNSAFE_NAMES.contains(&bare) && (is_listed(bare) || is_listed(generic))
}

fn is_listed(name: &str) -> bool {
    SAFE.contains(&name)
}

/// The name by which a programmer knows a function, if its symbol's is one that only the
/// library, the compiler or a header uses: `snprintf` for `__snprintf_chk`.
#[must_use]
pub fn public_name(function: &str) -> Cow<'_, str> {
    const SPECIAL: [(&str, &str); 10] = [
        ("__assert_fail", "assert"),
        ("__assert", "assert"),
        ("__assert_perror_fail", "assert_perror"),
        ("__ctype_b_loc", "ctype"),
        ("__ctype_tolower_loc", "tolower"),
        ("__ctype_toupper_loc", "toupper"),
        ("__errno_location", "errno"),
        ("__sigsetjmp", "sigsetjmp"),
        ("__sysv_signal", "sysv_signal"),
        ("__tz_convert", "localtime"),
    ];
    let name = function.split('@').next().unwrap_or(function);
    if let Some((_, public)) = SPECIAL.iter().find(|(internal, _)| *internal == name) {
        return Cow::Borrowed(public);
    }
    // These guard memory; there is no function behind them.
    if matches!(name, "__stack_chk_fail" | "__chk_fail" | "__fdelt_chk") {
        return Cow::Borrowed(name);
    }
    for start in ["__GI_", "__isoc99_", "__isoc23_"] {
        if let Some(rest) = name.strip_prefix(start) {
            return Cow::Borrowed(rest.trim_start_matches('_'));
        }
    }
    // Of those with this prefix, most are known by it.
    if let Some(rest) = name.strip_prefix("_IO_")
        && ["puts", "printf", "fwrite", "fputs", "putc", "getc"].contains(&rest)
    {
        return Cow::Borrowed(rest);
    }
    if let Some(rest) = name.strip_prefix("__libc_")
        && !rest.starts_with("start_")
        && !rest.contains('_')
    {
        return Cow::Borrowed(rest);
    }
    for end in ["_chk", "_nocancel", "_internal"] {
        if let Some(rest) = name.strip_suffix(end)
            && let Some(rest) = rest.strip_prefix("__")
        {
            return Cow::Borrowed(rest);
        }
    }
    Cow::Borrowed(name)
}

/// What to do instead of calling this function in a handler, in one sentence.
#[must_use]
pub fn instead_of(function: &str) -> &'static str {
    let name = public_name(function);
    let name = name.trim_start_matches("__");
    let is_any = |names: &[&str]| names.contains(&name);
    if name.contains("printf")
        || name.contains("puts")
        || name.contains("putc")
        || name.contains("fwrite")
    {
        return "Write with write(2), or set a `volatile sig_atomic_t` flag and print in the main program.";
    }
    if name.contains("_print") || name.contains("stdio") {
        return "Set an atomic flag and print in the main program, or write with libc::write.";
    }
    if name == "free" || name.contains("dealloc") {
        return "Free it in the main program: a handler can't take the allocator's lock.";
    }
    if is_any(&[
        "malloc",
        "calloc",
        "realloc",
        "posix_memalign",
        "strdup",
        "aligned_alloc",
    ]) || name.contains("alloc")
    {
        return "Allocate before, or in the main program: a handler can't take the allocator's lock.";
    }
    if name.contains("mutex")
        || name.contains("Mutex")
        || name.contains("rwlock")
        || name.contains("cond_")
    {
        return "Block the signal while the lock is held, or let a thread take the signal with sigwait(3).";
    }
    if name.contains("process::exit") {
        return "End with libc::_exit, or set an atomic flag and return from main.";
    }
    if name == "assert" {
        return "Check it in the main program: assert(3) prints, and calls abort(3).";
    }
    if is_any(&["exit", "quick_exit"]) {
        return "End with _exit(2), or set a flag and return from main.";
    }
    if name.contains("panic") {
        return "A handler must not panic: use only what can't fail, such as atomics and libc::write.";
    }
    if is_any(&[
        "localtime",
        "gmtime",
        "ctime",
        "mktime",
        "strftime",
        "asctime",
        "localtime_r",
        "ctime_r",
        "tzset",
    ]) {
        return "Take the time with clock_gettime(2) in the handler, and make text of it in the main program.";
    }
    "Set a `volatile sig_atomic_t` or lock-free atomic flag, and do the work in the main program; \
     signal-safety(7) lists what a handler may call."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_names_are_replaced_by_those_of_the_manual() {
        for (internal, public) in [
            ("__snprintf_chk", "snprintf"),
            ("__isoc99_sscanf", "sscanf"),
            ("__isoc23_strtol", "strtol"),
            ("__ctype_toupper_loc", "toupper"),
            ("__assert_fail", "assert"),
            ("__libc_sigaction", "sigaction"),
            ("__libc_start_main", "__libc_start_main"),
            ("__open64_nocancel", "open64"),
            ("__vfprintf_internal", "vfprintf"),
            ("_IO_puts", "puts"),
            ("_IO_file_xsputn", "_IO_file_xsputn"),
            ("__stack_chk_fail", "__stack_chk_fail"),
            ("write@GLIBC_2.2.5", "write"),
            ("__rustc::__rust_dealloc", "__rustc::__rust_dealloc"),
            ("my_chk", "my_chk"),
            ("main", "main"),
        ] {
            assert_eq!(public_name(internal), public);
        }
    }

    #[test]
    fn aliases_and_variants_are_judged_as_the_function_itself() {
        for name in [
            "write",
            "__write",
            "_exit",
            "_Exit",
            "__memcpy_chk",
            "__memmove_avx_unaligned_erms",
            "write@GLIBC_2.2.5",
            "__errno_location",
            "__libc_write",
            "__sigsetjmp",
            "_longjmp",
            "__stack_chk_fail",
            "__read_chk",
            "siglongjmp",
        ] {
            assert!(is_async_signal_safe(name), "{name}");
        }
        for name in [
            "exit",
            "__exit",
            "printf",
            "__printf_chk",
            "malloc",
            "free",
            "snprintf",
            "syslog",
            "aio_suspend",
            "localtime",
            "pthread_mutex_lock",
            "setenv",
            "fwrite",
            "puts",
            "sem_wait",
            "strtok",
            "strerror",
            "strsignal",
            "psignal",
            "longjmp_not",
        ] {
            assert!(!is_async_signal_safe(name), "{name}");
        }
    }
}
