//! The page: files of `keeper/dashboard/`, which are part of the executable. They are packed once, by the first who asks, and sent packed to
//! whoever takes it.

use std::{io::Write, sync::LazyLock};

use alloy::primitives::keccak256;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use flate2::{Compression, write::GzEncoder};

use super::guard::Refusal;

/// The one coding that every client takes, over any transport.
const GZIP: &str = "gzip";

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

/// What is sent of a file.
#[derive(Debug)]
struct Sent {
    plain: Form,
    /// Where it is shorter.
    packed: Option<Form>,
}

/// Content, and the tag by which whoever has it asks again: one for each coding, since their bytes differ.
#[derive(Debug)]
struct Form {
    body: &'static [u8],
    tag: String,
}

/// In the order of the files.
static SENT: LazyLock<Vec<Sent>> = LazyLock::new(|| ASSETS.iter().map(Sent::of).collect());

impl Sent {
    fn of(asset: &Asset) -> Self {
        let hash = keccak256(asset.body);
        let shorter = packed(asset.body).filter(|packed| packed.len() < asset.body.len());
        Self {
            plain: Form {
                body: asset.body,
                tag: format!("\"{hash:x}\""),
            },
            packed: shorter.map(|packed| Form {
                // As long as the executable runs, as the file itself.
                body: Vec::leak(packed),
                tag: format!("\"{hash:x}-{GZIP}\""),
            }),
        }
    }
}

fn packed(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

/// Whether the asker takes gzip, and likes what is not packed no better (RFC 9110, 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut any, mut identity) = (None, None, None);
    let lines = headers.get_all(header::ACCEPT_ENCODING).into_iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    for offer in lines.flat_map(|line| line.split(',')) {
        let (coding, weight) = offer.split_once(';').unwrap_or((offer, ""));
        let weight = weight.trim().strip_prefix("q=");
        let weight: f32 = match weight {
            // One that cannot be read is no offer.
            Some(weight) => weight.trim().parse().unwrap_or(0.0),
            None => 1.0,
        };
        match coding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => gzip = Some(weight),
            "identity" => identity = Some(weight),
            "*" => any = Some(weight),
            _ => {}
        }
    }
    let gzip = gzip.or(any).unwrap_or(0.0);
    gzip > 0.0 && identity.is_none_or(|identity| gzip >= identity)
}

/// Whether the asker has what bears this tag. A proxy may have marked the tag as weak.
fn has(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).into_iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let mut known = lines.flat_map(|line| line.split(',')).map(str::trim);
    known.any(|one| one.strip_prefix("W/").unwrap_or(one) == tag)
}

/// A file, or the news that the asker has it.
///
/// Errors: there is no such file.
pub fn asset(path: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
    let path = if path.is_empty() { "index.html" } else { path };
    let mut all = ASSETS.iter().zip(SENT.iter());
    let found = all.find(|(asset, _)| asset.path == path);
    let Some((asset, sent)) = found else {
        return Err(Refusal::path("there is nothing under this path"));
    };
    let packed = sent.packed.as_ref().filter(|_| takes_gzip(headers));
    let form = packed.unwrap_or(&sent.plain);
    let mut response = match has(headers, &form.tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Body::from(form.body).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    // Asked again each time: a keeper that was replaced serves another page.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&form.tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if packed.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(GZIP));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::{io::Read, path::Path};

    use flate2::read::GzDecoder;

    use super::*;

    /// What is sent over the wire of all files together, at most: 150 KB were aimed at, and what is added must not fill that unseen.
    const SENT_BYTES_MAX: usize = 80_000;

    fn asking(lines: &[(header::HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.clone(), HeaderValue::from_str(value).expect("a value"));
        }
        headers
    }

    async fn body(response: Response) -> Vec<u8> {
        let body = axum::body::to_bytes(response.into_body(), usize::MAX);
        body.await.expect("a body").to_vec()
    }

    #[tokio::test]
    async fn what_is_sent_packed_is_what_is_sent_plain_and_far_less_of_it() {
        let (mut plain_bytes, mut packed_bytes) = (0, 0);
        for file in ASSETS {
            let plain = asset(file.path, &HeaderMap::new()).expect("a file");
            assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
            assert_eq!(plain.headers()[header::VARY], "accept-encoding");
            let plain_tag = plain.headers()[header::ETAG].clone();
            let plain = body(plain).await;
            assert_eq!(plain, file.body, "{}", file.path);
            plain_bytes += plain.len();
            let takes = asking(&[(header::ACCEPT_ENCODING, "gzip, deflate, br")]);
            let packed = asset(file.path, &takes).expect("a file");
            assert_eq!(packed.headers()[header::VARY], "accept-encoding");
            assert_eq!(packed.headers()[header::CONTENT_TYPE], file.kind);
            let is_packed = packed.headers().contains_key(header::CONTENT_ENCODING);
            let tag = packed.headers()[header::ETAG].clone();
            let packed = body(packed).await;
            packed_bytes += packed.len();
            if !is_packed {
                assert_eq!((packed, tag), (plain, plain_tag), "{}", file.path);
                continue;
            }
            assert!(packed.len() < plain.len(), "{}", file.path);
            assert_ne!(tag, plain_tag, "{}", file.path);
            let mut unpacked = Vec::new();
            let mut decoder = GzDecoder::new(packed.as_slice());
            decoder.read_to_end(&mut unpacked).expect("gzip");
            assert_eq!(unpacked, plain, "{}", file.path);
        }
        assert!(
            packed_bytes < SENT_BYTES_MAX && packed_bytes < plain_bytes,
            "{packed_bytes} of {plain_bytes} bytes"
        );
    }

    #[test]
    fn packed_is_what_the_asker_takes_and_likes_as_well_as_what_is_not() {
        for (takes, lines) in [
            (true, &["gzip"][..]),
            (true, &["deflate, GZip;q=0.5"]),
            (true, &["br", "x-gzip"]),
            (true, &["*"]),
            (true, &["identity;q=0.5, gzip;q=0.5"]),
            (false, &[]),
            (false, &[""]),
            (false, &["br, deflate"]),
            (false, &["gzip;q=0, *"]),
            (false, &["gzip; q=0.000"]),
            (false, &["*;q=0"]),
            (false, &["gzip;q=much"]),
            (false, &["gzip;q=0.5, identity"]),
        ] {
            let lines: Vec<_> = lines
                .iter()
                .map(|line| (header::ACCEPT_ENCODING, *line))
                .collect();
            assert_eq!(takes_gzip(&asking(&lines)), takes, "{lines:?}");
        }
    }

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
        // Each coding has a tag of its own, which a proxy may weaken.
        let takes = || (header::ACCEPT_ENCODING, "gzip");
        let packed = asset("", &asking(&[takes()])).expect("the page");
        let tag = packed.headers()[header::ETAG].to_str().expect("text");
        for (known, headers) in [
            (true, asking(&[takes(), (header::IF_NONE_MATCH, tag)])),
            (
                true,
                asking(&[takes(), (header::IF_NONE_MATCH, &format!("\"x\", W/{tag}"))]),
            ),
            (false, asking(&[(header::IF_NONE_MATCH, tag)])),
        ] {
            let again = asset("", &headers).expect("the page");
            assert_eq!(
                again.status() == StatusCode::NOT_MODIFIED,
                known,
                "{headers:?}"
            );
        }
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
