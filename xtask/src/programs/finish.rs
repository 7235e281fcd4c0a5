//! From the linked module to what is deployed: wasm-opt, no custom sections, no machine paths, packed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use agentcity_devnode_program::{Program, ProgramRules, pack};
use eyre::{Context, OptionExt, bail};
use wasmparser::{Parser, Payload};

use super::{
    compile, order,
    report::{self, Report},
};
use crate::{process, setup::Tools, workspace::Workspace};

/// What wasm-opt is told. Flattened code, laid out anew and optimised twice, packs 1 to 2 % better than what the compiler's
/// structure leaves, and so do large functions of one caller that stay functions. The features are those the chain accepts, no
/// more: `--enable-bulk-memory` in particular would add a DataCount section, which is refused.
pub(crate) const WASM_OPT: [&str; 13] = [
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
    "--one-caller-inline-max-function-size",
    "200",
    "--enable-bulk-memory-opt",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
];

/// Optimises, checks, packs, and writes `<name>.wasm`, `<name>.code` and `<name>.json`.
pub(crate) fn finish(
    ws: &Workspace,
    out: &Path,
    name: &str,
    compiled: &[u8],
    tools: &Tools,
) -> eyre::Result<Report> {
    let wasm = optimise(out, name, compiled, tools)?;
    if let Some(path) = machine_path_in(&wasm, &machine_paths(ws)?) {
        bail!(
            "program {name} contains the path `{path}` of this machine: it must be remapped in xtask/src/programs/compile.rs"
        );
    }
    let checked = Program::check(
        &wasm,
        &ProgramRules {
            debug: false,
            multi_value: false,
        },
    );
    let packed =
        pack::pack_program(&wasm).wrap_err_with(|| format!("program {name} cannot be packed"))?;
    let report = Report::new(name, compiled, &wasm, &packed, checked, tools)?;
    fs::write(out.join(format!("{name}.wasm")), &wasm)?;
    fs::write(out.join(format!("{name}.code")), report::code_of(&packed))?;
    report.save(out)?;
    Ok(report)
}

/// wasm-opt, then without custom sections, then the functions in an order that packs well.
pub(crate) fn optimise(
    scratch: &Path,
    name: &str,
    compiled: &[u8],
    tools: &Tools,
) -> eyre::Result<Vec<u8>> {
    let input = scratch.join(format!(".{name}.in.wasm"));
    let output = scratch.join(format!(".{name}.out.wasm"));
    fs::write(&input, compiled)?;
    let mut command = Command::new(&tools.wasm_opt);
    command.args(WASM_OPT).arg(&input).arg("-o").arg(&output);
    let done = process::quietly(&mut command).wrap_err("wasm-opt refused the module");
    let wasm = done.and_then(|()| fs::read(&output).wrap_err("wasm-opt wrote nothing"));
    for file in [&input, &output] {
        let _ = fs::remove_file(file);
    }
    order::best(&without_custom_sections(&wasm?)?)
}

/// The module without names, producers and whatever else tools leave there: nothing of it runs, all of it is paid. Nor the
/// count of data segments, which the chain's parser refuses: only `memory.init` and `data.drop` need it, and a module that
/// had them would be refused by the check that follows.
fn without_custom_sections(wasm: &[u8]) -> eyre::Result<Vec<u8>> {
    let mut kept = wasm.get(..8).unwrap_or_default().to_vec();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.wrap_err("not a WASM module")?;
        if matches!(
            payload,
            Payload::CustomSection(_) | Payload::DataCountSection { .. }
        ) {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            let body = usize::try_from(range.start)
                .ok()
                .zip(usize::try_from(range.end).ok());
            let body = body
                .and_then(|(start, end)| wasm.get(start..end))
                .ok_or_eyre("a section lies outside of the module")?;
            kept.push(id);
            leb128(&mut kept, body.len());
            kept.extend_from_slice(body);
        }
    }
    Ok(kept)
}

fn leb128(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Folders of this machine that no build product may name.
fn machine_paths(ws: &Workspace) -> eyre::Result<Vec<PathBuf>> {
    let mut paths = vec![ws.root.clone(), compile::cargo_home()?, crate::cache_dir()?];
    paths.extend(std::env::home_dir());
    // A home of `/` would match anything.
    paths.retain(|p| p.components().count() > 1);
    Ok(paths)
}

fn machine_path_in<'a>(wasm: &[u8], paths: &'a [PathBuf]) -> Option<std::path::Display<'a>> {
    paths
        .iter()
        .find(|path| contains(wasm, path.as_os_str().as_encoded_bytes()))
        .map(|path| path.display())
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_sections_go_and_the_rest_stays() {
        // magic, version, custom section "x" with 300 bytes, type section with one empty function type
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.push(0);
        leb128(&mut wasm, 302);
        wasm.extend([1, b'x']);
        wasm.extend([7u8; 300]);
        let types = [1u8, 4, 1, 0x60, 0, 0];
        wasm.extend(types);
        let kept = without_custom_sections(&wasm).unwrap();
        assert_eq!(kept, [b"\0asm\x01\0\0\0".as_slice(), &types].concat());
    }

    #[test]
    fn a_path_of_the_machine_is_found_anywhere() {
        let paths = [
            PathBuf::from("/build/clone"),
            PathBuf::from("/people/someone"),
        ];
        assert!(machine_path_in(b"..panicked at /people/someone/.cargo/x.rs", &paths).is_some());
        assert!(machine_path_in(b"..panicked at /registry/x.rs", &paths).is_none());
    }

    #[test]
    fn something_else_than_wasm_is_refused() {
        assert!(without_custom_sections(b"\x7fELF....").is_err());
    }
}
