//! The page: files of `keeper/dashboard/`, which are part of the executable.

use alloy::primitives::keccak256;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::guard::Refusal;

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Below `/dashboard/`; nothing for the page itself.
    pub path: &'static str,
    /// What it is.
    pub kind: &'static str,
    /// Its content.
    pub body: &'static [u8],
}

/// The files by kind: each path is a name in the folder.
macro_rules! assets {
    ($($kind:literal { $($path:literal)+ })+) => {
        /// All files.
        pub const ASSETS: &[Asset] = &[$($(Asset {
            path: $path,
            kind: $kind,
            body: include_bytes!(concat!("../../dashboard/", $path)),
        },)+)+];
    };
}

assets! {
    "text/html; charset=utf-8" {
        "index.html"
    }
    "text/css; charset=utf-8" {
        "app.css"
        "parts.css"
    }
    "text/javascript; charset=utf-8" {
        "app.js"
        "dag/layout.js"
        "dag/place.js"
        "dag/scene.js"
        "dag/view.js"
        "dag/worker.js"
        "lib/act.js"
        "lib/chart.js"
        "lib/dom.js"
        "lib/format.js"
        "lib/hash.js"
        "lib/keys.js"
        "lib/merkle.js"
        "lib/offer.js"
        "lib/parts.js"
        "lib/states.js"
        "lib/store.js"
        "lib/stream.js"
        "lib/theme.js"
        "lib/typed.js"
        "lib/units.js"
        "lib/wallet.js"
        "view/act.js"
        "view/alerts.js"
        "view/editor.js"
        "view/epochs.js"
        "view/freezes.js"
        "view/gantt.js"
        "view/gas.js"
        "view/mission.js"
        "view/missions.js"
        "view/money.js"
        "view/nodes.js"
        "view/overview.js"
        "view/parameters.js"
        "view/proofs.js"
        "view/sign.js"
        "view/verification.js"
        "view/wiring.js"
    }
    "image/svg+xml" {
        "icon.svg"
    }
}

/// A file, or the news that the asker has it.
///
/// Errors: there is no such file.
pub fn asset(path: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
    let path = if path.is_empty() { "index.html" } else { path };
    let found = ASSETS.iter().find(|asset| asset.path == path);
    let Some(asset) = found else {
        return Err(Refusal::path("there is nothing under this path"));
    };
    let tag = format!("\"{:x}\"", keccak256(asset.body));
    let known = headers.get(header::IF_NONE_MATCH);
    let known = known.and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag));
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Body::from(asset.body).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    // Asked again each time: a keeper that was replaced serves another page.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_served_except_what_only_tests_read() {
        fn below(folder: &Path, files: &mut Vec<String>, root: &Path) {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    below(&path, files, root);
                    continue;
                }
                let name = path
                    .strip_prefix(root)
                    .expect("below")
                    .to_str()
                    .expect("text");
                files.push(name.to_owned());
            }
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboard");
        let mut files = Vec::new();
        below(&root, &mut files, &root);
        files.retain(|name| name != "example.json" && !name.starts_with("tests/"));
        files.sort_unstable();
        let mut served: Vec<&str> = ASSETS.iter().map(|asset| asset.path).collect();
        served.sort_unstable();
        assert_eq!(served, files);
    }

    #[test]
    fn a_file_is_sent_once_and_a_path_outside_is_none() {
        let first = asset("", &HeaderMap::new()).expect("the page");
        let tag = first.headers()[header::ETAG].clone();
        let again = HeaderMap::from_iter([(header::IF_NONE_MATCH, tag)]);
        let again = asset("index.html", &again).expect("the page");
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        for path in [
            "../Cargo.toml",
            "index.html/",
            "/etc/passwd",
            "%2e%2e",
            "example.json",
        ] {
            assert!(asset(path, &HeaderMap::new()).is_err(), "{path}");
        }
    }
}
