//! A program of a lab, by its name.

use super::{Variant, language};
use crate::lab::nearest;
use crate::result::Language;

/// Why no one program is meant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownVariant {
    /// There is none with this name.
    #[error("no program `{name}` in the lab `{lab}`{}", match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!("; there are: {}", names.join(", ")),
    })]
    Missing {
        /// What was asked for.
        name: String,
        /// The lab.
        lab: String,
        /// The most similar name, if one is similar at all.
        near: Option<String>,
        /// All names.
        names: Vec<String>,
    },
    /// There are several.
    #[error("`{name}` could be {}; write which", found.join(" or "))]
    Several {
        /// What was asked for.
        name: String,
        /// The programs that could be meant.
        found: Vec<String>,
    },
}

impl Variant {
    /// The one of `variants`, those of the lab `lab`, that is called `name`: `no_window`, with its
    /// folder or its ending or both if it takes these to tell it from others
    /// (`wrong/no_window.c`), or the name of its file; in `language` if one is asked for.
    ///
    /// # Errors
    /// If there is none, or there are several.
    pub fn find<'a>(
        variants: &'a [Self],
        lab: &str,
        name: &str,
        language: Option<Language>,
    ) -> Result<&'a Self, UnknownVariant> {
        let wanted = |it: &&Self| language.is_none_or(|language| it.language == language);
        let all: Vec<&Self> = variants.iter().filter(wanted).collect();
        let found: Vec<&Self> = all
            .iter()
            .copied()
            .filter(|it| it.is_called(name))
            .collect();
        match found[..] {
            [one] => Ok(one),
            [] => {
                let mut names: Vec<String> = all.iter().map(|it| it.name()).collect();
                names.sort();
                names.dedup();
                let plain = plain(name);
                Err(UnknownVariant::Missing {
                    near: nearest(&plain, names.iter().map(String::as_str)).map(str::to_owned),
                    name: name.to_owned(),
                    lab: lab.to_owned(),
                    names,
                })
            }
            ref several => Err(UnknownVariant::Several {
                name: name.to_owned(),
                found: several
                    .iter()
                    .map(|it| it.file.display().to_string())
                    .collect(),
            }),
        }
    }

    fn is_called(&self, name: &str) -> bool {
        let path = self.path.display().to_string();
        let without_ending = self.path.with_extension("").display().to_string();
        let is_file = self.file.as_os_str() == name || self.file.file_name() == Some(name.as_ref());
        let names = [self.name(), self.file_name(), path, without_ending];
        // `starter` and `solution` say enough where there is only one in each language.
        is_file || names.iter().any(|it| it == name) || name == self.part.to_string()
    }
}

/// A name without its folder and its ending.
fn plain(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or_default();
    let name = super::Form::of(name).1;
    let path = std::path::Path::new(name);
    match language(path) {
        Some(_) => path.with_extension("").display().to_string(),
        None => name.to_owned(),
    }
}
