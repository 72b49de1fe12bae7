//! A course's list of students, and who of them handed a submission in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use siglab_report::class::{MoodleWorksheet, Sheet, number_at_end};
use siglab_sandbox::regular;

use super::{Entry, Who};
use crate::error::ClassError;

/// Headers of columns that identify a student, in lower case, the one that results are
/// listed under first.
const ID_COLUMNS: [&str; 17] = [
    "sis user id",
    "student id",
    "student number",
    "id number",
    "sid",
    "id",
    "sis login id",
    "login id",
    "login",
    "username",
    "user name",
    "user",
    "github_username",
    "identifier",
    "email address",
    "email",
    "e-mail",
];
const NAME_COLUMNS: [&str; 4] = ["student", "name", "full name", "student name"];
const FIRST_NAME_COLUMNS: [&str; 3] = ["first name", "given name", "firstname"];
const LAST_NAME_COLUMNS: [&str; 5] = ["last name", "surname", "family name", "lastname", "last"];

/// A student.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Student {
    /// What the roster identifies the student by.
    pub id: String,
    /// The student's name; the id, if the roster has no names.
    pub name: String,
}

/// A course's list of students.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// In the order of the file.
    pub students: Vec<Student>,
    /// The line of the sheet for each of them.
    lines: Vec<usize>,
    /// Where it was read from.
    pub(crate) path: PathBuf,
    /// What was read.
    pub(crate) text: String,
    /// What a student can be found by, normalised; nothing if several have it.
    index: BTreeMap<String, Option<usize>>,
}

/// The columns of a roster.
struct Columns {
    ids: Vec<usize>,
    name: Option<usize>,
    first: Option<usize>,
    last: Option<usize>,
    /// The column of Moodle's identifiers, if it is a grading worksheet.
    participant: Option<usize>,
}

impl Columns {
    fn find(sheet: &Sheet) -> Self {
        let header = sheet.headings().iter();
        let header: Vec<String> = header.map(|it| it.trim().to_lowercase()).collect();
        let one_of = |names: &[&str]| {
            let mut found = names
                .iter()
                .filter_map(|name| header.iter().position(|it| it == name));
            found.next()
        };
        let mut columns = Self {
            ids: ID_COLUMNS
                .iter()
                .filter_map(|name| header.iter().position(|title| title == name))
                .collect(),
            name: one_of(&NAME_COLUMNS),
            first: one_of(&FIRST_NAME_COLUMNS),
            last: one_of(&LAST_NAME_COLUMNS),
            participant: None,
        };
        if let Ok(worksheet) = MoodleWorksheet::recognise(sheet) {
            columns.add_worksheet(&worksheet);
        }
        columns
    }

    /// Headings of a worksheet are in any language. What isn't a student's alone, such as
    /// the status of a submission, finds nobody.
    fn add_worksheet(&mut self, worksheet: &MoodleWorksheet) {
        self.participant = Some(worksheet.identifier());
        let known = |ids: &[usize], at| ids.contains(&at);
        for at in std::iter::once(worksheet.identifier()).chain(worksheet.others()) {
            if !known(&self.ids, at) && ![self.name, self.first, self.last].contains(&Some(at)) {
                self.ids.push(at);
            }
        }
        if self.name.is_none() && self.first.is_none() && self.last.is_none() {
            self.name = worksheet.name();
        }
    }
}

impl Roster {
    /// Reads a roster: a CSV file whose first row names the columns. At least one has to
    /// identify students (`ID`, `SIS User ID`, `Login`, `Username`, `Email`, `Identifier`
    /// and the like); `Name`, `Student`, or `First name` and `Last name` give names. The
    /// separator may be a comma, a semicolon or a tab.
    ///
    /// # Errors
    /// If the file can't be read, isn't such a table, or names nobody.
    pub fn load(path: &Path) -> Result<Self, ClassError> {
        let bytes =
            regular::read_named(path, regular::MOST_TEXT).map_err(|source| ClassError::Read {
                path: path.to_owned(),
                source,
            })?;
        let malformed = |why: String| ClassError::Roster {
            path: path.to_owned(),
            why,
        };
        let text = String::from_utf8(bytes)
            .map_err(|_| malformed("it is not UTF-8; save it as `CSV UTF-8`".into()))?;
        let mut roster = Self::parse(&text).map_err(malformed)?;
        roster.path = path.to_owned();
        Ok(roster)
    }

    /// As [`Self::load`], of a roster's text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let sheet = Sheet::read(text).map_err(|error| error.to_string())?;
        let columns = Columns::find(&sheet);
        if columns.ids.is_empty() && columns.name.is_none() {
            return Err(
                "no column identifies students; it needs one such as `ID`, `Username`, `Email` \
                 or `Name`"
                    .into(),
            );
        }
        let mut roster = Self::default();
        for (at, line) in sheet.lines().iter().enumerate() {
            roster.add(&columns, at, line);
        }
        if roster.students.is_empty() {
            return Err("it names nobody".into());
        }
        text.clone_into(&mut roster.text);
        Ok(roster)
    }

    fn add(&mut self, columns: &Columns, line: usize, cells: &[String]) {
        let cell = |column: Option<usize>| {
            let text = column.and_then(|column| cells.get(column));
            text.map(|text| text.trim()).filter(|text| !text.is_empty())
        };
        let (first, last) = (cell(columns.first), cell(columns.last));
        let whole = match (first, last) {
            (Some(first), Some(last)) => Some(format!("{first} {last}")),
            (one, other) => one.or(other).map(str::to_owned),
        };
        let name = cell(columns.name).map(str::to_owned).or(whole);
        let ids: Vec<&str> = columns
            .ids
            .iter()
            .filter_map(|it| cell(Some(*it)))
            .collect();
        let Some(id) = ids.first().copied().or(name.as_deref()) else {
            return;
        };
        // A row of Canvas's gradebook that is about points, not about a student.
        if name.as_deref() == Some("Points Possible") {
            return;
        }
        let at = self.students.len();
        let mut keys: BTreeSet<String> = ids.iter().map(|id| id_key(id)).collect();
        // Moodle's worksheets say `Participant 1234`, its folders 1234.
        let participant = cell(columns.participant).map(number_at_end);
        keys.extend(participant.map(id_key));
        for id in &ids {
            if let Some(number) = id.strip_prefix("Participant ") {
                keys.insert(id_key(number));
            }
            // Names of files are often an address's first part.
            if let Some((user, _)) = id.split_once('@') {
                keys.insert(id_key(user));
            }
        }
        if let Some(name) = &name {
            keys.extend(name_keys(name));
        }
        if let (Some(first), Some(last)) = (first, last) {
            keys.extend(name_keys(&format!("{last}, {first}")));
        }
        for key in keys {
            let entry = self.index.entry(key).or_insert(Some(at));
            if *entry != Some(at) {
                *entry = None;
            }
        }
        let name = name.as_deref().unwrap_or(id).to_owned();
        self.lines.push(line);
        self.students.push(Student {
            id: id.to_owned(),
            name,
        });
    }

    /// The student that handed something in; nothing if it can't be told. Numbers and
    /// addresses go before names.
    #[must_use]
    pub fn find(&self, who: &Who) -> Option<&Student> {
        let ids = who.ids.iter().map(|id| id_key(id));
        let as_ids = who.names.iter().map(|name| id_key(name));
        let names = who.names.iter().flat_map(|name| name_keys(name));
        ids.chain(as_ids)
            .chain(names)
            .find_map(|key| self.index.get(&key).copied().flatten())
            .map(|at| &self.students[at])
    }

    /// Each student with the line of the sheet, the first below the headings being 0.
    pub(crate) fn with_lines(&self) -> impl Iterator<Item = (&Student, usize)> {
        self.students.iter().zip(self.lines.iter().copied())
    }

    /// Makes sure that it is the roster of this class.
    ///
    /// # Errors
    /// If it knows nobody who handed in.
    pub(crate) fn check(&self, entries: &[Entry]) -> Result<(), ClassError> {
        if entries.iter().any(|entry| self.find(&entry.who).is_some()) {
            return Ok(());
        }
        Err(ClassError::RosterKnowsNobody {
            path: self.path.clone(),
            submissions: entries.len(),
            example: entries.first().map_or(String::new(), |it| it.name.clone()),
        })
    }
}

/// An identifier, in the form in which it is compared.
fn id_key(id: &str) -> String {
    format!("id {}", id.trim().to_lowercase())
}

/// A name, in the forms in which it is compared: letters and digits only, in the order
/// in which it is written and, for `Doe, Jane`, in the other as well.
fn name_keys(name: &str) -> Vec<String> {
    let key = |text: &str| {
        let letters = text.chars().filter(|c| c.is_alphanumeric());
        format!(
            "name {}",
            letters.flat_map(char::to_lowercase).collect::<String>()
        )
    };
    let mut keys = vec![key(name)];
    if let Some((last, first)) = name.split_once(',') {
        keys.push(key(&format!("{first}{last}")));
    } else if let Some((first, last)) = name.trim().rsplit_once(char::is_whitespace) {
        // Canvas names files after the last name.
        keys.push(key(&format!("{last}{first}")));
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::{Roster, Who};

    /// Whose id the roster gives for a name and ids.
    fn find(roster: &Roster, name: &str, ids: &[&str]) -> Option<String> {
        let who = Who {
            names: vec![name.to_owned()],
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            late: false,
        };
        roster.find(&who).map(|student| student.id.clone())
    }

    #[test]
    fn canvas_gradebooks_are_rosters() {
        let roster = Roster::parse(
            "\u{feff}Student,ID,SIS User ID,SIS Login ID,Section\n\
             \"    Points Possible\",,,,\n\
             \"Doe, Jane\",1234,u77,jdoe,A\n\
             \"O'Neil, Zoë\",1235,u78,zoneil,A\n",
        )
        .expect("it is one");
        assert_eq!(roster.students.len(), 2);
        assert_eq!(roster.students[1].name, "O'Neil, Zoë");
        for (name, ids, found) in [
            ("doejane", &["1234"] as &[&str], "u77"),
            ("doejane", &[], "u77"),
            ("Jane Doe", &[], "u77"),
            ("oneilzoë", &[], "u78"),
            ("JDOE", &[], "u77"),
            ("nobody", &["1235"], "u78"),
        ] {
            assert_eq!(find(&roster, name, ids).as_deref(), Some(found), "{name}");
        }
        assert_eq!(find(&roster, "nobody", &["9"]), None);
    }

    #[test]
    fn moodle_worksheets_are_rosters() {
        let roster = Roster::parse(
            "Identifier;First name;Surname;Email address\n\
             Participant 42;Ada;van Berg;ada@example.edu\n",
        )
        .expect("it is one");
        assert_eq!(roster.students[0].name, "Ada van Berg");
        for (name, ids) in [
            ("x", &["42"] as &[&str]),
            ("Ada van Berg", &[]),
            ("ada", &[]),
            ("vanbergada", &[]),
        ] {
            let found = find(&roster, name, ids);
            assert_eq!(found.as_deref(), Some("Participant 42"), "{name}");
        }
    }

    #[test]
    fn moodle_worksheets_are_rosters_in_any_language() {
        let roster = Roster::parse(
            "\u{feff}識別子,フルネーム,メールアドレス,ステータス,評点,最大評点,評定変更可,\
             最終更新日時 (提出),最終更新日時 (評定)\n\
             参加者501,Ada Lovelace,ada@example.org,提出済み,,10.00,Yes,-,-\n\
             参加者77,Grace Hopper,grace@example.org,提出済み,,10.00,Yes,-,-\n",
        )
        .expect("it is one");
        assert_eq!(roster.students[0].name, "Ada Lovelace");
        for (name, ids) in [
            ("x", &["77"] as &[&str]),
            ("Grace Hopper", &[]),
            ("GRACE@example.org", &[]),
        ] {
            let found = find(&roster, name, ids);
            assert_eq!(found.as_deref(), Some("参加者77"), "{name}");
        }
        assert_eq!(find(&roster, "提出済み", &[]), None);
    }

    #[test]
    fn two_students_of_one_name_are_not_guessed_at() {
        let roster = Roster::parse("ID,Name\n1,Jo Li\n2,Jo Li\n").expect("it is one");
        assert_eq!(find(&roster, "Jo Li", &[]), None);
        assert_eq!(find(&roster, "Jo Li", &["2"]).as_deref(), Some("2"));
    }

    #[test]
    fn other_tables_are_no_rosters() {
        for (text, said) in [
            ("", "no column identifies"),
            ("Colour,Size\nred,7\n", "no column identifies"),
            ("ID,Name\n", "names nobody"),
            ("ID,Name\n,\n", "names nobody"),
        ] {
            let error = Roster::parse(text).expect_err(text);
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
