//! What is composed, and what is said of what can't be.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{Part, Variant, header};
use crate::lab::Lab;
use crate::result::Language;

/// A program that others differ from.
const BASE: &str = "\
/* How it is solved. */
#include <stdio.h>

/* Says A. */
static void a(void)
{
    puts(\"a\");
    puts(\"end\");
}

static void b(void)
{
    puts(\"b\");
    puts(\"end\");
}

int main(void)
{
    a();
    b();
}
";

/// A lab with these files.
fn lab(files: &[(&str, &str)]) -> (TempDir, Lab) {
    let dir = TempDir::new().expect("there is room");
    let folder = dir.path().join("mini");
    let manifest = "\
id = \"mini\"
title = \"Mini\"
criterion = [{ id = \"builds\", title = \"It compiles\", points = 1, kind = \"builds\" }]
scenario = [{ id = \"run\" }]
[files]
original = { c = \"../handed_out.c\" }
";
    let usual = [
        ("lab.toml", manifest),
        (
            "../handed_out.c",
            "/* It is handed out. */\nint main(void)\n{\n}\n",
        ),
        ("solution/mini.c", BASE),
    ];
    for (path, text) in usual.iter().chain(files) {
        let path = folder.join(path);
        let parent = path.parent().expect("it is in a folder");
        fs::create_dir_all(parent.parent().expect("it has one")).expect("there is room");
        fs::create_dir_all(parent).expect("there is room");
        fs::write(path, text).expect("there is room");
    }
    let lab = Lab::load(&folder).unwrap_or_else(|error| panic!("{error}"));
    (dir, lab)
}

/// What `wrong/x.c.ENDING` with this text gives, with `{files}` beside it.
fn composed(ending: &str, text: &str, files: &[(&str, &str)]) -> String {
    let file = format!("wrong/x.c{ending}");
    let (_dir, lab) = lab(&[files, &[(&file, text)]].concat());
    let variants = lab.variants().expect("folders can be read");
    let variant = variants.iter().find(|it| it.file == Path::new(&file));
    let variant = variant.expect("it is there");
    assert_eq!(variant.path, Path::new("wrong/x.c"));
    match &variant.text {
        Ok(text) => text.clone(),
        Err(error) => format!("error: {error}"),
    }
}

/// A patch of the solution.
fn patched(hunks: &str) -> String {
    let header = "// siglab-wrong: fails = builds\n// siglab-wrong: because = So.\n";
    composed(
        ".patch",
        &format!("{header}// siglab-wrong: base = solution/mini.c\n{hunks}"),
        &[],
    )
}

#[test]
fn headers_are_at_the_top() {
    let source = format!("{}// siglab-wrong: fails = a\n", "\n".repeat(10));
    assert_eq!(header(&source, "fails"), None);
    assert_eq!(header(&source[1..], "fails"), Some("a"));
}

#[test]
fn hunks_are_applied_wherever_they_fit() {
    // Numbers don't matter, and an empty line needs no blank.
    let hunks = "--- a\n+++ b\n@@ -100,2 +3 @@\n #include <stdio.h>\n+#include <stdlib.h>\n\n\
                 @@ static void b(void)\n     puts(\"b\");\n-    puts(\"end\");\n\\ No newline at end of file\n\n";
    insta::assert_snapshot!(patched(hunks), @r#"
    // siglab-wrong: fails = builds
    // siglab-wrong: because = So.

    #include <stdio.h>
    #include <stdlib.h>

    /* Says A. */
    static void a(void)
    {
        puts("a");
        puts("end");
    }

    static void b(void)
    {
        puts("b");
    }

    int main(void)
    {
        a();
        b();
    }
    "#);
}

#[test]
fn hunks_that_do_not_fit_say_what_was_expected() {
    let cases = [
        (
            "@@\n     puts(\"b\");\n-    puts(\"endd\");\n+    puts(\"c\");\n",
            "differs",
        ),
        ("@@\n-    puts(\"c\");\n", "nowhere"),
        ("@@\n-    puts(\"end\");\n", "several places"),
        ("@@ static void c(void)\n-    puts(\"b\");\n", "no heading"),
        (
            "@@\n-    puts(\"b\");\n@@\n-    puts(\"a\");\n",
            "in the wrong order",
        ),
        ("@@\n     b();\n }\n+\n-int c;\n", "past the end"),
        ("@@\n+    puts(\"b\");\n", "no place"),
        ("@@\n     puts(\"b\");\n", "no change"),
        ("@@\n     puts(\"b\");\nputs(\"c\");\n", "stray"),
        ("puts\n", "no hunk"),
    ];
    let said = cases.map(|(hunks, name)| format!("{name}\n{}\n", patched(hunks)));
    insta::assert_snapshot!(said.join("\n"), @r#"
    differs
    error: wrong/x.c.patch:4: hunk 1 no longer fits solution/mini.c
      expected:       puts("endd");
      line 14 is:     puts("end");
    write the lines of the hunk that begin with ` ` and `-` as they are in the base

    nowhere
    error: wrong/x.c.patch:4: hunk 1 no longer fits solution/mini.c, which has none of its lines
      expected:     puts("c");
    write the lines of the hunk that begin with ` ` and `-` as they are in the base

    several places
    error: wrong/x.c.patch:4: hunk 1 fits solution/mini.c in several places, at its lines 8, 14; give it more lines of the base, or write after `@@` a line that it comes after

    no heading
    error: wrong/x.c.patch:4: hunk 1 no longer fits solution/mini.c: after the hunks before, nothing there begins with
      static void c(void)
    write after `@@` what it begins with now, or nothing

    in the wrong order
    error: wrong/x.c.patch:6: hunk 2 no longer fits solution/mini.c, which has none of its lines
      expected:     puts("a");
    write the lines of the hunk that begin with ` ` and `-` as they are in the base

    past the end
    error: wrong/x.c.patch:4: hunk 1 no longer fits solution/mini.c
      expected: int c;
      it ends:  
    write the lines of the hunk that begin with ` ` and `-` as they are in the base

    no place
    error: wrong/x.c.patch:4: hunk 1 has no line of solution/mini.c; give it one or two before and after what it adds

    no change
    error: wrong/x.c.patch:4: hunk 1 takes nothing out and adds nothing

    stray
    error: wrong/x.c.patch:6: hunk 1 has a line that begins with none of ` `, `-` and `+`:
      puts("c");

    no hunk
    error: wrong/x.c.patch: there is no hunk; each begins with a line `@@`
    "#);
}

#[test]
fn functions_take_the_place_of_others() {
    let text = "// siglab-wrong: because = So.\n// siglab-wrong: base = solution/mini.c\n\n\
                #include <stdlib.h>\n\n/* Says C. */\nstatic void c(void)\n{\n}\n\n\
                static void b(void)\n{\n    c();\n}\n\nstatic int d;\n";
    insta::assert_snapshot!(composed(".part", text, &[]), @r#"
    // siglab-wrong: because = So.

    #include <stdio.h>

    /* Says A. */
    static void a(void)
    {
        puts("a");
        puts("end");
    }

    #include <stdlib.h>

    /* Says C. */
    static void c(void)
    {
    }

    static void b(void)
    {
        c();
    }

    static int d;

    int main(void)
    {
        a();
        b();
    }
    "#);
}

#[test]
fn functions_that_are_not_there_say_so() {
    let part = |text: &str| {
        let text = format!("// siglab-wrong: base = solution/mini.c\n\n{text}");
        composed(".part", &text, &[])
    };
    let cases = [
        "static int c;\n",
        "static void bb(void)\n{\n}\n",
        "static void b(void)\n{\n}\n\nstatic void a(void)\n{\n}\n",
    ];
    insta::assert_snapshot!(cases.map(part).join("\n"), @r"
    error: wrong/x.c.part: there is no function; each begins in the first column, and so does the brace that closes it
    error: wrong/x.c.part: solution/mini.c has none of the functions bb; did you mean `b`?
    error: wrong/x.c.part: `a` comes before others in solution/mini.c; write the functions in the base's order
    ");
}

/// A variant isn't a way to have other files read and shown.
#[test]
fn bases_are_in_the_labs_folder() {
    let of = |base: &str| {
        let text = format!("// siglab-wrong: base = {base}\n@@\n }}\n+int x;\n");
        composed(
            ".patch",
            &text,
            &[
                ("../other.c", "}\n"),
                ("solution/mini.rs", "fn main() {}\n"),
            ],
        )
    };
    let cases = [
        "original",
        "../other.c",
        "solution/../../other.c",
        "/etc/passwd",
        "solution/minni.c",
        "nowhere/mini.c",
        "solution/mini.rs",
        "wrong/x.c",
    ];
    let said = cases.map(|base| format!("{base}\n{}\n", of(base)));
    insta::assert_snapshot!(said.join("\n"), @r"
    original
    int main(void)
    {
    }
    int x;


    ../other.c
    error: wrong/x.c.patch: the base `../other.c` isn't in the lab's folder; name a file in it, or `original` for the program that was handed out

    solution/../../other.c
    error: wrong/x.c.patch: the base `solution/../../other.c` isn't in the lab's folder; name a file in it, or `original` for the program that was handed out

    /etc/passwd
    error: wrong/x.c.patch: the base `/etc/passwd` isn't in the lab's folder; name a file in it, or `original` for the program that was handed out

    solution/minni.c
    error: wrong/x.c.patch: there is no base `solution/minni.c`; did you mean `solution/mini.c`?

    nowhere/mini.c
    error: wrong/x.c.patch: there is no base `nowhere/mini.c`

    solution/mini.rs
    error: wrong/x.c.patch: the base `solution/mini.rs` isn't written in c

    wrong/x.c
    error: wrong/x.c.patch: `wrong/x.c` is built on too many others, or on itself; take a whole program as the base
    ");
    let none = composed(".patch", "@@\n }\n+int x;\n", &[]);
    insta::assert_snapshot!(none, @r"
    error: wrong/x.c.patch: the header lacks `// siglab-wrong: base = ...`; name the program that this differs from, such as `solution/NAME.c`, or `original` for the one that was handed out
    ");
}

#[test]
fn links_out_of_the_folder_are_no_bases() {
    let text = "// siglab-wrong: base = solution/link.c\n@@\n }\n+int x;\n";
    let (_dir, lab) = lab(&[("../other.c", "}\n"), ("wrong/x.c.patch", text)]);
    std::os::unix::fs::symlink("../../other.c", lab.dir().join("solution/link.c")).expect("a link");
    let variants = lab.variants().expect("folders can be read");
    let found = Variant::find(&variants, "mini", "x", None).expect("there is one");
    let error = found.text.as_ref().expect_err("it is somewhere else");
    assert!(
        error.to_string().contains("isn't in the lab's folder"),
        "{error}"
    );
}

/// A base may be composed itself; what it says of itself isn't said of what is built on it.
#[test]
fn bases_may_have_bases() {
    let below = "// siglab-wrong: fails = builds\n// siglab-wrong: because = Below.\n\
                 // siglab-wrong: base = solution/mini.c\n@@ int main(void)\n-    b();\n";
    let text = "// siglab-wrong: because = So.\n// siglab-wrong: base = wrong/below.c\n\
                @@ int main(void)\n-    a();\n";
    let composed = composed(".patch", text, &[("wrong/below.c.patch", below)]);
    assert!(
        composed.starts_with("// siglab-wrong: because = So.\n\n#include"),
        "{composed}"
    );
    assert!(composed.ends_with("int main(void)\n{\n}\n"), "{composed}");
}

#[test]
fn programs_are_found_by_name() {
    let patch = "// siglab-wrong: base = solution/mini.c\n@@\n-    b();\n";
    let (_dir, lab) = lab(&[
        ("starter/mini.c", "int main(void) { }\n"),
        ("solution/mini.rs", "fn main() { }\n"),
        ("solution/no_program.txt", "x"),
        ("wrong/says_a.c.patch", patch),
        ("wrong/twice.c", "int main(void) { }\n"),
        ("wrong/twice.c.patch", patch),
    ]);
    let variants = lab.variants().expect("folders can be read");
    let find = |name: &str, language| {
        let found = Variant::find(&variants, "mini", name, language);
        found.map_or_else(
            |error| error.to_string(),
            |it| it.file.display().to_string(),
        )
    };
    let cases = [
        ("says_a", None),
        ("says_a.c", None),
        ("wrong/says_a.c", None),
        ("wrong/says_a.c.patch", None),
        ("says_a", Some(Language::Rust)),
        ("says_b", None),
        ("says_b.c.patch", None),
        ("something else", None),
        ("mini", None),
        ("mini", Some(Language::Rust)),
        ("solution/mini", Some(Language::C)),
        ("starter", None),
        ("twice", None),
    ];
    let said = cases.map(|(name, language)| format!("{name}: {}", find(name, language)));
    insta::assert_snapshot!(said.join("\n"), @r"
    says_a: wrong/says_a.c.patch
    says_a.c: wrong/says_a.c.patch
    wrong/says_a.c: wrong/says_a.c.patch
    wrong/says_a.c.patch: wrong/says_a.c.patch
    says_a: no program `says_a` in the lab `mini`; there are: mini
    says_b: no program `says_b` in the lab `mini`; did you mean `says_a`?
    says_b.c.patch: no program `says_b.c.patch` in the lab `mini`; did you mean `says_a`?
    something else: no program `something else` in the lab `mini`; there are: mini, says_a, twice
    mini: `mini` could be starter/mini.c or solution/mini.c or solution/mini.rs; write which
    mini: solution/mini.rs
    solution/mini: solution/mini.c
    starter: starter/mini.c
    twice: `twice` could be wrong/twice.c or wrong/twice.c.patch; write which
    ");
    let twice = variants.iter().filter_map(|it| it.text.as_ref().err());
    let twice: Vec<String> = twice.map(ToString::to_string).collect();
    assert_eq!(
        twice,
        ["wrong/twice.c and wrong/twice.c.patch give the same program; remove one"]
    );
    let parts: Vec<Part> = variants.iter().map(|it| it.part).collect();
    let is_sorted = parts.is_sorted_by_key(|it| *it as u8);
    assert!(is_sorted, "{parts:?}");
}

/// Students have the starter as a file; it is what it is made to be.
#[test]
fn made_starters_are_the_files() {
    let manifest = "\
id = \"mini\"
title = \"Mini\"
criterion = [{ id = \"builds\", title = \"It compiles\", points = 1, kind = \"builds\" }]
scenario = [{ id = \"run\" }]
[files]
original = { c = \"../handed_out.c\" }
emptied = [\"main\"]
";
    let original = "int main(void)\n{\n    return 1;\n}\n";
    let (_dir, lab) = lab(&[
        ("lab.toml", manifest),
        ("../handed_out.c", original),
        ("starter/mini.c", "int main(void)\n{\n}\n"),
    ]);
    let variants = lab.variants().expect("folders can be read");
    let starter = Variant::find(&variants, "mini", "starter", None).expect("there is one");
    assert_eq!(starter.part, Part::Starter);
    let text = starter.text.as_ref().expect("it can be made");
    insta::assert_snapshot!(text, @r"
    // siglab: not started — delete this line when you begin
    int main(void)
    {
        /* Write this function. */
        return 0;
    }
    ");
    let differs = || lab.differing_starter(starter);
    assert_eq!(differs(), Some(starter.file.clone()));
    fs::write(lab.dir().join("starter/mini.c"), text).expect("there is room");
    assert_eq!(differs(), None);
}

/// The lab that is there: each of its programs can be had, and its starters are what they are made
/// to be.
#[test]
fn the_programs_of_terminator_can_be_composed() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../exercises/terminator");
    let lab = Lab::load(Path::new(dir)).unwrap_or_else(|error| panic!("{error}"));
    let variants = lab.variants().expect("folders can be read");
    assert!(variants.len() > 80, "{}", variants.len());
    for variant in &variants {
        if let Err(error) = &variant.text {
            panic!("{error}");
        }
        assert_eq!(lab.differing_starter(variant), None);
        assert!(variant.purpose().is_some_and(|it| !it.is_empty()));
    }
}
