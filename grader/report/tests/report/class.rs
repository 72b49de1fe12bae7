//! Sheets of learning platforms, filled in.

use std::collections::BTreeSet;

use siglab_lab::Graded;
use siglab_report::class::{
    CanvasExport, MoodleWorksheet, Score, Scores, Sheet, SheetError, assignment_name, feedback,
    number_at_end,
};

use crate::cases::{self, SECRETS};
use crate::results::mixed;

fn sheet(text: &str) -> Sheet {
    Sheet::read(text).expect("it is CSV")
}

/// Points of ten, by line.
fn scores(points: &[(usize, u32)]) -> Scores {
    let score = |points| Score {
        points,
        max_points: 10,
        feedback: "=7 of <10>\nnot full marks".into(),
    };
    points.iter().map(|(at, it)| (*at, score(*it))).collect()
}

/// The fields of each line, as the csv crate reads them.
fn fields(text: &str, delimiter: u8) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let lines = reader.records();
    lines
        .map(|line| line.expect("CSV").iter().map(str::to_owned).collect())
        .collect()
}

const EXPORT: &str = "\
Student,ID,SIS User ID,SIS Login ID,Section,Warm-up (77),Terminator (81234),Terminator 2 (9),Current Score
,,,,,Manual Posting,,,(read only)
    Points Possible,,,,,5,20,10,(read only)
\"Lovelace, Ada\",11,s1,ada@example.org,Lab 1,5,3,,40
\"Hopper, Grace\",12,s2,grace,Lab 1,4
\"=cmd|x, Eve\",13,s3,eve,\"Lab 1 and Lab 2\",,12,,40
";

#[test]
fn canvas_gets_its_columns_back() {
    let export = CanvasExport::recognise(&sheet(EXPORT)).expect("it is one");
    assert_eq!(
        export.assignments(),
        ["Warm-up (77)", "Terminator (81234)", "Terminator 2 (9)"]
    );
    let filled = export.fill(&[("Terminator (81234)", &scores(&[(2, 7), (3, 0)]))]);
    assert_eq!(
        filled.expect("it fits"),
        "\
Student,ID,SIS User ID,SIS Login ID,Section,Terminator (81234)
    Points Possible,,,,,20
\"Lovelace, Ada\",11,s1,ada@example.org,Lab 1,14
\"Hopper, Grace\",12,s2,grace,Lab 1,0
\"=cmd|x, Eve\",13,s3,eve,Lab 1 and Lab 2,12
"
    );
    for other in ["Terminator", "Current Score", "ID", ""] {
        let error = export.fill(&[(other, &scores(&[]))]).expect_err(other);
        assert!(matches!(error, SheetError::Column { .. }), "{error}");
    }
}

#[test]
fn canvas_writes_in_other_countries() {
    let text = "\u{feff}Student;ID;Section;Terminator (1)\n\
                \"    Points Possible\";;;5,00\n\
                Ünal, Zoë;1;Übung;\n";
    let export = CanvasExport::recognise(&sheet(text)).expect("it is one");
    let filled = export
        .fill(&[("Terminator (1)", &scores(&[(1, 7)]))])
        .expect("it fits");
    assert_eq!(
        filled,
        "\u{feff}Student;ID;Section;Terminator (1)\n    Points Possible;;;5,00\n\
         Ünal, Zoë;1;Übung;3,5\n"
    );
}

#[test]
fn assignments_have_numbers() {
    for (heading, name) in [
        ("Terminator (81234)", "Terminator"),
        (" Lab 1 (signals) (7) ", "Lab 1 (signals)"),
        ("Lab 1 (signals)", "Lab 1 (signals)"),
        ("Lab ()", "Lab ()"),
        ("(7)", ""),
    ] {
        assert_eq!(assignment_name(heading), name);
    }
}

#[test]
fn canvas_is_not_guessed() {
    for (text, said) in [
        (
            "Name,Points\nAda,7\n",
            "Canvas's exports have `Student`; its columns are: Name, Points",
        ),
        (
            "Student,ID\nAda,7\n",
            "Canvas's exports have `Section`; its columns are: Student, ID",
        ),
        (
            "Student,ID,Section\nAda,7,\n",
            "Canvas's exports have a line `Points Possible`; its columns are: Student, ID, Section",
        ),
        (
            "Student,ID,Section\nPoints Possible\n",
            "the sheet has no students in it",
        ),
        (
            "Student,ID,Section\nPoints Possible\nLovelace, Ada, 7, A\n",
            "line 3 of the sheet has more cells than there are headings",
        ),
    ] {
        let error = CanvasExport::recognise(&sheet(text)).expect_err(text);
        assert_eq!(error.to_string(), said);
    }
}

const ENGLISH: &str = "\
Identifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum Grade\",\"Grade can be changed\",\"Last modified (submission)\",\"Last modified (grade)\",\"Feedback comments\"
\"Participant 501\",\"Ada Lovelace\",ada@example.org,\"Submitted for grading\",,100.00,Yes,\"Sunday, 22 November 2026, 8:00 AM\",-,
\"Participant 502\",\"Grace Hopper\",grace@example.org,\"No submission\",50.00,100.00,Yes,-,-,old
";

#[test]
fn moodle_gets_its_worksheet_back() {
    let worksheet = MoodleWorksheet::recognise(&sheet(ENGLISH)).expect("it is one");
    assert_eq!((worksheet.identifier(), worksheet.name()), (0, Some(1)));
    assert_eq!(worksheet.others().collect::<Vec<_>>(), [2, 3]);
    let filled = worksheet.fill(&scores(&[(0, 7)])).expect("it fits");
    let (before, after) = (fields(ENGLISH, b','), fields(&filled, b','));
    assert_eq!(before[0], after[0]);
    assert_eq!(before[2], after[2]);
    assert_eq!(after[1][..4], before[1][..4]);
    assert_eq!(
        after[1][4..],
        [
            "70",
            "100.00",
            "Yes",
            "Sunday, 22 November 2026, 8:00 AM",
            "-",
            "&#8203;=7 of &lt;10&gt;<br>not full marks",
        ]
    );
}

/// As Moodle writes them in other languages: by column, not by word.
#[test]
fn moodle_speaks_other_languages() {
    let german = "\u{feff}\
ID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung;Bewertung kann geändert werden;Zuletzt geändert (Abgabe);Zuletzt geändert (Bewertung);Feedback als Kommentar
Teilnehmer/in 501;Ada Lovelace;ada@example.org;Zur Bewertung abgegeben;;10,00;Ja;Sonntag, 22. November 2026, 08:00;-;
Teilnehmer/in 77;Grace Hopper;grace@example.org;Keine Abgabe;10,00;10,00;Ja;-;-;
";
    let japanese = "\
識別子,フルネーム,メールアドレス,ステータス,評点,最大評点,評定変更可,最終更新日時 (提出),最終更新日時 (評定),フィードバックコメント
参加者501,Ada Lovelace,ada@example.org,評定のために提出済み,3.00,10.00,Yes,2026年 11月 22日(日曜日) 08:00,-,
参加者77,Grace Hopper,grace@example.org,未提出,,10.00,Yes,-,-,
";
    let polish = "\
Identyfikator,Nazwa,Adres e-mail,Status,Ocena,Najwyższa ocena,Ocena może być zmieniona,Ostatnio modyfikowane (zadanie),Tekst online,Ostatnio modyfikowane (ocena),Komentarz
Uczestnik 501,Ada Lovelace,ada@example.org,Przesłane,,10.00,Tak,niedziela 22 listopad 2026 08:00,-,-,
Uczestnik 77,Grace Hopper,grace@example.org,Nie przesłano,,10.00,Tak,-,-,-,
";
    for (text, delimiter) in [(german, b';'), (japanese, b','), (polish, b',')] {
        let worksheet =
            MoodleWorksheet::recognise(&sheet(text)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((worksheet.identifier(), worksheet.name()), (0, Some(1)));
        let filled = worksheet.fill(&scores(&[(0, 9), (1, 7)])).expect("it fits");
        let (before, after) = (fields(text, delimiter), fields(&filled, delimiter));
        assert_eq!(before[0], after[0], "the mark and the headings stay");
        let last = before[0].len() - 1;
        for (line, grade) in [(1, "9"), (2, "7")] {
            for at in 0..last {
                let expected = if at == 4 {
                    grade
                } else {
                    before[line][at].as_str()
                };
                assert_eq!(after[line][at], expected, "{:?}", before[0][at]);
            }
            assert!(after[line][last].ends_with("not full marks"));
        }
    }
}

#[test]
fn anonymous_worksheets_have_no_names() {
    let text = "Identifier,Status,Grade,\"Maximum Grade\",\"Last modified (grade)\"\n\
                \"Participant 7\",Draft,,10,-\n";
    let worksheet = MoodleWorksheet::recognise(&sheet(text)).expect("it is one");
    assert_eq!(worksheet.name(), None);
    assert_eq!(worksheet.others().collect::<Vec<_>>(), [1]);
    for (text, number) in [("Participant 7", "7"), ("参加者501", "501"), ("x", "")] {
        assert_eq!(number_at_end(text), number);
    }
}

#[test]
fn moodle_decimals_are_the_sheets() {
    let text = ENGLISH
        .replace(",100.00,", ",\"5,00\",")
        .replace("50.00", "");
    let worksheet = MoodleWorksheet::recognise(&sheet(&text)).expect("it is one");
    let filled = worksheet.fill(&scores(&[(0, 7)])).expect("it fits");
    assert_eq!(fields(&filled, b',')[1][4], "3,5");
}

#[test]
fn moodle_is_not_guessed() {
    let refusal = |text: &str| {
        MoodleWorksheet::recognise(&sheet(text))
            .expect_err("it is refused")
            .to_string()
    };
    let headings = ENGLISH.lines().next().expect("headings");
    assert_eq!(
        refusal(&format!("{headings}\n")),
        "the sheet has no students in it"
    );
    for (sheet, what) in [
        (
            "A,B,C\n1,,3\n",
            "no column before the grade holds a word and a number for each student",
        ),
        (
            "A,B,C,D,E\nP 1,x,,y,-\nP 2,x,,y,-\n",
            "no one column holds the highest grade, with the grade before it",
        ),
        (
            "A,B,C,D\nP 1,,10,yes\nP 2,,10,no\n",
            "no one column says when the grade was last modified",
        ),
        (
            "Last modified (grade),Identifier,Grade,Maximum grade\n-,P 1,,10\n",
            "they aren't in Moodle's order",
        ),
    ] {
        let said = refusal(sheet);
        assert!(said.contains(what), "{said}");
    }
}

/// What a student is told of a result, when nothing else of its runs is known than which
/// scenarios are hidden.
fn told(graded: &Graded) -> String {
    let shown = graded.runs.iter().filter(|run| !run.hidden);
    feedback(&graded.result, &shown.map(|run| run.id.clone()).collect())
}

#[test]
fn feedback_keeps_hidden_scenarios_hidden() {
    let text = told(&cases::hidden());
    assert!(text.contains("a scenario whose steps"), "{text}");
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    // What nothing is known of could be hidden.
    let wrong = mixed();
    let unknown = feedback(&wrong.result, &BTreeSet::new());
    assert!(unknown.contains("a scenario whose steps"), "{unknown}");
    assert!(told(&wrong).len() > unknown.len(), "{}", told(&wrong));
}

#[test]
fn feedback_is_bounded_and_visible() {
    for (name, graded) in cases::all() {
        let text = told(&graded);
        let strange = text
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || matches!(*c, '\u{202e}' | '\u{feff}'));
        assert_eq!(strange, None, "{name}");
        assert!(text.len() < 40_000, "{name}: {}", text.len());
    }
    assert_eq!(
        told(&cases::refused()),
        "terminator: 0 of 3 points, refused\n\
         the submission was refused: terminator.c is larger than 1 MiB (104857600 bytes); is \
         that a source file?"
    );
    assert_eq!(
        told(&cases::compile_error()).lines().next_back(),
        Some("exercises/terminator/starter/terminator.c:12:5: error: 'n' undeclared")
    );
    insta::assert_snapshot!(told(&mixed()), @r"
    terminator (c): 1 of 17 points, not full marks; 1 piece of advice
    double-sigint-kills: a second SIGINT within 1 s kills the child: the parent sent SIGTERM instead of SIGKILL to the child at 1.200s, after its second SIGINT of the run, which came 0.700s after the first
    look at: signal(7): which signal can a program not catch? kill(2) sends it.
    again: the same scenario: at 0.500s: no
    look at: look \x1b[31mhere
    secret: a hidden one: it doesn't hold in a scenario whose steps aren't shown
    broken: one that could not run: siglab could not run it
    look at: -
    advice: note: only informs: it lost signals
    look at: signal(7)
    ");
}
