//! Joining the results of several machines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use siglab_lab::Status;

use crate::error::ClassError;
use crate::folder::Folder;
use crate::grade::sum_up;
use crate::gradebook;
use crate::shard::Shard;
use crate::store::{STORE, Store};
use crate::summary::Summary;

/// Notes that the results of all parts must have in common.
const COMMON: [&str; 7] = ["lab", "lab files", "siglab", "c", "rust", "sandbox", "seed"];

/// Joins the results in `parts`, shards of one class or classes of one course, to those of
/// one class in `out`: the same, byte for byte, as if they had been graded together.
///
/// # Errors
/// If a part isn't complete, a shard is missing or given twice, or parts differ in lab,
/// version or roster, or have a submission of the same name that isn't the same; if
/// something can't be read or written.
pub fn merge(parts: &[PathBuf], out: &Path) -> Result<Summary, ClassError> {
    let stores: Vec<(&Path, Store)> = parts
        .iter()
        .map(|part| Ok((part.as_path(), Store::open(&part.join(STORE), false)?)))
        .collect::<Result<_, ClassError>>()?;
    for (part, store) in &stores {
        if store.note("complete")?.is_none() {
            return Err(ClassError::Merge(format!(
                "{} is not complete; grade it to its end first",
                part.display()
            )));
        }
    }
    agree(&stores)?;
    all_shards(&stores)?;
    let Some((_, first)) = stores.first() else {
        return Err(ClassError::Merge("nothing was named".into()));
    };
    refuse_other(out, first)?;
    let (folder, merged) = Folder::open(out)?;
    merged.transaction(|merged| {
        for name in COMMON {
            merged.set_note(name, first.note(name)?.as_deref())?;
        }
        merged.set_roster(&first.roster()?)?;
        merged.set_note(gradebook::NOTE, first.note(gradebook::NOTE)?.as_deref())?;
        for name in merged.names()? {
            merged.withdraw(&name)?;
        }
        stores
            .iter()
            .try_for_each(|(part, store)| copy(part, store, merged))
    })?;
    let mut names = BTreeSet::new();
    merged.read(|row, result| {
        names.insert(row.name.clone());
        folder.write_result(&row.name, result)
    })?;
    folder.remove_others(&|name| names.contains(name))?;
    let summary = sum_up(&folder, &merged, None)?;
    folder.sync()?;
    merged.set_note("complete", Some("yes"))?;
    Ok(summary)
}

/// What was there may be replaced if it is of the same lab, and of a whole class.
fn refuse_other(out: &Path, first: &Store) -> Result<(), ClassError> {
    let path = out.join(STORE);
    if !path.exists() {
        return Ok(());
    }
    let theirs = Store::open(&path, false)?;
    let (lab, shard) = (theirs.note("lab")?, theirs.note("shard")?);
    if lab.is_some() && (lab != first.note("lab")? || shard.is_some()) {
        return Err(ClassError::Other {
            out: out.to_owned(),
            theirs: format!(
                "lab {}{}",
                lab.unwrap_or_default(),
                shard.map_or(String::new(), |it| format!(", shard {it}"))
            ),
            ours: format!("lab {}", first.note("lab")?.unwrap_or_default()),
        });
    }
    Ok(())
}

fn copy(part: &Path, store: &Store, merged: &Store) -> Result<(), ClassError> {
    store.read(|row, result| {
        if let Some(other) = merged.row(&row.name)?
            && other != *row
        {
            return Err(ClassError::Merge(format!(
                "`{}` in {} is not the one of that name in another part",
                row.name,
                part.display()
            )));
        }
        // A result that another part has as well is the same: it has the same key.
        if merged
            .status(&row.key)?
            .is_none_or(|status| status == Status::InternalError)
        {
            merged.keep(&row.key, result)?;
        }
        merged.assign(row)
    })
}

/// Makes sure that all parts are results of the same thing.
fn agree(stores: &[(&Path, Store)]) -> Result<(), ClassError> {
    let Some(((first_part, first), others)) = stores.split_first() else {
        return Ok(());
    };
    for (part, store) in others {
        let differs = |what: &str| {
            ClassError::Merge(format!(
                "{} and {} differ in {what}",
                first_part.display(),
                part.display()
            ))
        };
        for name in COMMON {
            let (one, other) = (first.note(name)?, store.note(name)?);
            if one != other {
                let what = match name {
                    "lab" => "the lab",
                    "lab files" => "the lab's version",
                    "siglab" => "siglab's version",
                    "sandbox" => "the layers of the sandbox",
                    "seed" => "the seed (--seed)",
                    _ => "the compiler's version",
                };
                return Err(differs(what));
            }
        }
        if first.roster()? != store.roster()? {
            return Err(differs("the roster"));
        }
        if first.note(gradebook::NOTE)? != store.note(gradebook::NOTE)? {
            return Err(differs("what --roster and --gradebook were"));
        }
    }
    Ok(())
}

/// Makes sure that shards are of one division, each once and none missing.
fn all_shards(stores: &[(&Path, Store)]) -> Result<(), ClassError> {
    let mut shards: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for (part, store) in stores {
        let Some(text) = store.note("shard")? else {
            continue;
        };
        let shard: Shard = text.parse().map_err(ClassError::Merge)?;
        if !shards.entry(shard.of()).or_default().insert(shard.number()) {
            return Err(ClassError::Merge(format!(
                "shard {shard} is there twice, the second time in {}",
                part.display()
            )));
        }
    }
    let mut divisions = shards.into_iter();
    let Some((of, numbers)) = divisions.next() else {
        return Ok(());
    };
    if let Some((other, _)) = divisions.next() {
        return Err(ClassError::Merge(format!(
            "some shards are of {of}, and some of {other}"
        )));
    }
    let missing: Vec<String> = (1..=of)
        .filter(|number| !numbers.contains(number))
        .map(|number| format!("{number}/{of}"))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(ClassError::Merge(format!(
            "shards are missing: {}",
            missing.join(", ")
        )))
    }
}
