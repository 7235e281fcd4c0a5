//! What a program writes: a line of JSON for each thing that happens, the output last.

use agentcity_domain::verification::proof::PROOF_BYTES_MAX;
use serde::Deserialize;

use super::RunError;
use crate::{
    protocol::{Content, Output},
    trail::Name,
};

/// A line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) enum Line {
    /// A tool was called.
    Tool {
        name: Name,
        input: String,
        output: String,
    },
    /// Something was said.
    Message {
        from: Name,
        to: Name,
        content: String,
        tokens: u32,
    },
    /// So much of the output is there, in place of what was before.
    Produced { content: Output },
    /// This is the output.
    Output {
        content: Output,
        #[serde(default)]
        proof: Content<PROOF_BYTES_MAX>,
    },
}

/// Cuts what comes in into lines.
#[derive(Debug)]
pub(super) struct Lines {
    rest: Vec<u8>,
    read: usize,
    most: usize,
}

impl Lines {
    pub(super) const fn new(most: usize) -> Self {
        Self {
            rest: Vec::new(),
            read: 0,
            most,
        }
    }

    /// The lines that `bytes` complete; at the `end`, what is left is one.
    pub(super) fn take(&mut self, bytes: &[u8], end: bool) -> Result<Vec<Line>, RunError> {
        self.read += bytes.len();
        if self.read > self.most {
            return Err(RunError::Over {
                what: "bytes of standard output",
                used: self.read as u64,
                allowed: self.most as u64,
            });
        }
        self.rest.extend_from_slice(bytes);
        let whole = match self.rest.iter().rposition(|byte| *byte == b'\n') {
            Some(last) if !end => last + 1,
            None if !end => return Ok(Vec::new()),
            _ => self.rest.len(),
        };
        let after = self.rest.split_off(whole);
        let lines = std::mem::replace(&mut self.rest, after);
        lines
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| {
                serde_json::from_slice(line).map_err(|error| RunError::Line(error.to_string()))
            })
            .collect()
    }
}
