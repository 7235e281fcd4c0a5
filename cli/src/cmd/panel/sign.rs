//! `agentcity override sign` and `merge`: signatures without a network, one file for each signer.

use std::path::{Path, PathBuf};

use agentcity_abi::action::verb;
use alloy::primitives::{Address, Bytes};
use serde_json::json;

use super::document::{self, Document, SignatureFile, Signed};
use crate::{
    failure::{Code, Failure},
    instant,
    opts::Key,
    output::Answer,
    signer::Typed,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Sign {
    /// The file that `override prepare` wrote.
    file: PathBuf,
    #[command(flatten)]
    key: Key,
    /// Sign for this contract, which judges the key's signature itself (ERC-1271).
    #[arg(long = "for")]
    contract: Option<Address>,
    /// File to write; the name of FILE with the signer's address behind it when absent.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Merge {
    /// The file that `override prepare` wrote.
    file: PathBuf,
    /// Files that `override sign` wrote, or with one signature in hex each, as wallets print it.
    #[arg(required = true)]
    signatures: Vec<PathBuf>,
    /// File to write; FILE itself when absent.
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) async fn sign(options: Sign) -> Result<Answer, Failure> {
    let document = Document::load(&options.file)?;
    let key = options.key.open().await?;
    let digest = document.digest();
    let signed = Signed {
        signer: options.contract.unwrap_or(key.address()),
        signature: key.sign(&Typed::new(document.json(), digest)).await?,
        contract: options.contract.is_some(),
    };
    let path = match options.out {
        Some(path) => path,
        None => {
            let stem = options.file.file_stem().unwrap_or_default();
            let name = format!("{}.{}.json", stem.to_string_lossy(), signed.signer);
            options.file.with_file_name(name)
        }
    };
    let signer = signed.signer;
    document::save(&path, &SignatureFile { digest, signed })?;
    let payload = &document.payload;
    Ok(Answer::facts(
        json!({
            "file": path, "action": verb(payload.action), "does": payload.sentence(), "digest": digest,
            "signer": signer.to_string(), "deadline": payload.deadline(),
        }),
        &[
            ("signed", payload.sentence()),
            ("digest", digest.to_string()),
            ("by", signer.to_string()),
            ("deadline", instant::at(payload.deadline())),
            ("file", path.display().to_string()),
        ],
    ))
}

/// One signature of a file.
fn read(path: &Path, document: &Document) -> Result<Signed, Failure> {
    let digest = document.digest();
    let text = document::text(path)?;
    let at = |mut failure: Failure| {
        failure.message = format!("{}: {}", path.display(), failure.message);
        failure
    };
    if !text.trim_start().starts_with('{') {
        let signature = text
            .trim()
            .trim_matches('"')
            .parse::<Bytes>()
            .map_err(|_| {
                at(
                    Failure::new(Code::Malformed, "it is neither a signature's file nor hex")
                        .hint("write one with `agentcity override sign`"),
                )
            })?;
        // Whose it is follows from it: over another digest it is somebody else's, whom no panel knows.
        let signer = document::signer_of(&signature, digest).map_err(at)?;
        return Ok(Signed {
            signer,
            signature,
            contract: false,
        });
    }
    let file: SignatureFile = document::read(path)?;
    if file.digest != digest {
        return Err(at(document::foreign(file.signed.signer, digest)));
    }
    file.signed.check(digest).map_err(at)?;
    Ok(file.signed)
}

pub(crate) fn merge(options: Merge) -> Result<Answer, Failure> {
    let mut document = Document::load(&options.file)?;
    for path in &options.signatures {
        let signed = read(path, &document)?;
        let place = document
            .signatures
            .binary_search_by_key(&signed.signer, |signed| signed.signer);
        match place {
            Err(place) => document.signatures.insert(place, signed),
            Ok(_) => {
                return Err(Failure::new(
                    Code::DuplicateSigner,
                    format!("{}: {} signed already", path.display(), signed.signer),
                )
                .hint("leave this file out: each signer counts once"));
            }
        }
    }
    let path = options.out.unwrap_or(options.file);
    document.save(&path)?;
    let signers: Vec<String> = document
        .signatures
        .iter()
        .map(|signed| signed.signer.to_string())
        .collect();
    Ok(Answer::facts(
        json!({ "file": path, "digest": document.digest(), "signers": signers }),
        &[
            ("file", path.display().to_string()),
            ("digest", document.digest().to_string()),
            ("signers", signers.len().to_string()),
            ("who", signers.join(", ")),
        ],
    ))
}
