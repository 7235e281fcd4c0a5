//! Pages in files.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Component, Path},
};

use super::{FetchError, Files, PAGE_BYTES_MAX, Raw};

pub(super) fn read(name: &Path, files: &Files) -> Result<Raw, FetchError> {
    let told = name.display().to_string();
    let failed = |cause: io::Error| FetchError::File {
        name: told.clone(),
        cause: cause.to_string(),
    };
    let path = match files {
        Files::None => return Err(FetchError::Outside(told)),
        Files::Any => name.to_owned(),
        Files::Below(root) => {
            let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
            if !name.components().all(plain) {
                return Err(FetchError::Outside(told));
            }
            let root = root.canonicalize().map_err(failed)?;
            // Links are followed before it is asked where they lead.
            let path = root.join(name).canonicalize().map_err(failed)?;
            if !path.starts_with(&root) {
                return Err(FetchError::Outside(told));
            }
            path
        }
    };
    let file = File::open(&path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(failed(io::Error::other("is no file")));
    }
    let mut bytes = Vec::new();
    let most = PAGE_BYTES_MAX as u64 + 1;
    file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > PAGE_BYTES_MAX {
        return Err(FetchError::Size);
    }
    let plain = path.extension().is_some_and(|end| end == "txt");
    Ok(Raw {
        at: None,
        content_type: plain.then(|| "text/plain".to_owned()),
        bytes,
    })
}
