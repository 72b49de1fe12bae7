//! Starters that are made of the program as it was handed out: it, with functions that are for the
//! students to write.

use std::path::PathBuf;

use super::functions::functions;
use super::{Part, Variant, VariantError};
use crate::lab::Lab;
use crate::result::Language;
use crate::submission::{self, NOT_STARTED};

impl Lab {
    /// Gives the starters the text that they are made to have, if the manifest says that they are.
    pub(super) fn add_made_starters(&self, variants: &mut Vec<Variant>) {
        let files = &self.manifest.files;
        let Some(emptied) = &files.emptied else {
            return;
        };
        for (&language, original) in &files.original {
            let path = files.starter_file(self.id(), language);
            let text = submission::read(&self.dir().join(original))
                .map_err(VariantError::from)
                .and_then(|text| {
                    empty(&text, emptied, language).map_err(|function| VariantError::NotEmptied {
                        original: original.clone(),
                        function,
                    })
                });
            variants.retain(|it| it.path != path);
            variants.push(Variant {
                part: Part::Starter,
                language,
                file: path.clone(),
                path,
                text,
            });
        }
        variants.sort_by(|a, b| a.path.cmp(&b.path));
    }

    /// The file of a starter that is made, if it isn't what it is made to be: students have the
    /// file.
    pub(crate) fn differing_starter(&self, variant: &Variant) -> Option<PathBuf> {
        let emptied = self.manifest.files.emptied.as_ref();
        if variant.part != Part::Starter || emptied.is_none() {
            return None;
        }
        let text = submission::read(&self.dir().join(&variant.file)).ok();
        (text.as_ref() != variant.text.as_ref().ok()).then(|| variant.file.clone())
    }
}

/// A starter: the marker, and the program with these functions emptied. The error is the name of a
/// function that isn't there, or has nothing in it.
fn empty(text: &str, emptied: &[String], language: Language) -> Result<String, String> {
    let lines: Vec<&str> = text.lines().collect();
    let functions = functions(&lines, language);
    let can_be = |name: &String| {
        let mut functions = functions.iter();
        functions.any(|it| it.name == *name && it.brace + 1 < it.lines.end)
    };
    if let Some(name) = emptied.iter().find(|name| !can_be(name)) {
        return Err(name.clone());
    }
    let mut new = format!("// {NOT_STARTED} — delete this line when you begin\n");
    let mut done = 0;
    let mut add = |lines: &[&str]| {
        for line in lines {
            new += line;
            new += "\n";
        }
    };
    for function in functions {
        let end = function.lines.end - 1;
        if !emptied.contains(&function.name) {
            continue;
        }
        add(&lines[done..=function.brace]);
        add(match (language, function.is_void) {
            (Language::C, true) => &["    /* Write this function. */"],
            (Language::C, false) => &["    /* Write this function. */", "    return 0;"],
            (Language::Predictions, _) => &[],
            (Language::Rust, _) => &["    todo!(\"write this function\")"],
        });
        done = end;
    }
    add(&lines[done..]);
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::empty;
    use crate::result::Language;

    #[test]
    fn functions_are_emptied() {
        let names = ["a".to_owned(), "b".to_owned()];
        let c = "/* A. */\nstatic int a(int b)\n{\n    return b;\n}\n\nstatic void b(void)\n{\n    a(1);\n}\n\nint main(void)\n{\n}\n";
        insta::assert_snapshot!(empty(c, &names, Language::C).expect("they are there"), @r"
        // siglab: not started — delete this line when you begin
        /* A. */
        static int a(int b)
        {
            /* Write this function. */
            return 0;
        }

        static void b(void)
        {
            /* Write this function. */
        }

        int main(void)
        {
        }
        ");
        let rust = "/// A.\nfn a() -> i32 {\n    1\n}\n";
        assert_eq!(empty(rust, &names, Language::Rust), Err("b".to_owned()));
        let emptied = empty(rust, &names[..1], Language::Rust).expect("it is there");
        insta::assert_snapshot!(emptied, @r#"
        // siglab: not started — delete this line when you begin
        /// A.
        fn a() -> i32 {
            todo!("write this function")
        }
        "#);
    }
}
