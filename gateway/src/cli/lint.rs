//! `forebay lint`: contracts with their schemas, samples and conventions, for CI. Reads files, holds them to the rules
//! of `forebay_schemas::lint`, and to an earlier version if one is named. Offline, unless that version is in a registry.

mod report;
mod conventions;
mod against;
mod git;
mod registry;
mod human;
mod json;
mod sarif;
mod markdown;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use forebay_schemas::contract::{self, Compiled};
use forebay_schemas::lint;
use forebay_schemas::pii::{HashKey, MIN_KEY_LENGTH};
use forebay_schemas::problem::Problem;

use self::against::Place;
use self::conventions::Standard;
use self::report::Report;
use super::{Exit, terminal};
use crate::catalog::folder;

/// Where conventions are looked for unless they are named.
const CONVENTIONS: &str = "policies/conventions";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folders of contracts, one folder a topic.
    #[arg(value_name = "DIR", default_value = "schemas/catalog")]
    dirs: Vec<PathBuf>,
    /// The organisation's conventions [default: policies/conventions, if it is there].
    #[arg(long, value_name = "DIR")]
    conventions: Option<PathBuf>,
    /// An earlier version, whose readers must go on working: a git revision, `dir:PATH` or `registry:URL`.
    #[arg(long, value_name = "PLACE", value_parser = Place::parse)]
    against: Option<Place>,
    #[command(flatten)]
    credentials: registry::Credentials,
    /// For people, for programs, for a code-scanning service, or for a comment on a pull request.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Human,
    Json,
    Sarif,
    Markdown,
}

/// One catalogue, as it was read.
struct Catalogue<'a> {
    dir: &'a Path,
    /// The names of all its folders, also of those whose contract is wrong.
    folders: Vec<String>,
    /// The contracts that are sound; files are named as they lie from the working directory.
    sound: Vec<Compiled>,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    if let Err(wrong) = usable(arguments) {
        terminal::note(format_args!("error: {wrong}"));
        return Exit::Usage;
    }
    let mut report = Report { against: arguments.against.as_ref().map(ToString::to_string), ..Report::default() };
    let mut standard = Standard::read(conventions(arguments.conventions.as_deref()), &mut report);
    let catalogues: Vec<_> = arguments.dirs.iter().map(|dir| catalogue(dir, &mut standard, &mut report)).collect();
    standard.conclude(&mut report);
    let compared = match &arguments.against {
        Some(place) => {
            catalogues.iter().try_for_each(|one| against::compare(place, &arguments.credentials, one, &mut report))
        }
        None => Ok(()),
    };
    if compared.is_err() {
        report.against = None;
    }
    report.sort();
    print(arguments.format, &report);
    match compared {
        Err(unreachable) => {
            terminal::note(format_args!("error: {unreachable}"));
            Exit::Unreachable
        }
        Ok(()) if report.errors() > 0 => Exit::Problems,
        Ok(()) => Exit::Fine,
    }
}

fn usable(arguments: &Arguments) -> Result<(), String> {
    let folders = arguments.dirs.iter().chain(&arguments.conventions);
    if let Some(missing) = folders.into_iter().find(|dir| !dir.is_dir()) {
        return Err(format!("expected a folder, found none: {}", missing.display()));
    }
    if let Some(missing) = arguments.credentials.files().find(|file| !file.is_file()) {
        return Err(format!("expected a file, found none: {}", missing.display()));
    }
    if matches!(arguments.against, Some(Place::Dir(_))) && arguments.dirs.len() > 1 {
        return Err("--against dir:PATH goes with one DIR; run it once for each".to_owned());
    }
    Ok(())
}

fn print(format: Format, report: &Report) {
    match format {
        Format::Human => human::print(report),
        Format::Json => drop(terminal::say(format_args!("{:#}", json::document(report)))),
        Format::Sarif => drop(terminal::say(format_args!("{:#}", sarif::document(report)))),
        Format::Markdown => drop(terminal::say(markdown::document(report))),
    }
}

/// The folder of conventions: the one that is named, or the usual one if it is there.
fn conventions(named: Option<&Path>) -> Option<&Path> {
    named.or_else(|| Some(Path::new(CONVENTIONS)).filter(|usual| usual.is_dir()))
}

/// Reads one catalogue and holds everything in it to the rules.
fn catalogue<'a>(dir: &'a Path, standard: &mut Standard, report: &mut Report) -> Catalogue<'a> {
    let mut problems = Vec::new();
    let folders = folder::topics(dir, &mut problems);
    let mut loaded = contract::load(&folders, Some(&key()));
    let below = |file: &str| dir.join(file).display().to_string();
    for problem in loaded.problems {
        let topic = problem.file.split('/').next().unwrap_or_default().to_owned();
        report.add(&topic, lint::problem(&Problem { file: below(&problem.file), ..problem }));
    }
    for compiled in &mut loaded.topics {
        compiled.contract.file = below(&compiled.contract.file);
    }
    let rulebook = standard.rulebook(&folders);
    for compiled in &loaded.topics {
        let samples = folder::samples(&dir.join(&compiled.contract.topic), &mut problems);
        report.samples += samples.len();
        for finding in lint::contract(compiled, &samples) {
            report.add(&compiled.contract.topic, finding);
        }
        standard.hold(compiled, &samples, &rulebook, report);
    }
    for problem in &problems {
        report.add(&dir.display().to_string(), lint::problem(problem));
    }
    report.contracts += folders.len();
    Catalogue { dir, folders: folders.into_iter().map(|folder| folder.name).collect(), sound: loaded.topics }
}

/// A key for hashes that nobody sees: whether a schema takes a hash does not depend on it.
fn key() -> HashKey {
    HashKey::new(&[0; MIN_KEY_LENGTH]).expect("it is long enough")
}
