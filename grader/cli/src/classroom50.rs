//! What a Classroom 50 result says besides the score: from flags, from `CLASSROOM50_*`
//! variables, or from what GitHub Actions has at hand.

use siglab_report::{AssignmentType, Classroom50};

use crate::failure::Failure;
use crate::moment;

/// The fields that can be given, as in the format.
const FIELDS: [&str; 11] = [
    "classroom",
    "assignment",
    "assignment_type",
    "owner",
    "submission",
    "commit",
    "release",
    "review",
    "datetime",
    "graded_at",
    "submitted_by",
];

/// Reads `FIELD=VALUE`.
pub(crate) fn parse_field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("write FIELD=VALUE, as in owner=ada")?;
    if !FIELDS.contains(&name) {
        return Err(format!(
            "there is no field `{name}`; there are: {}",
            FIELDS.join(", ")
        ));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Collects the fields for a submission to `lab`. `given` are those of the command line;
/// `variable` reads an environment variable.
///
/// # Errors
/// If a field that must be there isn't known, or one is malformed: wrong use.
pub(crate) fn collect(
    lab: &str,
    given: &[(String, String)],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Classroom50, Failure> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let own = |name: &str| {
        let flag = given.iter().rev().find(|(field, _)| field == name);
        flag.map(|(_, value)| value.clone())
            .or_else(|| variable(&format!("CLASSROOM50_{}", name.to_ascii_uppercase())))
    };
    let need = |name: &str, value: Option<String>| {
        value.filter(|value| !value.is_empty()).ok_or_else(|| {
            Failure::usage(format_args!("a Classroom 50 result needs {name}")).hint(format_args!(
                "write --classroom50 {name}=..., or set CLASSROOM50_{}",
                name.to_ascii_uppercase()
            ))
        })
    };
    let repository = || {
        Some(format!(
            "{}/{}",
            variable("GITHUB_SERVER_URL")?,
            variable("GITHUB_REPOSITORY")?
        ))
    };
    let assignment_type = match own("assignment_type").as_deref() {
        None | Some("individual") => AssignmentType::Individual,
        Some("group") => AssignmentType::Group,
        Some(other) => {
            return Err(Failure::usage(format_args!(
                "assignment_type is individual or group, not `{other}`"
            )));
        }
    };
    let tag = || variable("GITHUB_REF_NAME").filter(|name| name.starts_with("submit/"));
    let submission = need("submission", own("submission").or_else(tag))?;
    if !submission.starts_with("submit/") {
        return Err(Failure::usage(format_args!(
            "submission begins with submit/, not `{submission}`"
        )));
    }
    let commit = need("commit", own("commit").or_else(|| variable("GITHUB_SHA")))?;
    let release = || Some(format!("{}/releases/tag/{submission}", repository()?));
    let review = || Some(format!("{}/commit/{commit}", repository()?));
    let moment = |name: &str| match own(name) {
        Some(value) if !moment::is_utc(&value) => Err(Failure::usage(format_args!(
            "{name} is UTC, as in 2026-11-22T08:30:00Z, not `{value}`"
        ))),
        value => Ok(value.unwrap_or_else(moment::now)),
    };
    let submitted_by = own("submitted_by").or_else(|| match assignment_type {
        AssignmentType::Group => variable("GITHUB_ACTOR"),
        AssignmentType::Individual => None,
    });
    Ok(Classroom50 {
        classroom: need("classroom", own("classroom"))?,
        assignment: own("assignment").unwrap_or_else(|| lab.to_owned()),
        assignment_type,
        owner: need("owner", own("owner").or_else(|| variable("GITHUB_ACTOR")))?,
        release: need("release", own("release").or_else(release))?,
        review: need("review", own("review").or_else(review))?,
        datetime: moment("datetime")?,
        graded_at: Some(moment("graded_at")?),
        submitted_by,
        submission,
        commit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What GitHub Actions sets for a pushed tag.
    fn actions(name: &str) -> Option<String> {
        let value = match name {
            "GITHUB_ACTOR" => "ada",
            "GITHUB_REF_NAME" => "submit/3",
            "GITHUB_SHA" => "6b946d9",
            "GITHUB_SERVER_URL" => "https://github.example",
            "GITHUB_REPOSITORY" => "signals/terminator-ada",
            "CLASSROOM50_CLASSROOM" => "signals-2026",
            "CLASSROOM50_OWNER" => "",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn given(fields: &[&str]) -> Vec<(String, String)> {
        let read = fields.iter().map(|field| parse_field(field));
        read.collect::<Result<_, _>>().expect("fields")
    }

    #[test]
    fn a_workflow_has_it_at_hand() {
        let when = given(&[
            "datetime=2026-11-22T08:30:00Z",
            "graded_at=2026-11-22T08:31:00Z",
        ]);
        let found = collect("terminator", &when, &actions);
        assert_eq!(
            found.expect("all is there"),
            Classroom50 {
                classroom: "signals-2026".into(),
                assignment: "terminator".into(),
                assignment_type: AssignmentType::Individual,
                owner: "ada".into(),
                submission: "submit/3".into(),
                commit: "6b946d9".into(),
                release: "https://github.example/signals/terminator-ada/releases/tag/submit/3"
                    .into(),
                review: "https://github.example/signals/terminator-ada/commit/6b946d9".into(),
                datetime: "2026-11-22T08:30:00Z".into(),
                graded_at: Some("2026-11-22T08:31:00Z".into()),
                submitted_by: None,
            }
        );
    }

    #[test]
    fn flags_go_first() {
        let fields = given(&["owner=team-7", "assignment_type=group", "assignment=lab-1"]);
        let found = collect("terminator", &fields, &actions).expect("all is there");
        assert_eq!(found.owner, "team-7");
        assert_eq!(found.assignment, "lab-1");
        assert_eq!(found.submitted_by.as_deref(), Some("ada"));
        assert!(moment::is_utc(&found.datetime), "{}", found.datetime);
    }

    #[test]
    fn what_is_missing_is_named() {
        let refused = |fields: &[&str], variable: &dyn Fn(&str) -> Option<String>| {
            collect("terminator", &given(fields), variable)
                .expect_err("something is missing")
                .to_string()
        };
        assert_eq!(
            refused(&["commit=1"], &|_| None),
            "siglab: error: a Classroom 50 result needs submission\n\
             hint: write --classroom50 submission=..., or set CLASSROOM50_SUBMISSION"
        );
        for (field, said) in [
            ("submission=main", "submission begins with submit/"),
            ("assignment_type=pair", "individual or group"),
            ("datetime=yesterday", "datetime is UTC"),
            ("owner=", "needs owner"),
        ] {
            let text = refused(&[field], &actions);
            assert!(text.contains(said), "{field}: {text}");
        }
        assert!(parse_field("nonsense=1").is_err());
        assert!(parse_field("owner").is_err());
    }
}
