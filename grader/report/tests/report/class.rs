//! Sheets of learning platforms, filled in.

use siglab_report::class::{ClassError, ClassRow, Filled, canvas, moodle, summary};

const NOW: &str = "2026-11-22T08:30:00Z";

fn row(identifier: &str, name: &str, score: impl Into<Option<u32>>) -> ClassRow {
    ClassRow {
        identifier: identifier.into(),
        name: name.into(),
        score: score.into(),
        max_score: 10,
        feedback: "=7 of <10>\nnot full marks".into(),
    }
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
\"Hopper, Grace\",12,s2,grace,Lab 1,4,,,40
\"=cmd|x, Eve\",13,s3,eve,\"Lab 1 and Lab 2\",,12,,40
";

#[test]
fn canvas_gets_its_columns_back() {
    let rows = [
        row("ada@example.org", "", 7),
        row("12", "", 0),
        row("nobody", "", 1),
    ];
    let filled = canvas(EXPORT, "Terminator", &rows).expect("it fits");
    assert_eq!(
        filled,
        Filled {
            csv: "\
Student,ID,SIS User ID,SIS Login ID,Section,Terminator (81234)
    Points Possible,,,,,20
\"Lovelace, Ada\",11,s1,ada@example.org,Lab 1,14
\"Hopper, Grace\",12,s2,grace,Lab 1,0
\"=cmd|x, Eve\",13,s3,eve,Lab 1 and Lab 2,12
"
            .into(),
            not_in_sheet: vec!["nobody".into()],
            without_score: vec!["=cmd|x, Eve".into()],
        }
    );
    assert_eq!(fields(&filled.csv, b',')[2][0], "Lovelace, Ada");
}

#[test]
fn canvas_gets_a_new_assignment() {
    let rows = [row("s2", "", None), row("?", "Lovelace, Ada", 7)];
    let filled = canvas(EXPORT, "Signals", &rows).expect("it fits");
    let lines = fields(&filled.csv, b',');
    assert_eq!(lines[0][5], "Signals");
    assert_eq!(lines[1][5], "10");
    let column: Vec<_> = lines[2..].iter().map(|line| line[5].as_str()).collect();
    assert_eq!(column, ["7", "", ""]);
    assert_eq!(filled.without_score.len(), 2);
}

#[test]
fn canvas_is_not_guessed() {
    let rows = [row("ada@example.org", "", 7)];
    let refusal = |export: &str, rows: &[ClassRow]| {
        canvas(export, "Terminator", rows)
            .expect_err("it is refused")
            .to_string()
    };
    assert_eq!(
        refusal("Name,Points\nAda,7\n", &rows),
        "the sheet's columns can't be recognised: Canvas's exports have Student and an ID; \
         there are: Name, Points"
    );
    assert_eq!(
        refusal("Student,ID\n    Points Possible,\n", &rows),
        "the sheet has no students in it"
    );
    assert_eq!(
        refusal("Student,ID\nAda,1\nAda,2\n", &[row("Ada", "", 1)]),
        "`Ada` is not one student: 2 lines of the sheet have `Ada`"
    );
    assert_eq!(
        refusal("Student,ID\nAda,1\n", &[row("Ada", "", 1), row("1", "", 2)]),
        "`1` is not one student: `Ada` is the same line of the sheet"
    );
    let mut other = row("x", "", 1);
    other.max_score = 7;
    assert!(matches!(
        canvas(EXPORT, "Terminator", &[rows[0].clone(), other]),
        Err(ClassError::MaxScore(10, 7))
    ));
    assert!(matches!(
        canvas("Student,ID\nAda\n", "Terminator", &rows),
        Err(ClassError::NotCsv(_))
    ));
}

const ENGLISH: &str = "\
Identifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum Grade\",\"Grade can be changed\",\"Last modified (submission)\",\"Last modified (grade)\",\"Feedback comments\"
\"Participant 501\",\"Ada Lovelace\",ada@example.org,\"Submitted for grading\",,100.00,Yes,\"Sunday, 22 November 2026, 8:00 AM\",-,
\"Participant 502\",\"Grace Hopper\",grace@example.org,\"No submission\",50.00,100.00,Yes,-,-,old
";

#[test]
fn moodle_gets_its_worksheet_back() {
    let rows = [
        row("501", "Ada Lovelace", 7),
        row("?", "Grace Hopper", None),
    ];
    let filled = moodle(ENGLISH, &rows, NOW).expect("it fits");
    assert_eq!(filled.without_score, ["Participant 502"]);
    assert_eq!(filled.not_in_sheet, [""; 0]);
    let (before, after) = (fields(ENGLISH, b','), fields(&filled.csv, b','));
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
            NOW,
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
    let rows = [row("grace@example.org", "", 7), row("Ada Lovelace", "", 9)];
    for (sheet, delimiter, modified) in [(german, b';', 8), (japanese, b',', 8), (polish, b',', 9)]
    {
        let filled = moodle(sheet, &rows, NOW).unwrap_or_else(|error| panic!("{error}"));
        let (before, after) = (fields(sheet, delimiter), fields(&filled.csv, delimiter));
        assert_eq!(before[0], after[0], "the mark and the headings stay");
        let last = before[0].len() - 1;
        for (line, grade) in [(1, "9"), (2, "7")] {
            for at in 0..last {
                let expected = match at {
                    4 => grade,
                    at if at == modified => NOW,
                    at => before[line][at].as_str(),
                };
                assert_eq!(after[line][at], expected, "{:?}", before[0][at]);
            }
        }
    }
}

#[test]
fn moodle_decimals_are_the_sheets() {
    let sheet = ENGLISH
        .replace(",100.00,", ",\"5,00\",")
        .replace("50.00", "");
    let filled = moodle(&sheet, &[row("Participant 501", "", 7)], NOW).expect("it fits");
    assert_eq!(fields(&filled.csv, b',')[1][4], "3,5");
}

#[test]
fn moodle_is_not_guessed() {
    let rows = [row("501", "", 7)];
    let refusal = |sheet: &str| {
        moodle(sheet, &rows, NOW)
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

#[test]
fn a_class_on_a_page() {
    let mut eve = row("eve", "<b>Eve</b> | x", 10);
    eve.feedback = "[link](http://evil.example)".into();
    let rows = [
        row("ada", "Ada Lovelace", 7),
        row("grace", "Grace Hopper", None),
        eve,
    ];
    insta::assert_snapshot!("class-summary", summary("terminator, lab 1", &rows));
}
