//! What is recorded of a built program, and the table of all of them.

use std::{fs, path::Path};

use agentcity_devnode_program::{
    Facts, Invalid, Program,
    pack::{self, Packed},
};
use eyre::{Context, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::finish::WASM_OPT;
use crate::{setup::Tools, table::Table};

/// Bump when the steps after cargo change, so that old products are made again.
const FORMAT: u32 = 3;

/// Target for the data segment of a program on a hot path: it is charged at every call.
const DATA_BYTES_TARGET: u32 = 2048;

/// Everything known of one program.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    pub(crate) name: String,
    /// What it was made of: format, cargo's output, wasm-opt with its flags.
    inputs: String,
    /// Where the standard library came from: it decides bytes as the sources do.
    wasm_std: String,
    /// `None` when the chain would activate it.
    invalid: Option<String>,
    pub(crate) wasm_bytes: usize,
    /// On-chain bytes of the largest piece, prefix included.
    pub(crate) code_bytes: usize,
    /// Pieces beside the root; 0 for an ordinary program.
    pub(crate) fragments: usize,
    facts: Option<FactsRow>,
    pub(crate) wasm_sha256: String,
    /// keccak256 of the on-chain code, by which activation is keyed; of the module for a fragmented program.
    pub(crate) codehash: String,
}

/// Numbers of a valid program, as the chain will charge it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct FactsRow {
    data_bytes: u32,
    functions: u32,
    memory_pages: u16,
    init_gas: u16,
    cached_init_gas: u16,
}

impl From<&Facts> for FactsRow {
    fn from(f: &Facts) -> Self {
        Self {
            data_bytes: f.data_bytes,
            functions: f.functions,
            memory_pages: f.memory_pages,
            init_gas: f.init_gas,
            cached_init_gas: f.cached_init_gas,
        }
    }
}

impl Report {
    pub(crate) fn new(
        name: &str,
        compiled: &[u8],
        wasm: &[u8],
        packed: &Packed,
        checked: Result<Program, Invalid>,
        tools: &Tools,
    ) -> eyre::Result<Self> {
        let (code_bytes, fragments) = match packed {
            Packed::Single(code) => (code.len(), 0),
            Packed::Fragmented { fragments, .. } => (
                fragments.iter().map(Vec::len).max().unwrap_or(0),
                fragments.len(),
            ),
        };
        Ok(Self {
            name: name.to_owned(),
            inputs: inputs(compiled, tools),
            wasm_std: tools.wasm_std.kind.clone(),
            facts: checked.as_ref().ok().map(|p| p.facts().into()),
            invalid: checked.err().map(|e| e.to_string()),
            wasm_bytes: wasm.len(),
            code_bytes,
            fragments,
            wasm_sha256: hex::encode(Sha256::digest(wasm)),
            codehash: alloy_primitives::keccak256(code_of(packed)).to_string(),
        })
    }

    /// Whether the chain takes it as one program (RULINGS: fragments need a recorded activation on a public network).
    pub(crate) fn is_deployable(&self) -> bool {
        self.invalid.is_none() && self.fragments == 0
    }

    /// One line for people.
    pub(crate) fn verdict(&self) -> String {
        match &self.invalid {
            Some(reason) => format!("REFUSED by the chain's rules: {reason}"),
            None if self.fragments > 0 => format!(
                "TOO LARGE for one program ({} fragments, limit {})",
                self.fragments,
                pack::MAX_CODE
            ),
            None => format!(
                "{} bytes of WASM, {} on chain",
                self.wasm_bytes, self.code_bytes
            ),
        }
    }

    pub(crate) fn load(dir: &Path, name: &str) -> eyre::Result<Self> {
        let file = dir.join(format!("{name}.json"));
        let text = match fs::read(&file) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                bail!("{name} is not built: run `cargo xtask build`")
            }
            Err(e) => return Err(e).wrap_err_with(|| format!("cannot read {}", file.display())),
        };
        serde_json::from_slice(&text).wrap_err_with(|| {
            format!(
                "{} is of another version: run `cargo xtask build`",
                file.display()
            )
        })
    }

    pub(crate) fn save(&self, dir: &Path) -> eyre::Result<()> {
        let file = dir.join(format!("{}.json", self.name));
        fs::write(&file, serde_json::to_vec_pretty(self)?)
            .wrap_err_with(|| format!("cannot write {}", file.display()))
    }
}

/// The bytes that `.code` holds: on-chain code of a single program, fragments one after another else.
pub(crate) fn code_of(packed: &Packed) -> Vec<u8> {
    match packed {
        Packed::Single(code) => code.clone(),
        Packed::Fragmented { fragments, .. } => fragments.concat(),
    }
}

/// The earlier report if it was made of the very same inputs and its products are still there, unchanged.
pub(crate) fn up_to_date(dir: &Path, name: &str, compiled: &[u8], tools: &Tools) -> Option<Report> {
    let report = Report::load(dir, name).ok()?;
    let wasm = fs::read(dir.join(format!("{name}.wasm"))).ok()?;
    let code = fs::read(dir.join(format!("{name}.code"))).ok()?;
    let same = report.inputs == inputs(compiled, tools)
        && report.wasm_sha256 == hex::encode(Sha256::digest(&wasm))
        && report.codehash == alloy_primitives::keccak256(&code).to_string();
    same.then_some(report)
}

fn inputs(compiled: &[u8], tools: &Tools) -> String {
    let mut hash = Sha256::new();
    hash.update(FORMAT.to_le_bytes());
    hash.update(tools.wasm_std.kind.as_bytes());
    hash.update(tools.wasm_opt_version.as_bytes());
    for flag in WASM_OPT {
        hash.update(flag.as_bytes());
    }
    hash.update(compiled);
    hex::encode(hash.finalize())
}

/// The table that `build` and `sizes` print.
pub(crate) fn table(reports: &[Report]) -> String {
    let mut table = Table::new(&[
        "program",
        "wasm",
        "code",
        "limit",
        "data",
        "functions",
        "pages",
        "init gas",
        "cached",
        "codehash",
    ]);
    let mut notes = String::new();
    for r in reports {
        let fact = |f: fn(&FactsRow) -> String| r.facts.as_ref().map_or_else(|| "-".to_owned(), f);
        table.row(vec![
            r.name.clone(),
            r.wasm_bytes.to_string(),
            r.code_bytes.to_string(),
            format!(
                "{:.0} %",
                r.code_bytes as f64 * 100.0 / pack::MAX_CODE as f64
            ),
            fact(|f| f.data_bytes.to_string()),
            fact(|f| f.functions.to_string()),
            fact(|f| f.memory_pages.to_string()),
            fact(|f| f.init_gas.to_string()),
            fact(|f| f.cached_init_gas.to_string()),
            r.codehash.get(..14).unwrap_or_default().to_owned(),
        ]);
        if !r.is_deployable() {
            notes.push_str(&format!("{}: {}\n", r.name, r.verdict()));
        }
        if let Some(f) = r
            .facts
            .as_ref()
            .filter(|f| f.data_bytes > DATA_BYTES_TARGET)
        {
            notes.push_str(&format!(
                "{}: data segment of {} bytes, target {DATA_BYTES_TARGET}\n",
                r.name, f.data_bytes
            ));
        }
    }
    table.render() + &notes
}
