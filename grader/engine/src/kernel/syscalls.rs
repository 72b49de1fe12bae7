//! The system calls of Linux, whatever the architecture: include/uapi/asm-generic/unistd.h
//! and arch/*/entry/syscalls/*.tbl of Linux 6.18. Numbers are the architectures' affair.

macro_rules! syscalls {
    ($($variant:ident = $name:literal,)*) => {
        /// A system call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Sys {
            $($variant,)*
        }

        impl Sys {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name, as in a trace: `rt_sigtimedwait`.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

#[rustfmt::skip]
syscalls! {
    Read = "read", Write = "write", Open = "open", Close = "close", Stat = "stat", Fstat = "fstat",
    Lstat = "lstat", Poll = "poll", Lseek = "lseek", Mmap = "mmap", Mprotect = "mprotect",
    Munmap = "munmap", Brk = "brk", RtSigaction = "rt_sigaction", RtSigprocmask = "rt_sigprocmask",
    RtSigreturn = "rt_sigreturn", Ioctl = "ioctl", Pread64 = "pread64", Pwrite64 = "pwrite64",
    Readv = "readv", Writev = "writev", Access = "access", Pipe = "pipe", Select = "select",
    SchedYield = "sched_yield", Mremap = "mremap", Msync = "msync", Mincore = "mincore",
    Madvise = "madvise", Shmget = "shmget", Shmat = "shmat", Shmctl = "shmctl", Dup = "dup",
    Dup2 = "dup2", Pause = "pause", Nanosleep = "nanosleep", Getitimer = "getitimer",
    Alarm = "alarm", Setitimer = "setitimer", Getpid = "getpid", Sendfile = "sendfile",
    Socket = "socket", Connect = "connect", Accept = "accept", Sendto = "sendto",
    Recvfrom = "recvfrom", Sendmsg = "sendmsg", Recvmsg = "recvmsg", Shutdown = "shutdown",
    Bind = "bind", Listen = "listen", Getsockname = "getsockname", Getpeername = "getpeername",
    Socketpair = "socketpair", Setsockopt = "setsockopt", Getsockopt = "getsockopt",
    Clone = "clone", Fork = "fork", Vfork = "vfork", Execve = "execve", Exit = "exit",
    Wait4 = "wait4", Kill = "kill", Uname = "uname", Semget = "semget", Semop = "semop",
    Semctl = "semctl", Shmdt = "shmdt", Msgget = "msgget", Msgsnd = "msgsnd", Msgrcv = "msgrcv",
    Msgctl = "msgctl", Fcntl = "fcntl", Flock = "flock", Fsync = "fsync", Fdatasync = "fdatasync",
    Truncate = "truncate", Ftruncate = "ftruncate", Getdents = "getdents", Getcwd = "getcwd",
    Chdir = "chdir", Fchdir = "fchdir", Rename = "rename", Mkdir = "mkdir", Rmdir = "rmdir",
    Creat = "creat", Link = "link", Unlink = "unlink", Symlink = "symlink", Readlink = "readlink",
    Chmod = "chmod", Fchmod = "fchmod", Chown = "chown", Fchown = "fchown", Lchown = "lchown",
    Umask = "umask", Gettimeofday = "gettimeofday", Getrlimit = "getrlimit",
    Getrusage = "getrusage", Sysinfo = "sysinfo", Times = "times", Ptrace = "ptrace",
    Getuid = "getuid", Syslog = "syslog", Getgid = "getgid", Setuid = "setuid", Setgid = "setgid",
    Geteuid = "geteuid", Getegid = "getegid", Setpgid = "setpgid", Getppid = "getppid",
    Getpgrp = "getpgrp", Setsid = "setsid", Setreuid = "setreuid", Setregid = "setregid",
    Getgroups = "getgroups", Setgroups = "setgroups", Setresuid = "setresuid",
    Getresuid = "getresuid", Setresgid = "setresgid", Getresgid = "getresgid", Getpgid = "getpgid",
    Setfsuid = "setfsuid", Setfsgid = "setfsgid", Getsid = "getsid", Capget = "capget",
    Capset = "capset", RtSigpending = "rt_sigpending", RtSigtimedwait = "rt_sigtimedwait",
    RtSigqueueinfo = "rt_sigqueueinfo", RtSigsuspend = "rt_sigsuspend", Sigaltstack = "sigaltstack",
    Utime = "utime", Mknod = "mknod", Uselib = "uselib", Personality = "personality",
    Ustat = "ustat", Statfs = "statfs", Fstatfs = "fstatfs", Sysfs = "sysfs",
    Getpriority = "getpriority", Setpriority = "setpriority", SchedSetparam = "sched_setparam",
    SchedGetparam = "sched_getparam", SchedSetscheduler = "sched_setscheduler",
    SchedGetscheduler = "sched_getscheduler", SchedGetPriorityMax = "sched_get_priority_max",
    SchedGetPriorityMin = "sched_get_priority_min", SchedRrGetInterval = "sched_rr_get_interval",
    Mlock = "mlock", Munlock = "munlock", Mlockall = "mlockall", Munlockall = "munlockall",
    Vhangup = "vhangup", ModifyLdt = "modify_ldt", PivotRoot = "pivot_root", Sysctl = "_sysctl",
    Prctl = "prctl", ArchPrctl = "arch_prctl", Adjtimex = "adjtimex", Setrlimit = "setrlimit",
    Chroot = "chroot", Sync = "sync", Acct = "acct", Settimeofday = "settimeofday", Mount = "mount",
    Umount2 = "umount2", Swapon = "swapon", Swapoff = "swapoff", Reboot = "reboot",
    Sethostname = "sethostname", Setdomainname = "setdomainname", Iopl = "iopl", Ioperm = "ioperm",
    CreateModule = "create_module", InitModule = "init_module", DeleteModule = "delete_module",
    GetKernelSyms = "get_kernel_syms", QueryModule = "query_module", Quotactl = "quotactl",
    Nfsservctl = "nfsservctl", Getpmsg = "getpmsg", Putpmsg = "putpmsg", AfsSyscall = "afs_syscall",
    Tuxcall = "tuxcall", Security = "security", Gettid = "gettid", Readahead = "readahead",
    Setxattr = "setxattr", Lsetxattr = "lsetxattr", Fsetxattr = "fsetxattr", Getxattr = "getxattr",
    Lgetxattr = "lgetxattr", Fgetxattr = "fgetxattr", Listxattr = "listxattr",
    Llistxattr = "llistxattr", Flistxattr = "flistxattr", Removexattr = "removexattr",
    Lremovexattr = "lremovexattr", Fremovexattr = "fremovexattr", Tkill = "tkill", Time = "time",
    Futex = "futex", SchedSetaffinity = "sched_setaffinity", SchedGetaffinity = "sched_getaffinity",
    SetThreadArea = "set_thread_area", IoSetup = "io_setup", IoDestroy = "io_destroy",
    IoGetevents = "io_getevents", IoSubmit = "io_submit", IoCancel = "io_cancel",
    GetThreadArea = "get_thread_area", LookupDcookie = "lookup_dcookie",
    EpollCreate = "epoll_create", EpollCtlOld = "epoll_ctl_old", EpollWaitOld = "epoll_wait_old",
    RemapFilePages = "remap_file_pages", Getdents64 = "getdents64",
    SetTidAddress = "set_tid_address", RestartSyscall = "restart_syscall",
    Semtimedop = "semtimedop", Fadvise64 = "fadvise64", TimerCreate = "timer_create",
    TimerSettime = "timer_settime", TimerGettime = "timer_gettime",
    TimerGetoverrun = "timer_getoverrun", TimerDelete = "timer_delete",
    ClockSettime = "clock_settime", ClockGettime = "clock_gettime", ClockGetres = "clock_getres",
    ClockNanosleep = "clock_nanosleep", ExitGroup = "exit_group", EpollWait = "epoll_wait",
    EpollCtl = "epoll_ctl", Tgkill = "tgkill", Utimes = "utimes", Vserver = "vserver",
    Mbind = "mbind", SetMempolicy = "set_mempolicy", GetMempolicy = "get_mempolicy",
    MqOpen = "mq_open", MqUnlink = "mq_unlink", MqTimedsend = "mq_timedsend",
    MqTimedreceive = "mq_timedreceive", MqNotify = "mq_notify", MqGetsetattr = "mq_getsetattr",
    KexecLoad = "kexec_load", Waitid = "waitid", AddKey = "add_key", RequestKey = "request_key",
    Keyctl = "keyctl", IoprioSet = "ioprio_set", IoprioGet = "ioprio_get",
    InotifyInit = "inotify_init", InotifyAddWatch = "inotify_add_watch",
    InotifyRmWatch = "inotify_rm_watch", MigratePages = "migrate_pages", Openat = "openat",
    Mkdirat = "mkdirat", Mknodat = "mknodat", Fchownat = "fchownat", Futimesat = "futimesat",
    Newfstatat = "newfstatat", Unlinkat = "unlinkat", Renameat = "renameat", Linkat = "linkat",
    Symlinkat = "symlinkat", Readlinkat = "readlinkat", Fchmodat = "fchmodat",
    Faccessat = "faccessat", Pselect6 = "pselect6", Ppoll = "ppoll", Unshare = "unshare",
    SetRobustList = "set_robust_list", GetRobustList = "get_robust_list", Splice = "splice",
    Tee = "tee", SyncFileRange = "sync_file_range", Vmsplice = "vmsplice", MovePages = "move_pages",
    Utimensat = "utimensat", EpollPwait = "epoll_pwait", Signalfd = "signalfd",
    TimerfdCreate = "timerfd_create", Eventfd = "eventfd", Fallocate = "fallocate",
    TimerfdSettime = "timerfd_settime", TimerfdGettime = "timerfd_gettime", Accept4 = "accept4",
    Signalfd4 = "signalfd4", Eventfd2 = "eventfd2", EpollCreate1 = "epoll_create1", Dup3 = "dup3",
    Pipe2 = "pipe2", InotifyInit1 = "inotify_init1", Preadv = "preadv", Pwritev = "pwritev",
    RtTgsigqueueinfo = "rt_tgsigqueueinfo", PerfEventOpen = "perf_event_open",
    Recvmmsg = "recvmmsg", FanotifyInit = "fanotify_init", FanotifyMark = "fanotify_mark",
    Prlimit64 = "prlimit64", NameToHandleAt = "name_to_handle_at",
    OpenByHandleAt = "open_by_handle_at", ClockAdjtime = "clock_adjtime", Syncfs = "syncfs",
    Sendmmsg = "sendmmsg", Setns = "setns", Getcpu = "getcpu", ProcessVmReadv = "process_vm_readv",
    ProcessVmWritev = "process_vm_writev", Kcmp = "kcmp", FinitModule = "finit_module",
    SchedSetattr = "sched_setattr", SchedGetattr = "sched_getattr", Renameat2 = "renameat2",
    Seccomp = "seccomp", Getrandom = "getrandom", MemfdCreate = "memfd_create",
    KexecFileLoad = "kexec_file_load", Bpf = "bpf", Execveat = "execveat",
    Userfaultfd = "userfaultfd", Membarrier = "membarrier", Mlock2 = "mlock2",
    CopyFileRange = "copy_file_range", Preadv2 = "preadv2", Pwritev2 = "pwritev2",
    PkeyMprotect = "pkey_mprotect", PkeyAlloc = "pkey_alloc", PkeyFree = "pkey_free",
    Statx = "statx", IoPgetevents = "io_pgetevents", Rseq = "rseq", Uretprobe = "uretprobe",
    Uprobe = "uprobe", PidfdSendSignal = "pidfd_send_signal", IoUringSetup = "io_uring_setup",
    IoUringEnter = "io_uring_enter", IoUringRegister = "io_uring_register", OpenTree = "open_tree",
    MoveMount = "move_mount", Fsopen = "fsopen", Fsconfig = "fsconfig", Fsmount = "fsmount",
    Fspick = "fspick", PidfdOpen = "pidfd_open", Clone3 = "clone3", CloseRange = "close_range",
    Openat2 = "openat2", PidfdGetfd = "pidfd_getfd", Faccessat2 = "faccessat2",
    ProcessMadvise = "process_madvise", EpollPwait2 = "epoll_pwait2",
    MountSetattr = "mount_setattr", QuotactlFd = "quotactl_fd",
    LandlockCreateRuleset = "landlock_create_ruleset", LandlockAddRule = "landlock_add_rule",
    LandlockRestrictSelf = "landlock_restrict_self", MemfdSecret = "memfd_secret",
    ProcessMrelease = "process_mrelease", FutexWaitv = "futex_waitv",
    SetMempolicyHomeNode = "set_mempolicy_home_node", Cachestat = "cachestat",
    Fchmodat2 = "fchmodat2", MapShadowStack = "map_shadow_stack", FutexWake = "futex_wake",
    FutexWait = "futex_wait", FutexRequeue = "futex_requeue", Statmount = "statmount",
    Listmount = "listmount", LsmGetSelfAttr = "lsm_get_self_attr",
    LsmSetSelfAttr = "lsm_set_self_attr", LsmListModules = "lsm_list_modules", Mseal = "mseal",
    Setxattrat = "setxattrat", Getxattrat = "getxattrat", Listxattrat = "listxattrat",
    Removexattrat = "removexattrat", OpenTreeAttr = "open_tree_attr", FileGetattr = "file_getattr",
    FileSetattr = "file_setattr",
}

impl Sys {
    /// The one with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|sys| sys.name() == name)
    }
}
