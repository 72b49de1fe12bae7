//! Makes a class of submissions to the lab `terminator`: see `siglab_tests::class`.
//!
//! `make_class FOLDER SIZE [SEED]`

use std::path::PathBuf;
use std::process::ExitCode;

use siglab_tests::class;
use siglab_tests::random::Random;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args.get(at).and_then(|text| text.parse::<usize>().ok());
    let (Some(folder), Some(size)) = (args.first().map(PathBuf::from), number(1)) else {
        eprintln!("usage: make_class FOLDER SIZE [SEED]");
        return ExitCode::from(2);
    };
    if let Err(error) = std::fs::create_dir_all(&folder) {
        eprintln!("can't make {}: {error}", folder.display());
        return ExitCode::from(2);
    }
    class::make(
        &folder,
        size,
        &mut Random::new(number(2).unwrap_or(0) as u64),
    );
    ExitCode::SUCCESS
}
