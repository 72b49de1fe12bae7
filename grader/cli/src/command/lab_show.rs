//! `siglab lab show`.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use siglab_lab::{Language, UnknownVariant, Variant};
use siglab_report::escape_lines;

use crate::args::{LabsDir, LanguageName};
use crate::failure::Failure;
use crate::{exit, output};

pub(crate) fn run(
    lab: &str,
    name: Option<&str>,
    language: Option<LanguageName>,
    labs: &LabsDir,
) -> Result<u8, Failure> {
    let lab = super::find_labs(labs)?.find(lab)?;
    let language = language.map(Language::from);
    let variants = lab.variants()?;
    let Some(name) = name else {
        let is_wanted = |it: &&Variant| language.is_none_or(|language| it.language == language);
        let wanted: Vec<&Variant> = variants.iter().filter(is_wanted).collect();
        output::print(list(&wanted))?;
        let is_fine = wanted.iter().all(|it| it.text.is_ok());
        return Ok(if is_fine { exit::OK } else { exit::USAGE });
    };
    let found = Variant::find(&variants, lab.id(), name, language);
    let variant = found.map_err(|error| {
        let list = format!("`siglab lab show {}` lists them", lab.id());
        match error {
            UnknownVariant::Missing { near: Some(_), .. } => Failure::usage(error).hint(list),
            _ => Failure::usage(error),
        }
    })?;
    let text = variant.text.as_ref().map_err(Failure::usage)?;
    // Whoever compiles it wants it as it is.
    if std::io::stdout().is_terminal() {
        output::print(escape_lines(text))?;
    } else {
        output::print_raw(text.as_bytes())?;
    }
    Ok(exit::OK)
}

/// A line for each: what it is, what it is called, what it is for.
fn list(variants: &[&Variant]) -> String {
    let names: Vec<String> = variants
        .iter()
        .map(|it| escape_lines(&it.file_name()))
        .collect();
    let width = names.iter().map(|it| it.chars().count()).max();
    let width = width.unwrap_or(0);
    let mut text = String::new();
    for (variant, name) in variants.iter().zip(names) {
        let purpose = match &variant.text {
            Ok(_) => variant.purpose().unwrap_or_default(),
            Err(error) => {
                let error = error.to_string();
                let first = error.lines().next().unwrap_or_default();
                format!("can't be composed: {first}")
            }
        };
        let line = format!(
            "{:<8}  {name:<width$}  {}",
            variant.part,
            escape_lines(&purpose)
        );
        // Writing to a string can't fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}
