//! The numbers of x86-64's system calls: arch/x86/entry/syscalls/syscall_64.tbl of Linux 6.18.

use libc::c_long;

use crate::kernel::syscalls::Sys;

/// More than any number.
const END: usize = 512;

/// By number.
const BY_NUMBER: [Option<Sys>; END] = {
    let mut table = [None; END];
    let mut index = 0;
    while index < NUMBERS.len() {
        let (number, sys) = NUMBERS[index];
        table[number as usize] = Some(sys);
        index += 1;
    }
    table
};

/// The numbers, in the order of [`Sys`].
const BY_CALL: [c_long; Sys::ALL.len()] = {
    let mut table = [-1; Sys::ALL.len()];
    let mut index = 0;
    while index < NUMBERS.len() {
        let (number, sys) = NUMBERS[index];
        table[sys as usize] = number;
        index += 1;
    }
    table
};

/// The call with this number; `None` if there is none.
pub(crate) fn syscall(number: c_long) -> Option<Sys> {
    *BY_NUMBER.get(usize::try_from(number).ok()?)?
}

/// The number of a call; `None` if this architecture hasn't got it.
pub(crate) fn number_of(sys: Sys) -> Option<c_long> {
    let number = BY_CALL[sys as usize];
    (number >= 0).then_some(number)
}

#[rustfmt::skip]
const NUMBERS: &[(c_long, Sys)] = &[
    (0, Sys::Read), (1, Sys::Write), (2, Sys::Open), (3, Sys::Close), (4, Sys::Stat),
    (5, Sys::Fstat), (6, Sys::Lstat), (7, Sys::Poll), (8, Sys::Lseek), (9, Sys::Mmap),
    (10, Sys::Mprotect), (11, Sys::Munmap), (12, Sys::Brk), (13, Sys::RtSigaction),
    (14, Sys::RtSigprocmask), (15, Sys::RtSigreturn), (16, Sys::Ioctl), (17, Sys::Pread64),
    (18, Sys::Pwrite64), (19, Sys::Readv), (20, Sys::Writev), (21, Sys::Access), (22, Sys::Pipe),
    (23, Sys::Select), (24, Sys::SchedYield), (25, Sys::Mremap), (26, Sys::Msync),
    (27, Sys::Mincore), (28, Sys::Madvise), (29, Sys::Shmget), (30, Sys::Shmat), (31, Sys::Shmctl),
    (32, Sys::Dup), (33, Sys::Dup2), (34, Sys::Pause), (35, Sys::Nanosleep), (36, Sys::Getitimer),
    (37, Sys::Alarm), (38, Sys::Setitimer), (39, Sys::Getpid), (40, Sys::Sendfile),
    (41, Sys::Socket), (42, Sys::Connect), (43, Sys::Accept), (44, Sys::Sendto),
    (45, Sys::Recvfrom), (46, Sys::Sendmsg), (47, Sys::Recvmsg), (48, Sys::Shutdown),
    (49, Sys::Bind), (50, Sys::Listen), (51, Sys::Getsockname), (52, Sys::Getpeername),
    (53, Sys::Socketpair), (54, Sys::Setsockopt), (55, Sys::Getsockopt), (56, Sys::Clone),
    (57, Sys::Fork), (58, Sys::Vfork), (59, Sys::Execve), (60, Sys::Exit), (61, Sys::Wait4),
    (62, Sys::Kill), (63, Sys::Uname), (64, Sys::Semget), (65, Sys::Semop), (66, Sys::Semctl),
    (67, Sys::Shmdt), (68, Sys::Msgget), (69, Sys::Msgsnd), (70, Sys::Msgrcv), (71, Sys::Msgctl),
    (72, Sys::Fcntl), (73, Sys::Flock), (74, Sys::Fsync), (75, Sys::Fdatasync), (76, Sys::Truncate),
    (77, Sys::Ftruncate), (78, Sys::Getdents), (79, Sys::Getcwd), (80, Sys::Chdir),
    (81, Sys::Fchdir), (82, Sys::Rename), (83, Sys::Mkdir), (84, Sys::Rmdir), (85, Sys::Creat),
    (86, Sys::Link), (87, Sys::Unlink), (88, Sys::Symlink), (89, Sys::Readlink), (90, Sys::Chmod),
    (91, Sys::Fchmod), (92, Sys::Chown), (93, Sys::Fchown), (94, Sys::Lchown), (95, Sys::Umask),
    (96, Sys::Gettimeofday), (97, Sys::Getrlimit), (98, Sys::Getrusage), (99, Sys::Sysinfo),
    (100, Sys::Times), (101, Sys::Ptrace), (102, Sys::Getuid), (103, Sys::Syslog),
    (104, Sys::Getgid), (105, Sys::Setuid), (106, Sys::Setgid), (107, Sys::Geteuid),
    (108, Sys::Getegid), (109, Sys::Setpgid), (110, Sys::Getppid), (111, Sys::Getpgrp),
    (112, Sys::Setsid), (113, Sys::Setreuid), (114, Sys::Setregid), (115, Sys::Getgroups),
    (116, Sys::Setgroups), (117, Sys::Setresuid), (118, Sys::Getresuid), (119, Sys::Setresgid),
    (120, Sys::Getresgid), (121, Sys::Getpgid), (122, Sys::Setfsuid), (123, Sys::Setfsgid),
    (124, Sys::Getsid), (125, Sys::Capget), (126, Sys::Capset), (127, Sys::RtSigpending),
    (128, Sys::RtSigtimedwait), (129, Sys::RtSigqueueinfo), (130, Sys::RtSigsuspend),
    (131, Sys::Sigaltstack), (132, Sys::Utime), (133, Sys::Mknod), (134, Sys::Uselib),
    (135, Sys::Personality), (136, Sys::Ustat), (137, Sys::Statfs), (138, Sys::Fstatfs),
    (139, Sys::Sysfs), (140, Sys::Getpriority), (141, Sys::Setpriority), (142, Sys::SchedSetparam),
    (143, Sys::SchedGetparam), (144, Sys::SchedSetscheduler), (145, Sys::SchedGetscheduler),
    (146, Sys::SchedGetPriorityMax), (147, Sys::SchedGetPriorityMin),
    (148, Sys::SchedRrGetInterval), (149, Sys::Mlock), (150, Sys::Munlock), (151, Sys::Mlockall),
    (152, Sys::Munlockall), (153, Sys::Vhangup), (154, Sys::ModifyLdt), (155, Sys::PivotRoot),
    (156, Sys::Sysctl), (157, Sys::Prctl), (158, Sys::ArchPrctl), (159, Sys::Adjtimex),
    (160, Sys::Setrlimit), (161, Sys::Chroot), (162, Sys::Sync), (163, Sys::Acct),
    (164, Sys::Settimeofday), (165, Sys::Mount), (166, Sys::Umount2), (167, Sys::Swapon),
    (168, Sys::Swapoff), (169, Sys::Reboot), (170, Sys::Sethostname), (171, Sys::Setdomainname),
    (172, Sys::Iopl), (173, Sys::Ioperm), (174, Sys::CreateModule), (175, Sys::InitModule),
    (176, Sys::DeleteModule), (177, Sys::GetKernelSyms), (178, Sys::QueryModule),
    (179, Sys::Quotactl), (180, Sys::Nfsservctl), (181, Sys::Getpmsg), (182, Sys::Putpmsg),
    (183, Sys::AfsSyscall), (184, Sys::Tuxcall), (185, Sys::Security), (186, Sys::Gettid),
    (187, Sys::Readahead), (188, Sys::Setxattr), (189, Sys::Lsetxattr), (190, Sys::Fsetxattr),
    (191, Sys::Getxattr), (192, Sys::Lgetxattr), (193, Sys::Fgetxattr), (194, Sys::Listxattr),
    (195, Sys::Llistxattr), (196, Sys::Flistxattr), (197, Sys::Removexattr),
    (198, Sys::Lremovexattr), (199, Sys::Fremovexattr), (200, Sys::Tkill), (201, Sys::Time),
    (202, Sys::Futex), (203, Sys::SchedSetaffinity), (204, Sys::SchedGetaffinity),
    (205, Sys::SetThreadArea), (206, Sys::IoSetup), (207, Sys::IoDestroy), (208, Sys::IoGetevents),
    (209, Sys::IoSubmit), (210, Sys::IoCancel), (211, Sys::GetThreadArea),
    (212, Sys::LookupDcookie), (213, Sys::EpollCreate), (214, Sys::EpollCtlOld),
    (215, Sys::EpollWaitOld), (216, Sys::RemapFilePages), (217, Sys::Getdents64),
    (218, Sys::SetTidAddress), (219, Sys::RestartSyscall), (220, Sys::Semtimedop),
    (221, Sys::Fadvise64), (222, Sys::TimerCreate), (223, Sys::TimerSettime),
    (224, Sys::TimerGettime), (225, Sys::TimerGetoverrun), (226, Sys::TimerDelete),
    (227, Sys::ClockSettime), (228, Sys::ClockGettime), (229, Sys::ClockGetres),
    (230, Sys::ClockNanosleep), (231, Sys::ExitGroup), (232, Sys::EpollWait), (233, Sys::EpollCtl),
    (234, Sys::Tgkill), (235, Sys::Utimes), (236, Sys::Vserver), (237, Sys::Mbind),
    (238, Sys::SetMempolicy), (239, Sys::GetMempolicy), (240, Sys::MqOpen), (241, Sys::MqUnlink),
    (242, Sys::MqTimedsend), (243, Sys::MqTimedreceive), (244, Sys::MqNotify),
    (245, Sys::MqGetsetattr), (246, Sys::KexecLoad), (247, Sys::Waitid), (248, Sys::AddKey),
    (249, Sys::RequestKey), (250, Sys::Keyctl), (251, Sys::IoprioSet), (252, Sys::IoprioGet),
    (253, Sys::InotifyInit), (254, Sys::InotifyAddWatch), (255, Sys::InotifyRmWatch),
    (256, Sys::MigratePages), (257, Sys::Openat), (258, Sys::Mkdirat), (259, Sys::Mknodat),
    (260, Sys::Fchownat), (261, Sys::Futimesat), (262, Sys::Newfstatat), (263, Sys::Unlinkat),
    (264, Sys::Renameat), (265, Sys::Linkat), (266, Sys::Symlinkat), (267, Sys::Readlinkat),
    (268, Sys::Fchmodat), (269, Sys::Faccessat), (270, Sys::Pselect6), (271, Sys::Ppoll),
    (272, Sys::Unshare), (273, Sys::SetRobustList), (274, Sys::GetRobustList), (275, Sys::Splice),
    (276, Sys::Tee), (277, Sys::SyncFileRange), (278, Sys::Vmsplice), (279, Sys::MovePages),
    (280, Sys::Utimensat), (281, Sys::EpollPwait), (282, Sys::Signalfd), (283, Sys::TimerfdCreate),
    (284, Sys::Eventfd), (285, Sys::Fallocate), (286, Sys::TimerfdSettime),
    (287, Sys::TimerfdGettime), (288, Sys::Accept4), (289, Sys::Signalfd4), (290, Sys::Eventfd2),
    (291, Sys::EpollCreate1), (292, Sys::Dup3), (293, Sys::Pipe2), (294, Sys::InotifyInit1),
    (295, Sys::Preadv), (296, Sys::Pwritev), (297, Sys::RtTgsigqueueinfo),
    (298, Sys::PerfEventOpen), (299, Sys::Recvmmsg), (300, Sys::FanotifyInit),
    (301, Sys::FanotifyMark), (302, Sys::Prlimit64), (303, Sys::NameToHandleAt),
    (304, Sys::OpenByHandleAt), (305, Sys::ClockAdjtime), (306, Sys::Syncfs), (307, Sys::Sendmmsg),
    (308, Sys::Setns), (309, Sys::Getcpu), (310, Sys::ProcessVmReadv), (311, Sys::ProcessVmWritev),
    (312, Sys::Kcmp), (313, Sys::FinitModule), (314, Sys::SchedSetattr), (315, Sys::SchedGetattr),
    (316, Sys::Renameat2), (317, Sys::Seccomp), (318, Sys::Getrandom), (319, Sys::MemfdCreate),
    (320, Sys::KexecFileLoad), (321, Sys::Bpf), (322, Sys::Execveat), (323, Sys::Userfaultfd),
    (324, Sys::Membarrier), (325, Sys::Mlock2), (326, Sys::CopyFileRange), (327, Sys::Preadv2),
    (328, Sys::Pwritev2), (329, Sys::PkeyMprotect), (330, Sys::PkeyAlloc), (331, Sys::PkeyFree),
    (332, Sys::Statx), (333, Sys::IoPgetevents), (334, Sys::Rseq), (335, Sys::Uretprobe),
    (336, Sys::Uprobe), (424, Sys::PidfdSendSignal), (425, Sys::IoUringSetup),
    (426, Sys::IoUringEnter), (427, Sys::IoUringRegister), (428, Sys::OpenTree),
    (429, Sys::MoveMount), (430, Sys::Fsopen), (431, Sys::Fsconfig), (432, Sys::Fsmount),
    (433, Sys::Fspick), (434, Sys::PidfdOpen), (435, Sys::Clone3), (436, Sys::CloseRange),
    (437, Sys::Openat2), (438, Sys::PidfdGetfd), (439, Sys::Faccessat2), (440, Sys::ProcessMadvise),
    (441, Sys::EpollPwait2), (442, Sys::MountSetattr), (443, Sys::QuotactlFd),
    (444, Sys::LandlockCreateRuleset), (445, Sys::LandlockAddRule),
    (446, Sys::LandlockRestrictSelf), (447, Sys::MemfdSecret), (448, Sys::ProcessMrelease),
    (449, Sys::FutexWaitv), (450, Sys::SetMempolicyHomeNode), (451, Sys::Cachestat),
    (452, Sys::Fchmodat2), (453, Sys::MapShadowStack), (454, Sys::FutexWake), (455, Sys::FutexWait),
    (456, Sys::FutexRequeue), (457, Sys::Statmount), (458, Sys::Listmount),
    (459, Sys::LsmGetSelfAttr), (460, Sys::LsmSetSelfAttr), (461, Sys::LsmListModules),
    (462, Sys::Mseal), (463, Sys::Setxattrat), (464, Sys::Getxattrat), (465, Sys::Listxattrat),
    (466, Sys::Removexattrat), (467, Sys::OpenTreeAttr), (468, Sys::FileGetattr),
    (469, Sys::FileSetattr),
];

#[cfg(test)]
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
mod tests {
    use super::*;

    /// Where the headers of the C library have the numbers.
    const HEADERS: [&str; 2] = [
        "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
        "/usr/include/asm/unistd_64.h",
    ];

    #[test]
    fn every_call_of_the_machines_headers_has_an_entry_by_its_name() {
        let found = HEADERS
            .iter()
            .find_map(|path| std::fs::read_to_string(path).ok());
        let Some(header) = found else {
            eprintln!("skipped: none of {HEADERS:?} is there");
            return;
        };
        let defined: Vec<(&str, c_long)> = header
            .lines()
            .filter_map(|line| line.strip_prefix("#define __NR_")?.split_once(' '))
            .map(|(name, number)| (name, number.trim().parse().expect("a number")))
            .collect();
        assert!(defined.len() > 300, "{} calls in the header", defined.len());
        let wrong: Vec<_> = defined
            .into_iter()
            .filter(|(name, number)| {
                let known = syscall(*number).map(Sys::name);
                // Some have lost their first underscore since.
                known.map(|known| known.trim_start_matches('_'))
                    != Some(name.trim_start_matches('_'))
            })
            .collect();
        assert_eq!(wrong, []);
    }

    #[test]
    fn numbers_and_calls_are_the_same_both_ways() {
        for sys in Sys::ALL {
            if let Some(number) = number_of(*sys) {
                assert_eq!(syscall(number), Some(*sys), "{}", sys.name());
            }
        }
        assert_eq!(syscall(-1), None);
        assert_eq!(syscall(c_long::MAX), None);
    }
}
