//! Traces: what agents handed in, one JSON object a line, in the order in which it was handed in.
//!
//! ```text
//! {"agent": "0x…", "text": "…"}
//! ```

use serde::Deserialize;

use crate::scorer::TEXT_BYTES_MAX;

/// Most traces in one file: a calibration keeps one number of each.
pub const TRACES_MAX: usize = 10_000;
/// Longest name of an agent, in bytes.
const AGENT_BYTES_MAX: usize = 128;

/// One completed output.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// Whose.
    pub agent: String,
    /// The output.
    pub text: String,
}

/// Why a file of traces cannot be used. Lines are counted from one.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// Not an object of this shape.
    #[error(
        "line {line}: {cause}: each line is {{\"agent\": \"…\", \"text\": \"…\"}}, one completed output"
    )]
    Shape {
        /// Which line.
        line: usize,
        /// Why.
        cause: serde_json::Error,
    },
    /// No agent, or a long name.
    #[error("line {line}: agent: {bytes} bytes, but it takes 1..={AGENT_BYTES_MAX}")]
    Agent {
        /// Which line.
        line: usize,
        /// Its length.
        bytes: usize,
    },
    /// A long text.
    #[error("line {line}: text: {bytes} bytes, but it takes at most {TEXT_BYTES_MAX}")]
    Text {
        /// Which line.
        line: usize,
        /// Its length.
        bytes: usize,
    },
    /// Too many.
    #[error("more than {TRACES_MAX} traces: a calibration takes no more")]
    Many,
}

/// Reads traces; empty lines are skipped.
///
/// Errors: [`TraceError`].
pub fn read(text: &str) -> Result<Vec<Trace>, TraceError> {
    let mut traces = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        if content.trim().is_empty() {
            continue;
        }
        let trace: Trace =
            serde_json::from_str(content).map_err(|cause| TraceError::Shape { line, cause })?;
        let bytes = trace.agent.len();
        if !(1..=AGENT_BYTES_MAX).contains(&bytes) {
            return Err(TraceError::Agent { line, bytes });
        }
        let bytes = trace.text.len();
        if bytes > TEXT_BYTES_MAX {
            return Err(TraceError::Text { line, bytes });
        }
        if traces.len() >= TRACES_MAX {
            return Err(TraceError::Many);
        }
        traces.push(trace);
    }
    Ok(traces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_is_named() {
        let good = "{\"agent\": \"a\", \"text\": \"t\"}\n\n";
        assert_eq!(read(good).expect("one").len(), 1);
        for (bad, says) in [
            ("{}", "line 3: missing field `agent`"),
            (
                "{\"agent\": \"\", \"text\": \"\"}",
                "line 3: agent: 0 bytes",
            ),
            (
                "{\"agent\": \"a\", \"text\": \"\", \"x\": 1}",
                "line 3: unknown field `x`",
            ),
            ("text", "line 3: expected ident"),
        ] {
            let error = read(&format!("{good}{bad}")).expect_err(bad).to_string();
            assert!(error.starts_with(says), "{error}");
        }
        let many = good.repeat(TRACES_MAX + 1);
        assert!(matches!(read(&many), Err(TraceError::Many)));
    }
}
