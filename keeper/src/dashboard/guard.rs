//! Who is answered: requests of this page and of tools, and none that another site's page makes in somebody's browser.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// Requests that are answered at once, beside those that subscribed.
pub const REQUESTS_MAX: usize = 32;
/// What a page of this listener may do: load what is served here, and nothing else.
pub const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What is answered instead of what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    act: &'static str,
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident $status:ident $code:literal $act:literal;)+) => {
        impl Refusal {
            $($(#[$doc])* pub fn $name(message: impl fmt::Display) -> Self {
                Self {
                    status: StatusCode::$status,
                    code: $code,
                    message: message.to_string(),
                    act: $act,
                }
            })+

            /// Every code with its status.
            pub const CODES: &[(&str, StatusCode)] = &[$(($code, StatusCode::$status)),+];
        }
    };
}

refusals! {
    /// A path or query that is not understood.
    path BAD_REQUEST "dashboard/path" "look at docs/dashboard.md";
    /// An unknown mission.
    no_mission NOT_FOUND "dashboard/no-mission" "take an id of `missions`";
    /// Nothing is there to be shown.
    not_yet SERVICE_UNAVAILABLE "dashboard/not-yet" "come again in a second";
    /// Too many at once.
    busy SERVICE_UNAVAILABLE "dashboard/busy" "come again in a second";
    /// No log is kept here.
    no_log NOT_FOUND "dashboard/no-log" "ask a keeper that keeps a log, or configure `[log]`";
    /// No such entry.
    no_entry NOT_FOUND "dashboard/no-entry" "take a place below `log.size`, or a transaction that the log has";
    /// A host that is none of ours.
    host MISDIRECTED_REQUEST "dashboard/host" "name the listener by its address, or put the name into `operations.dashboard_hosts`";
    /// Another site's request.
    origin FORBIDDEN "dashboard/origin" "ask from the dashboard's own page, or from a tool that sends no `origin`";
    /// Another kind of body.
    media_type UNSUPPORTED_MEDIA_TYPE "dashboard/media-type" "send `content-type: application/json`";
    /// A body that is not understood.
    body BAD_REQUEST "dashboard/body" "send the fields of docs/dashboard.md, and no others";
    /// A body that is too long.
    too_long PAYLOAD_TOO_LARGE "dashboard/body" "send at most 65,536 bytes";
    /// No parameter that can be changed so.
    parameter UNPROCESSABLE_ENTITY "dashboard/parameter" "take an amendable one of `/dashboard/parameters`; the senior adjudicator is appointed by `agentcity override prepare appoint-senior`";
    /// A value that cannot be.
    value UNPROCESSABLE_ENTITY "dashboard/value" "stay within `least` and `greatest`, and change something";
    /// An action that is not prepared here.
    action UNPROCESSABLE_ENTITY "dashboard/action" "take one of docs/dashboard.md; `agentcity override prepare` knows the others";
    /// A signature over something else.
    signature UNPROCESSABLE_ENTITY "dashboard/signature" "sign the `typedData` of this proposal again; contracts sign with `agentcity override sign`";
    /// The chain does not answer.
    chain BAD_GATEWAY "dashboard/chain" "come again; `agentcity-keeper check` says what is wrong with the endpoints";
}

impl Refusal {
    /// Its code.
    pub const fn code(&self) -> &'static str {
        self.code
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body =
            json!({ "error": { "code": self.code, "message": self.message, "do": self.act } });
        let mut response = answer(self.status, &body);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            let second = HeaderValue::from_static("1");
            response.headers_mut().insert(header::RETRY_AFTER, second);
        }
        response
    }
}

/// JSON that nobody keeps.
pub fn answer(status: StatusCode, body: &Value) -> Response {
    text(status, body.to_string())
}

/// The same, written already.
pub fn text(status: StatusCode, body: impl Into<axum::body::Body>) -> Response {
    let kind = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, kind, body.into()).into_response()
}

/// What the door lets through.
#[derive(Clone, Debug)]
pub struct Door {
    hosts: Arc<Vec<String>>,
    permits: Arc<Semaphore>,
}

impl Door {
    /// Besides addresses and `localhost`, these names are this listener's.
    pub fn new(hosts: Vec<String>) -> Self {
        let lower = hosts.into_iter().map(|host| host.to_ascii_lowercase());
        Self {
            hosts: Arc::new(lower.collect()),
            permits: Arc::new(Semaphore::new(REQUESTS_MAX)),
        }
    }

    /// Whether a `Host` is this listener's. An address cannot be rebound, and no other name is believed.
    fn knows(&self, authority: &str) -> bool {
        let Some(host) = host_of(authority) else {
            return false;
        };
        let mut known = self.hosts.iter();
        host.parse::<IpAddr>().is_ok()
            || host.eq_ignore_ascii_case("localhost")
            || known.any(|known| host.eq_ignore_ascii_case(known))
    }

    /// Errors: the refusal of a request that somebody else's page may have caused.
    pub fn judge(&self, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = one(headers, &header::HOST)?.unwrap_or_default();
        if !self.knows(host) {
            return Err(Refusal::host("the host is none of this listener's"));
        }
        if *method != Method::POST {
            return Ok(());
        }
        let site = one(headers, &HeaderName::from_static("sec-fetch-site"))?;
        if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
            return Err(Refusal::origin("another site caused this request"));
        }
        if let Some(origin) = one(headers, &header::ORIGIN)? {
            let authority = origin.split_once("://").map(|(_, rest)| rest);
            if authority.is_none_or(|authority| !authority.eq_ignore_ascii_case(host)) {
                return Err(Refusal::origin("the origin is another than the host"));
            }
        }
        let kind = one(headers, &header::CONTENT_TYPE)?.unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Refusal::media_type("the body is of another kind"));
        }
        Ok(())
    }
}

/// The host of `host` or `host:port`, without the brackets of an address of version 6; nothing where anything else stands before, between or behind.
fn host_of(authority: &str) -> Option<&str> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = bracketed.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, rest)
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port = |port: &str| port.bytes().all(|digit| digit.is_ascii_digit());
    let is_whole = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
    is_whole.then_some(host)
}

/// A header that must not be there twice: two readers could believe two values.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut all = headers.get_all(name).iter();
    let (first, second) = (all.next(), all.next());
    if second.is_some() {
        return Err(Refusal::path(format!("`{name}` is there twice")));
    }
    match first.map(HeaderValue::to_str) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text)),
        Some(Err(_)) => Err(Refusal::path(format!("`{name}` is no text"))),
    }
}

/// Lets a request through, or not, and says of every answer what a browser may do with it.
pub async fn door(State(door): State<Door>, request: Request, next: Next) -> Response {
    let mut response = match door.judge(request.method(), request.headers()) {
        Err(refusal) => refusal.into_response(),
        Ok(()) => match door.permits.try_acquire() {
            // Of a subscription the permit ends with its head: subscribers are counted apart.
            Ok(_permit) => next.run(request).await,
            Err(_) => Refusal::busy("too many requests at once").into_response(),
        },
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn judged(method: &Method, pairs: &[(&'static str, &'static str)]) -> Result<(), &'static str> {
        let door = Door::new(vec!["Keeper.example.org".into()]);
        door.judge(method, &headers(pairs))
            .map_err(|refusal| refusal.code())
    }

    #[test]
    fn a_name_that_is_not_listed_is_refused_and_an_address_is_not() {
        for host in [
            "127.0.0.1:9464",
            "localhost:1",
            "LOCALHOST",
            "[::1]:9464",
            "192.168.1.5",
            "keeper.example.org",
            "keeper.example.org:443",
        ] {
            assert_eq!(judged(&Method::GET, &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:9464",
            "",
            "keeper.example.org.evil:1",
            "[::1",
            "[::1]keeper.evil.example",
            "[::1]:80.evil.example",
            "[127.0.0.1]",
            "[localhost]:80",
            "::1",
            "localhost:80:80",
            "127.0.0.1:evil.example",
        ] {
            let told = judged(&Method::GET, &[("host", host)]);
            assert_eq!(told, Err("dashboard/host"), "{host}");
        }
        assert_eq!(judged(&Method::GET, &[]), Err("dashboard/host"));
        assert_eq!(
            judged(
                &Method::GET,
                &[("host", "localhost"), ("host", "evil.example")]
            ),
            Err("dashboard/path")
        );
    }

    #[test]
    fn a_post_is_json_of_the_page_itself() {
        const HOST: (&str, &str) = ("host", "127.0.0.1:9464");
        const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");
        for (more, told) in [
            (vec![JSON], Ok(())),
            (vec![JSON, ("origin", "http://127.0.0.1:9464")], Ok(())),
            (
                vec![JSON, ("origin", "http://127.0.0.1:9465")],
                Err("dashboard/origin"),
            ),
            (vec![JSON, ("origin", "null")], Err("dashboard/origin")),
            (
                vec![JSON, ("origin", "https://evil.example")],
                Err("dashboard/origin"),
            ),
            (vec![JSON, ("sec-fetch-site", "same-origin")], Ok(())),
            (
                vec![JSON, ("sec-fetch-site", "cross-site")],
                Err("dashboard/origin"),
            ),
            (
                vec![JSON, ("sec-fetch-site", "same-site")],
                Err("dashboard/origin"),
            ),
            (
                vec![("content-type", "text/plain")],
                Err("dashboard/media-type"),
            ),
            (vec![], Err("dashboard/media-type")),
        ] {
            let all: Vec<_> = std::iter::once(HOST).chain(more).collect();
            assert_eq!(judged(&Method::POST, &all), told, "{all:?}");
        }
    }
}
