//! What the names of downloaded files say, by the rules of each learning platform.

/// Where a submission comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layout {
    /// A file or folder named by nobody's rule.
    Plain,
    /// Canvas: `doejane_LATE_1234_5678_terminator.c`.
    Canvas,
    /// Moodle: `Jane Doe_1234_assignsubmission_file_`.
    Moodle,
    /// Gradescope: `submission_1234`, beside `submission_metadata.yml`.
    Gradescope,
}

/// What a name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The rule that it follows.
    pub(crate) layout: Layout,
    /// What all files of the same submission have in common.
    pub(crate) group: String,
    /// The student's name, as far as the platform writes it.
    pub(crate) student: String,
    /// The platform's number of the student or submission.
    pub(crate) number: Option<String>,
    /// Whether the platform says that it came late.
    pub(crate) late: bool,
    /// The name of the file as it was handed in, and which version of it this is.
    pub(crate) file: (String, u64),
}

impl Named {
    /// What the name of an entry of the folder of submissions says.
    pub(crate) fn parse(name: &str, is_folder: bool) -> Self {
        moodle(name)
            .or_else(|| is_folder.then(|| gradescope(name)).flatten())
            .or_else(|| (!is_folder).then(|| canvas(name)).flatten())
            .unwrap_or_else(|| plain(name, is_folder))
    }
}

/// `Full Name_1234_assignsubmission_file_`, a folder; or a file with its name after that,
/// if the folders were declined. The number is the participant's.
fn moodle(name: &str) -> Option<Named> {
    let (who, rest) = name.split_once("_assignsubmission_")?;
    let (student, number) = who.rsplit_once('_')?;
    if student.is_empty() || !is_number(number) {
        return None;
    }
    let (_, file) = rest.split_once('_').unwrap_or((rest, ""));
    Some(Named {
        layout: Layout::Moodle,
        group: who.to_owned(),
        student: student.to_owned(),
        number: Some(number.to_owned()),
        late: false,
        file: (file.to_owned(), 0),
    })
}

/// `submission_1234`, a folder.
fn gradescope(name: &str) -> Option<Named> {
    let number = name.strip_prefix("submission_")?;
    is_number(number).then(|| Named {
        layout: Layout::Gradescope,
        group: name.to_owned(),
        student: String::new(),
        number: Some(number.to_owned()),
        late: false,
        file: (name.to_owned(), 0),
    })
}

/// `doejane_1234_5678_terminator.c` or `doejane_LATE_1234_5678_terminator-1.c`: the name,
/// the user's number, the attachment's, and the file's name with the number of the
/// attempt, which Canvas adds from the second one on.
fn canvas(name: &str) -> Option<Named> {
    let (student, rest) = name.split_once('_')?;
    let (late, rest) = match rest.strip_prefix("LATE_") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let (user, rest) = rest.split_once('_')?;
    let (attachment, file) = rest.split_once('_')?;
    let follows = !student.is_empty()
        && !is_number(student)
        && is_number(user)
        && is_number(attachment)
        && file.contains('.')
        && !file.starts_with('.');
    follows.then(|| Named {
        layout: Layout::Canvas,
        group: format!("{student}_{user}"),
        student: student.to_owned(),
        number: Some(user.to_owned()),
        late,
        file: without_attempt(file),
    })
}

/// `terminator-2.c` is attempt 2 of `terminator.c`.
fn without_attempt(file: &str) -> (String, u64) {
    let (stem, ending) = file.split_once('.').unwrap_or((file, ""));
    match stem.rsplit_once('-') {
        Some((stem, attempt)) if !stem.is_empty() && is_number(attempt) => {
            (format!("{stem}.{ending}"), attempt.parse().unwrap_or(0))
        }
        _ => (file.to_owned(), 0),
    }
}

/// A name by nobody's rule.
pub(super) fn plain(name: &str, is_folder: bool) -> Named {
    let stem = match name.split_once('.') {
        Some((stem, _)) if !is_folder && !stem.is_empty() => stem,
        _ => name,
    };
    Named {
        layout: Layout::Plain,
        group: name.to_owned(),
        student: stem.to_owned(),
        number: None,
        late: false,
        file: (name.to_owned(), 0),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What operating systems and archivers leave behind, and everything hidden.
pub(crate) fn is_litter(name: &str) -> bool {
    name.starts_with('.')
        || matches!(
            name.to_ascii_lowercase().as_str(),
            "__macosx" | "thumbs.db" | "desktop.ini"
        )
}

#[cfg(test)]
mod tests {
    use super::{Layout, Named};

    /// What a name says, in one line.
    fn say(name: &str) -> String {
        let is_folder = name.ends_with('/');
        let named = Named::parse(name.trim_end_matches('/'), is_folder);
        let (file, attempt) = &named.file;
        format!(
            "{:?} group={} student={} number={} late={} file={file} attempt={attempt}",
            named.layout,
            named.group,
            named.student,
            named.number.as_deref().unwrap_or("-"),
            named.late,
        )
    }

    #[test]
    fn names_follow_the_platforms_rules() {
        for (name, said) in [
            (
                "doejane_1234_5678_terminator.c",
                "Canvas group=doejane_1234 student=doejane number=1234 late=false file=terminator.c attempt=0",
            ),
            (
                "doejane_LATE_1234_5678_my_work-2.tar.gz",
                "Canvas group=doejane_1234 student=doejane number=1234 late=true file=my_work.tar.gz attempt=2",
            ),
            (
                "Jane van Doe_99_assignsubmission_file_/",
                "Moodle group=Jane van Doe_99 student=Jane van Doe number=99 late=false file= attempt=0",
            ),
            (
                "Zoë_Ünal_7_assignsubmission_file_a_b.c",
                "Moodle group=Zoë_Ünal_7 student=Zoë_Ünal number=7 late=false file=a_b.c attempt=0",
            ),
            (
                "submission_4711/",
                "Gradescope group=submission_4711 student= number=4711 late=false file=submission_4711 attempt=0",
            ),
        ] {
            assert_eq!(say(name), said);
        }
    }

    #[test]
    fn other_names_are_plain() {
        for name in [
            "alice.c",
            "alice",
            "a_b_c.c",
            "doejane_1234_terminator.c",
            "doejane_x_5678_terminator.c",
            "12_34_56_a.c",
            "submission_4711",
            "submission_x/",
            "_7_assignsubmission_file_/",
            "Jane_assignsubmission_file_/",
            "doejane_1234_5678_terminator/",
        ] {
            let is_folder = name.ends_with('/');
            let named = Named::parse(name.trim_end_matches('/'), is_folder);
            assert_eq!(named.layout, Layout::Plain, "{name}");
            assert_eq!(named.group, name.trim_end_matches('/'));
        }
        assert!(say("alice.tar.gz").contains("student=alice "));
        assert!(say("J. R. Doe/").contains("student=J. R. Doe "));
    }
}
