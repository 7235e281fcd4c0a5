//! Rivals: clients of other people that must work against the devnode unchanged.

use crate::{
    node::Node,
    tool::{Tool, ToolMissing},
};
use std::{
    path::PathBuf,
    process::{Command, Output},
};

/// Foundry's command-line client, pointed at one node.
#[derive(Clone, Debug)]
pub struct Cast {
    executable: PathBuf,
    url: String,
}

/// A command of `cast` that failed.
#[derive(Debug, thiserror::Error)]
#[error("cast {args} failed ({status}): {stderr}")]
pub struct CastFailed {
    /// Its arguments.
    pub args: String,
    /// How it ended.
    pub status: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Cast {
    /// A client of `node`.
    pub fn new(node: &Node) -> Result<Self, ToolMissing> {
        Ok(Self {
            executable: Tool::Cast.find()?,
            url: node.http_url(),
        })
    }

    /// Runs `cast <args> --rpc-url <node>` and returns its trimmed stdout.
    pub fn run(&self, args: &[&str]) -> Result<String, CastFailed> {
        let described = args.join(" ");
        let failed = |status: String, stderr: String| CastFailed {
            args: described.clone(),
            status,
            stderr,
        };
        let output = self
            .output(args)
            .map_err(|error| failed("not run".into(), error.to_string()))?;
        if !output.status.success() {
            return Err(failed(
                output.status.to_string(),
                String::from_utf8_lossy(&output.stderr).into_owned(),
            ));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn output(&self, args: &[&str]) -> std::io::Result<Output> {
        Command::new(&self.executable)
            .args(args)
            .args(["--rpc-url", &self.url])
            .env("NO_COLOR", "1")
            .env("FOUNDRY_DISABLE_NIGHTLY_WARNING", "1")
            .output()
    }
}
