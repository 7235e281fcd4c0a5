//! Pages on the web. Each step of a redirection is judged anew, and the connection goes to the address that was judged.

use std::{collections::BTreeSet, net::SocketAddr};

use reqwest::{
    Client, Response, Url,
    header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, LOCATION},
    redirect,
};

use super::{FetchError, Network, PAGE_BYTES_MAX, REDIRECTS_MAX, Raw, Rules, address::is_public};

/// How this presents itself to servers.
const AGENT: &str = concat!("agentcity-pages/", env!("CARGO_PKG_VERSION"));

pub(super) async fn get(url: &Url, rules: &Rules) -> Result<Raw, FetchError> {
    let mut url = without_fragment(url.clone());
    let mut seen = BTreeSet::new();
    loop {
        if !seen.insert(url.to_string()) {
            return Err(FetchError::Loop(url.to_string()));
        }
        if seen.len() > REDIRECTS_MAX + 1 {
            return Err(FetchError::Redirects);
        }
        let response = ask(&url, rules).await?;
        let status = response.status();
        if !status.is_redirection() {
            if !status.is_success() {
                return Err(FetchError::Status(status.as_u16()));
            }
            return body(url, response).await;
        }
        let location = header(&response, LOCATION);
        let location = location.ok_or_else(|| FetchError::Location(status.to_string()))?;
        let next = url.join(&location);
        let next = next.map_err(|_| FetchError::Location(location.clone()))?;
        if url.scheme() == "https" && next.scheme() == "http" {
            return Err(FetchError::Downgrade(next.to_string()));
        }
        url = without_fragment(next);
    }
}

async fn ask(url: &Url, rules: &Rules) -> Result<Response, FetchError> {
    rules.check_host(url)?;
    let host = url.host_str().unwrap_or_default();
    let failed = |error: reqwest::Error| FetchError::Connection {
        host: host.to_owned(),
        cause: cause(&error),
    };
    let addresses = addresses(url, rules.network).await?;
    let client = Client::builder()
        .user_agent(AGENT)
        .redirect(redirect::Policy::none())
        .no_proxy()
        // What is resolved here is what is connected to: a name that answers differently the next time changes nothing.
        .resolve_to_addrs(host, &addresses)
        .connect_timeout(rules.time_max)
        .build()
        .map_err(failed)?;
    let asked = client.get(url.clone());
    let asked = asked.header(ACCEPT, "text/html, application/xhtml+xml, text/plain");
    asked.send().await.map_err(failed)
}

async fn addresses(url: &Url, network: Network) -> Result<Vec<SocketAddr>, FetchError> {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().unwrap_or_default();
    let found = tokio::net::lookup_host((bare, port)).await;
    let found: Vec<_> = found
        .map_err(|error| FetchError::Unknown {
            host: host.to_owned(),
            cause: error.to_string(),
        })?
        .collect();
    let allowed = found.into_iter().filter(|at| match network {
        Network::Public => is_public(at.ip()),
        Network::Private => true,
    });
    let allowed: Vec<_> = allowed.collect();
    if allowed.is_empty() {
        return Err(FetchError::Private(host.to_owned()));
    }
    Ok(allowed)
}

async fn body(url: Url, mut response: Response) -> Result<Raw, FetchError> {
    let packed = header(&response, CONTENT_ENCODING);
    if let Some(packed) = packed.filter(|packed| !packed.eq_ignore_ascii_case("identity")) {
        return Err(FetchError::Packed(packed));
    }
    let content_type = header(&response, CONTENT_TYPE);
    let host = url.host_str().unwrap_or_default().to_owned();
    let mut bytes = Vec::new();
    loop {
        let chunk = response.chunk().await;
        let chunk = chunk.map_err(|error| FetchError::Connection {
            host: host.clone(),
            cause: cause(&error),
        })?;
        let Some(chunk) = chunk else { break };
        if bytes.len() + chunk.len() > PAGE_BYTES_MAX {
            return Err(FetchError::Size);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Raw {
        at: Some(url),
        content_type,
        bytes,
    })
}

fn header(response: &Response, name: HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}

fn without_fragment(mut url: Url) -> Url {
    url.set_fragment(None);
    url
}

/// The innermost reason, which says what happened.
fn cause(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(next) = inner.source() {
        inner = next;
    }
    inner.to_string()
}
