//! What many contracts cost: the time to load them, alone and as part of the gateway's start, and the memory that an idle
//! gateway holds. The catalogue is the sample catalogue over and over, under other topics' names.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use forebay_schemas::contract::{self, FILE, Folder};
use forebay_schemas::pii::{HashKey, MIN_KEY_LENGTH};
use forebay_tests::gateway::{Gateway, config_file, forebay};
use forebay_tests::process::{root, scratch};

use crate::cpu::resident;
use crate::error::Error;
use crate::stage::{Brokers, Stage, settings};

/// How long an idle gateway is left alone before its memory is read.
const REST: Duration = Duration::from_secs(2);

/// What was measured, the median of each.
#[derive(Debug)]
pub struct Cost {
    /// Contracts that were loaded.
    pub contracts: usize,
    /// Reading and compiling them, files in memory.
    pub load: Duration,
    /// From the gateway's start to its readiness.
    pub start: Duration,
    /// Resident memory of the idle gateway, in bytes.
    pub memory: u64,
}

/// Measures so many contracts, so often.
pub fn run(contracts: usize, runs: usize) -> Result<Cost, Error> {
    let samples = samples(&root().join("schemas/catalog"))?;
    let folders: Vec<Folder> = (0..contracts).map(|number| renamed(&samples[number % samples.len()], number)).collect();
    let catalog = written(&folders)?;
    let stage = Stage::set_up(Brokers::Embedded);
    let broker = stage.gateway(None)?;
    let mut settings = settings(&[broker.bootstrap()?], &catalog, &scratch("conventions"));
    let key = scratch("pii").join("key");
    fs::write(&key, "0".repeat(MIN_KEY_LENGTH)).map_err(Error::system("writing a key"))?;
    settings["pii"] = serde_json::json!({ "hash_key_file": key });
    let config = config_file(&settings);
    let (mut loads, mut starts, mut memories) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        loads.push(load(&folders)?);
        let started = Instant::now();
        let mut gateway = Gateway::run(forebay(&["serve", "--config", &config.to_string_lossy()]));
        starts.push(started.elapsed());
        std::thread::sleep(REST);
        memories.push(resident(gateway.process().pid())?);
        gateway.kill();
    }
    drop(broker);
    Ok(Cost { contracts, load: median(loads), start: median(starts), memory: median(memories) })
}

/// The cost for people.
pub fn lines(cost: &Cost) -> String {
    let mut text = String::new();
    let megabytes = cost.memory / (1024 * 1024);
    // Writing to a String can't fail.
    let _ = writeln!(text, "{} contracts", cost.contracts);
    let _ = writeln!(text, "load alone         {:>7.0} ms", cost.load.as_secs_f64() * 1e3);
    let _ = writeln!(text, "start to ready     {:>7.0} ms", cost.start.as_secs_f64() * 1e3);
    let _ = writeln!(text, "resident when idle {megabytes:>7} MiB");
    text
}

fn load(folders: &[Folder]) -> Result<Duration, Error> {
    let key = HashKey::new(&[0; MIN_KEY_LENGTH]);
    let started = Instant::now();
    let loaded = contract::load(folders, key.as_ref());
    let took = started.elapsed();
    if loaded.topics.len() == folders.len() {
        return Ok(took);
    }
    Err(Error::Usage(format!("the sample catalogue has problems: {:?}", loaded.problems.first())))
}

/// The sample catalogue's folders, samples aside.
fn samples(catalog: &Path) -> Result<Vec<Folder>, Error> {
    let listed = |folder: &Path| -> Result<Vec<PathBuf>, Error> {
        let entries = fs::read_dir(folder).map_err(Error::system("reading the sample catalogue"))?;
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        Ok(paths)
    };
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut folders = Vec::new();
    for path in listed(catalog)? {
        let mut files = BTreeMap::new();
        for file in listed(&path)?.into_iter().filter(|file| file.is_file()) {
            files.insert(name(&file), fs::read(&file).map_err(Error::system("reading the sample catalogue"))?);
        }
        folders.push(Folder { name: name(&path), files });
    }
    Ok(folders)
}

fn renamed(sample: &Folder, number: usize) -> Folder {
    let name = format!("n{number}.{}", sample.name);
    let mut files = sample.files.clone();
    if let Some(contract) = files.get_mut(FILE) {
        let text = String::from_utf8_lossy(contract).replacen(
            &format!("topic: {}", sample.name),
            &format!("topic: {name}"),
            1,
        );
        *contract = text.into_bytes();
    }
    Folder { name, files }
}

fn written(folders: &[Folder]) -> Result<PathBuf, Error> {
    let catalog = scratch("catalog");
    for folder in folders {
        let home = catalog.join(&folder.name);
        fs::create_dir_all(&home).map_err(Error::system("writing a catalogue"))?;
        for (name, content) in &folder.files {
            fs::write(home.join(name), content).map_err(Error::system("writing a catalogue"))?;
        }
    }
    Ok(catalog)
}

fn median<T: Ord + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_catalogue_can_be_had_often() {
        let samples = samples(&root().join("schemas/catalog")).unwrap();
        let folders: Vec<Folder> = (0..20).map(|number| renamed(&samples[number % samples.len()], number)).collect();
        assert!(load(&folders).is_ok());
    }
}
