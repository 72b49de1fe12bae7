//! The rule `predicted`: what was predicted of a run is what happens in it. The answers come from the
//! trace.

use siglab_model::Trace;

use super::diagnosis as ids;
use crate::manifest::Manifest;
use crate::predictions::{Answer, Predictions, Said};
use crate::result::Diagnosis;

/// Compares the predictions in `source` for the scenario `id` with its run.
pub(super) fn check(
    manifest: &Manifest,
    source: &str,
    id: &str,
    trace: &Trace,
) -> Result<(), Diagnosis> {
    let predictions = Predictions::read(source, manifest).map_err(|message| Diagnosis {
        id: ids::COMPILE_ERROR.into(),
        message,
        hint: "mend the file first".into(),
    })?;
    for question in &manifest.questions {
        let said = predictions.of(id, &question.id);
        let answer = Answer::of(question, trace, &manifest.roles);
        let message = match said {
            Said::Nothing => {
                return Err(Diagnosis {
                    id: ids::NOT_PREDICTED.into(),
                    message: format!(
                        "[{id}] {} has no answer yet: {}",
                        question.id, question.text
                    ),
                    hint: "write what you expect, then run the check again".into(),
                });
            }
            said if answer.is(said) => continue,
            said => format!(
                "[{id}] {}, {}: you predict {said}, and it is {answer}",
                question.id, question.text
            ),
        };
        return Err(Diagnosis {
            id: ids::WRONG_PREDICTION.into(),
            message,
            hint: question.hint.clone(),
        });
    }
    Ok(())
}
