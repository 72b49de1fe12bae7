//! `siglab predict`.

use std::io::{self, BufRead, IsTerminal as _, StdinLock};

use siglab_lab::{GradeOptions, Lab, Language, ScenarioRun};
use siglab_report::{Timeline, TimelineOptions, count, escape_lines};
use siglab_tutor::{Asked, Form, Quiz, Reply};

use crate::args::Predict;
use crate::failure::Failure;
use crate::progress::Waiting;
use crate::{exit, output};

/// No answer is longer, in bytes; of a longer line, the rest is another one.
const LONGEST: u64 = 1 << 12;

pub(crate) fn run(args: &Predict) -> Result<u8, Failure> {
    let lab = super::find_labs(&args.labs)?.find(&args.lab)?;
    check_scenarios(&lab, &args.scenario)?;
    let language = args.lang.map(Language::from);
    let waiting = Waiting::new(&format!("running {}", lab.id()));
    let shown = lab.demonstrate(language, &args.scenario, &GradeOptions::default());
    drop(waiting);
    let shown = shown?;
    let path = lab.dir().join(&shown.file);
    let path = path.canonicalize().unwrap_or(path);
    output::print(format_args!(
        "{}: {}\nthe program: {}\n",
        lab.id(),
        escape_lines(&lab.manifest.title),
        escape_lines(&path.display().to_string())
    ))?;
    let mut session = Session {
        input: io::stdin().lock(),
        echo: !io::stdin().is_terminal(),
        right: 0,
        asked: 0,
        is_over: false,
    };
    let runs = shown.runs.len();
    for (index, run) in shown.runs.iter().enumerate() {
        output::print(format_args!(
            "\nscenario {} of {runs}: {} ({})\n\n",
            index + 1,
            escape_lines(&run.title),
            escape_lines(&run.id)
        ))?;
        session.go_through(&lab, run)?;
        if session.is_over {
            break;
        }
    }
    session.finish()
}

/// The scenarios that were asked for have to be there, and to be seen.
fn check_scenarios(lab: &Lab, wanted: &[String]) -> Result<(), Failure> {
    let seen = lab.manifest.scenarios.iter().filter(|it| !it.hidden);
    let known: Vec<&str> = seen.map(|it| it.id.as_str()).collect();
    match wanted.iter().find(|id| !known.contains(&id.as_str())) {
        None => Ok(()),
        Some(id) => Err(
            Failure::usage(format_args!("{} has no scenario `{id}`", lab.id()))
                .hint(format_args!("there are: {}", known.join(", "))),
        ),
    }
}

/// Questions and answers.
struct Session<'a> {
    input: StdinLock<'a>,
    /// Whether answers have to be written down by siglab: nobody types them.
    echo: bool,
    right: usize,
    asked: usize,
    /// Whether there are no more answers.
    is_over: bool,
}

impl Session<'_> {
    /// Asks about one run, and shows it in parts.
    fn go_through(&mut self, lab: &Lab, run: &ScenarioRun) -> Result<(), Failure> {
        let trace = match &run.outcome {
            Ok(trace) => trace,
            Err(error) => return Err(Failure::new(exit::INTERNAL, error)),
        };
        let quiz = Quiz::of(trace, &lab.manifest.roles);
        let options = TimelineOptions {
            unicode: output::unicode(),
            columns: output::columns(),
            ..TimelineOptions::default()
        };
        let mut cuts: Vec<usize> = quiz.asked.iter().map(|asked| asked.at).collect();
        cuts.dedup();
        let parts = Timeline::new(trace, options).parts(&cuts);
        let mut parts = parts.iter();
        let mut shown = None;
        for asked in &quiz.asked {
            if shown != Some(asked.at) {
                let part = parts.next().map_or("", String::as_str);
                let before = if shown.is_some() { "\n" } else { "" };
                output::print(format_args!("{before}{part}"))?;
                shown = Some(asked.at);
            }
            self.ask(asked)?;
            if self.is_over {
                return Ok(());
            }
        }
        for part in parts {
            output::print(format_args!("\n{part}"))?;
        }
        Ok(())
    }

    /// Asks one question, until there is an answer that is one.
    fn ask(&mut self, asked: &Asked) -> Result<(), Failure> {
        output::print(format_args!("\n{}\n", escape_lines(&asked.text)))?;
        match &asked.form {
            Form::Choice { choices, .. } => {
                for (index, choice) in choices.iter().enumerate() {
                    output::print(format_args!("  {}  {choice}\n", index + 1))?;
                }
            }
            Form::Word { example, .. } => output::print(format_args!("  {example}\n"))?,
        }
        self.asked += 1;
        loop {
            output::print("> ")?;
            let Some(reply) = self.read()? else {
                self.is_over = true;
                return output::print("\n");
            };
            let verdict = match asked.judge(&reply) {
                Reply::NoChoice => {
                    output::print(match &asked.form {
                        Form::Choice { .. } => "write the number of one of them\n",
                        Form::Word { .. } => "write what you expect\n",
                    })?;
                    continue;
                }
                Reply::Right => {
                    self.right += 1;
                    "right".to_owned()
                }
                Reply::Wrong => format!("no: {}", asked.right()),
            };
            let because = escape_lines(&asked.because);
            output::print(format_args!("{verdict} -- {because}\n"))?;
            if !asked.state.is_empty() {
                let state = escape_lines(&asked.state.join(", "));
                output::print(format_args!("the kernel now: {state}\n"))?;
            }
            return Ok(());
        }
    }

    /// The next answer; nothing at the end of input.
    fn read(&mut self) -> Result<Option<String>, Failure> {
        let mut line = Vec::new();
        let read = io::Read::take(&mut self.input, LONGEST).read_until(b'\n', &mut line);
        read.map_err(|error| {
            let reason = crate::failure::reason(&error);
            Failure::usage(format_args!("can't read from standard input: {reason}"))
        })?;
        if line.is_empty() {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        if self.echo {
            output::print(format_args!("{}\n", escape_lines(&line)))?;
        }
        Ok(Some(line))
    }

    fn finish(self) -> Result<u8, Failure> {
        let Self {
            right,
            asked,
            is_over,
            ..
        } = self;
        let questions = count(asked - usize::from(is_over), "answer", "answers");
        let left = if is_over {
            "; the rest was not answered"
        } else {
            ""
        };
        output::print(format_args!("\n{right} right of {questions}{left}\n"))?;
        Ok(if right == asked && !is_over {
            exit::OK
        } else {
            exit::FOUND
        })
    }
}
