//! `siglab grade course.toml`: several labs, and a gradebook with a column for each.

use std::path::{Path, PathBuf};

use siglab_class::{Course, Event, GradedCourse, Mode};
use siglab_lab::{Lab, LabError, Labs, Language};

use super::grade::{Watch, options, settle_all, tell_unclear};
use crate::args::{Grade, SandboxMode};
use crate::failure::Failure;
use crate::sandbox::{self, Side};
use crate::{interrupt, output};

/// Whether a course is to be graded rather than a lab: no lab's id ends like that.
pub(super) fn is_meant(args: &Grade) -> bool {
    Path::new(&args.lab)
        .extension()
        .is_some_and(|it| it == "toml")
}

pub(super) fn run(args: &Grade, mode: Mode, diff: bool) -> Result<u8, Failure> {
    refuse_others(args)?;
    let path = Path::new(&args.lab);
    let course = Course::load(path)?;
    let Some(out) = args.out.as_ref().or(course.out.as_ref()) else {
        return Err(Failure::usage(format_args!(
            "{} doesn't say where the results are to go",
            path.display()
        ))
        .hint("write out = \"FOLDER\" above the labs, or name it with --out"));
    };
    let labs = find_labs(args, &course)?;
    let class = siglab_class::prepare_course(&course, &labs, out, &options(args, mode))?;
    if let Some(roster) = &course.roster {
        for (lab, assignments) in class.unclear_assignments() {
            tell_unclear(
                roster,
                lab,
                "with gradebook in the lab's table",
                assignments,
            );
        }
    }
    let mut tools = Vec::new();
    for (at, lab) in labs.iter().enumerate() {
        if class.may_need_rust(at) {
            add_tools(&mut tools, args.sandbox, lab)?;
        }
    }
    let sandbox = match sandbox::enter(args.sandbox, tools)? {
        Side::Here(sandbox) => sandbox,
        Side::Done(status) => return Ok(status),
    };
    let cancel = interrupt::install().map_err(Failure::no_handlers)?;
    let mut watch = Watch::new();
    let graded = class.grade(sandbox.as_ref(), &cancel, &mut |lab, event| {
        if matches!(event, Event::Planned { .. }) {
            watch.say(&format!("{lab}:"));
        }
        watch.see(&event);
    });
    watch.end()?;
    conclude(&course, &graded?, diff)
}

/// What a course's file says, and the command line doesn't.
fn refuse_others(args: &Grade) -> Result<(), Failure> {
    let refused = [
        (args.submissions.is_some(), "a folder of submissions"),
        (args.roster.is_some(), "--roster"),
        (args.gradebook.is_some(), "--gradebook"),
    ];
    if let Some((_, what)) = refused.into_iter().find(|(is_there, _)| *is_there) {
        return Err(Failure::usage(format_args!(
            "{what} isn't for a course: its file says that"
        ))
        .hint("docs/grading.md says how: `Several labs`"));
    }
    if args.shard.is_some() {
        return Err(Failure::usage("a course isn't graded in parts")
            .hint("grade each of its labs with --shard, and join them with `siglab merge`"));
    }
    Ok(())
}

/// The course's labs, in its order.
fn find_labs(args: &Grade, course: &Course) -> Result<Vec<Lab>, Failure> {
    let labs = match (&args.labs.dir, &course.labs_dir) {
        (None, Some(dir)) => Labs::at(dir)?,
        _ => super::find_labs(&args.labs)?,
    };
    let mut found = Vec::new();
    for (at, of_course) in course.labs.iter().enumerate() {
        let lab = match labs.find(&of_course.id) {
            Ok(lab) => lab,
            Err(error @ LabError::Unknown { .. }) => {
                return Err(course.wrong_lab(at, error.to_string()).into());
            }
            Err(error) => return Err(error.into()),
        };
        found.push(lab.with_seed(args.seed.or(of_course.seed))?);
    }
    Ok(found)
}

/// Adds what Rust's compiler needs for this lab, if it isn't there.
fn add_tools(tools: &mut Vec<PathBuf>, mode: SandboxMode, lab: &Lab) -> Result<(), Failure> {
    for tool in sandbox::tools(mode, lab, Language::Rust)? {
        if !tools.contains(&tool) {
            tools.push(tool);
        }
    }
    Ok(())
}

/// Shows the course in numbers; the exit status.
fn conclude(course: &Course, graded: &GradedCourse, diff: bool) -> Result<u8, Failure> {
    for (of_course, lab) in course.labs.iter().zip(&graded.labs) {
        if let (true, Some(changes)) = (diff, &lab.changes) {
            output::print(format_args!("\n{}:\n{changes}", of_course.id))?;
        }
    }
    output::print(format_args!("\n{}", graded.book))?;
    let unknown = graded.book.unknown.iter();
    let unknown: Vec<String> = unknown
        .map(|(lab, name)| format!("{lab}: {name}"))
        .collect();
    let all_graded = graded
        .labs
        .iter()
        .all(|it| it.summary.not_graded.is_empty());
    settle_all(
        &unknown,
        all_graded,
        course.roster.as_deref().map(Path::display),
    )
}
