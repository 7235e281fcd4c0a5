//! Pages that are none, and servers that do not mean well: each has an error that says what it is, soon.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use agentcity_pages::{
    document::{Documents, TEXT_BYTES_MAX},
    fetch::{self, FetchError, Files, Hosts, Network, PAGE_BYTES_MAX, Raw, Rules},
    page::{self, CharsetError, LINKS_MAX, Page, PageError},
    source::{self, Source},
};
use proptest::prelude::*;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

fn raw(bytes: impl Into<Vec<u8>>) -> Raw {
    Raw {
        at: None,
        content_type: None,
        bytes: bytes.into(),
    }
}

fn read(bytes: impl Into<Vec<u8>>) -> Result<Page, PageError> {
    page::read(&raw(bytes))
}

// ------------------------------------------------------------------ pages

#[test]
fn broken_markup_is_read_as_browsers_do() {
    let page =
        read("<!doctype html><title>Tea &amp toast</TITLE><p>one<p>two <b>three</i></b><table>lost<tr><td>four")
            .expect("a page");
    assert_eq!(page.title, "Tea & toast");
    assert_eq!(page.text, "one\ntwo three\nlost\nfour");
    let page = read("plain words <3 and & more").expect("a page");
    assert_eq!(page.text, "plain words <3 and & more");
    let page = read("<!-- <p>no</p> --><script>if (a<b) {}</script><template><p>no</template>yes")
        .expect("a page");
    assert_eq!(page.text, "yes");
}

#[test]
fn what_is_no_page_is_told_what_it_is() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    assert_eq!(read(png), Err(PageError::Binary(6)));
    assert_eq!(read(""), Err(PageError::Empty));
    assert_eq!(read("<nav><a href=/>all</a></nav>"), Err(PageError::Empty));
    let utf16 = read(b"\xff\xfe<\0p\0>\0");
    assert_eq!(
        utf16,
        Err(CharsetError::Unsupported("utf-16".to_owned()).into())
    );
    let wrong = read(b"<meta charset=utf-8><p>caf\xe9");
    assert!(matches!(
        wrong,
        Err(PageError::Charset(CharsetError::Invalid { at: 26, .. }))
    ));
    let pdf = Raw {
        content_type: Some("application/pdf".to_owned()),
        ..raw("%PDF-1.7")
    };
    assert_eq!(
        page::read(&pdf),
        Err(PageError::Type("application/pdf".to_owned()))
    );
    let latin = Raw {
        content_type: Some("text/html; charset=ISO-8859-1".to_owned()),
        ..raw(b"<p>caf\xe9")
    };
    assert_eq!(page::read(&latin).expect("a page").text, "café");
}

#[test]
fn pages_that_are_too_deep_or_too_many_end_soon() {
    let begun = Instant::now();
    let deep = "<div>".repeat(PAGE_BYTES_MAX / 5);
    assert_eq!(read(deep), Err(PageError::Depth));
    let formatted = "<b><i><u>x".repeat(PAGE_BYTES_MAX / 10);
    assert_eq!(read(formatted), Err(PageError::Depth));
    let many = "<br>".repeat(PAGE_BYTES_MAX / 4);
    assert_eq!(read(many), Err(PageError::Nodes));
    let fostered = format!("<table>{}", "<tr>x".repeat(PAGE_BYTES_MAX / 6));
    assert!(matches!(read(fostered), Err(PageError::Nodes) | Ok(_)));
    // Minutes, if any of these were quadratic in its bytes.
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "{:?}",
        begun.elapsed()
    );
}

fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~\n]{0,20}",
        "\\PC{0,8}",
        "</?(a|p|b|table|tr|td|li|ul|select|option|template|svg|math|form|title|main|article|body|html|frameset|script|style|nobr|button|h1|header)( (href|lang|hidden|role|class)=['\"]?[ -~]{0,12}['\"]?)?/?>",
        Just("a\u{9b}b\u{7f}\u{85}c".to_owned()),
        Just("<!--".to_owned()),
        Just("-->".to_owned()),
        Just("<![CDATA[".to_owned()),
        Just("&amp;&#0;&#x1F600;&notin".to_owned()),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn holds_its_caps(page: &Page) {
    assert!(!page.text.is_empty() && page.title.chars().count() <= 300);
    assert!(page.links.len() <= LINKS_MAX);
    let links: BTreeSet<_> = page.links.iter().collect();
    assert_eq!(links.len(), page.links.len(), "each once");
    assert!(matches!(page.language.len(), 2..=8));
    let is_plain = |c: char| !c.is_control() || c == '\n';
    assert!(
        page.text.chars().chain(page.title.chars()).all(is_plain),
        "{:?}",
        page.text
    );
    assert!(
        !page.text.contains("  ") && !page.text.contains("\n\n"),
        "{:?}",
        page.text
    );
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(page) = read(bytes) {
            holds_its_caps(&page);
        }
    }

    #[test]
    fn whatever_is_tagged_becomes_a_page_within_its_caps_or_nothing(text in soup()) {
        match read(text.clone()) {
            Ok(page) => {
                holds_its_caps(&page);
                prop_assert_eq!(read(text).expect("again"), page, "the same each time");
            }
            Err(error) => prop_assert!(matches!(error, PageError::Empty | PageError::Binary(_)), "{error}"),
        }
    }
}

#[tokio::test]
async fn caps_hold_for_a_page_that_is_large_in_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let links: String = (0..500)
        .map(|n| format!("<a href='http://a.example/{}#{n}'>{n}</a> ", n / 2))
        .collect();
    let page = format!(
        "<html lang='EN-gb-x'><title>{}</title><main>{}</main><p>{links}</p>",
        "t".repeat(5000),
        "<p>word après word.</p>".repeat(20_000),
    );
    std::fs::write(folder.path().join("large.html"), page).expect("a file");
    let rules = Rules {
        files: Files::Below(folder.path().to_owned()),
        ..Rules::default()
    };
    let sources = source::list("large.html").expect("a name");
    let documents = Documents::gather(&sources, &rules, |_, _| {})
        .await
        .expect("a page");
    let document = &documents.documents[0];
    assert!(document.is_cut);
    assert!((TEXT_BYTES_MAX - 4..=TEXT_BYTES_MAX).contains(&document.text.len()));
    assert_eq!(
        (document.title.len(), document.links.len()),
        (300, LINKS_MAX)
    );
    assert_eq!(document.language, "en");
    documents.json().expect("what its schema allows");
}

// ------------------------------------------------------------------ files

#[tokio::test]
async fn files_are_read_below_their_folder_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let (inside, outside) = (folder.path().join("in"), folder.path().join("secret.html"));
    std::fs::create_dir(&inside).expect("a folder");
    std::fs::write(inside.join("a.html"), "<p>open").expect("a file");
    std::fs::write(&outside, "<p>secret").expect("a file");
    std::os::unix::fs::symlink(&outside, inside.join("link.html")).expect("a link");
    let below = Rules {
        files: Files::Below(inside.clone()),
        ..Rules::default()
    };
    let fetch =
        async |name: &str, rules: &Rules| fetch::fetch(&Source::File(name.into()), rules).await;
    assert_eq!(
        fetch("a.html", &below).await.expect("a page").bytes,
        b"<p>open"
    );
    let whole = inside.join("a.html").display().to_string();
    for name in ["../secret.html", "link.html", "a/../../secret.html", &whole] {
        let refused = fetch(name, &below).await.expect_err("outside");
        let is_told = matches!(refused, FetchError::Outside(_) | FetchError::File { .. });
        assert!(is_told, "{name}: {refused}");
    }
    assert!(matches!(
        fetch("link.html", &below).await,
        Err(FetchError::Outside(_))
    ));
    assert!(matches!(
        fetch(&whole, &Rules::default()).await,
        Err(FetchError::Outside(_))
    ));
    let any = Rules {
        files: Files::Any,
        ..Rules::default()
    };
    assert!(fetch(&whole, &any).await.is_ok());
    let gone = fetch("gone.html", &below).await.expect_err("no file");
    assert!(
        gone.to_string().starts_with("file gone.html: No such file"),
        "{gone}"
    );
    assert!(
        fetch(".", &below)
            .await
            .expect_err("a folder")
            .to_string()
            .contains("is no file")
    );
    std::fs::write(inside.join("huge.html"), vec![b'x'; PAGE_BYTES_MAX + 1]).expect("a file");
    assert_eq!(fetch("huge.html", &below).await, Err(FetchError::Size));
}

// ------------------------------------------------------------------ servers

/// Serves by path, until the test is over; answers the port.
async fn server(answer: fn(&str) -> Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                let read = stream.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let path = request.split(' ').nth(1).unwrap_or("/").to_owned();
                if path == "/slow" {
                    tokio::time::sleep(Duration::from_secs(30)).await;
                }
                let _ = stream.write_all(&answer(&path)).await;
            });
        }
    });
    port
}

fn response(head: &str, body: &[u8]) -> Vec<u8> {
    [
        format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n").as_bytes(),
        body,
    ]
    .concat()
}

fn answer(path: &str) -> Vec<u8> {
    let html = "200 OK\r\ncontent-type: text/html; charset=utf-8";
    let to = |place: &str| response(&format!("302 Found\r\nlocation: {place}"), b"");
    match path {
        "/good" => response(
            html,
            b"<title>Good</title><p>Read me, and then <a href='next'>more</a>",
        ),
        "/one" => to("/two"),
        "/two" => to("good"),
        "/loop" => to("/pool"),
        "/pool" => to("/loop#again"),
        "/nowhere" => response("302 Found", b""),
        "/other" => to("http://elsewhere.example/"),
        "/mail" => to("mailto:a@b.example"),
        "/huge" => response(html, &vec![b'x'; PAGE_BYTES_MAX + 1]),
        "/png" => response("200 OK\r\ncontent-type: image/png", b"\x89PNG"),
        "/lies" => response(html, b"\x89PNG\r\n\x1a\n\0\0"),
        "/charset" => response("200 OK\r\ncontent-type: text/html; charset=koi8-r", b"x"),
        "/packed" => response(&format!("{html}\r\ncontent-encoding: br"), b"x"),
        "/gone" => response("410 Gone", b"<p>It was here."),
        "/broken" => b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_vec(),
        "/down0" => to("/good"),
        path if path.starts_with("/down") => {
            let left: u32 = path[5..].parse().expect("a number");
            to(&format!("/down{}", left - 1))
        }
        path => match path
            .strip_prefix("/step")
            .and_then(|n| n.parse::<u32>().ok())
        {
            Some(number) => to(&format!("/step{}", number + 1)),
            None => response("404 Not Found", b""),
        },
    }
}

fn local(port: u16) -> Rules {
    Rules {
        hosts: Hosts::These([format!("localhost:{port}")].into()),
        network: Network::Private,
        files: Files::None,
        time_max: Duration::from_secs(3),
    }
}

async fn get(port: u16, path: &str, rules: &Rules) -> Result<Raw, FetchError> {
    let source = format!("http://localhost:{port}{path}")
        .parse()
        .expect("a source");
    fetch::fetch(&source, rules).await
}

#[tokio::test]
async fn a_page_is_followed_to_where_it_is() {
    let port = server(answer).await;
    let raw = get(port, "/one", &local(port)).await.expect("a page");
    assert_eq!(
        raw.at.as_ref().map(ToString::to_string),
        Some(format!("http://localhost:{port}/good"))
    );
    let page = page::read(&raw).expect("a page");
    assert_eq!(page.title, "Good");
    assert_eq!(page.links, [format!("http://localhost:{port}/next")]);
}

#[tokio::test]
async fn each_way_not_to_be_a_page_has_its_error() {
    let port = server(answer).await;
    let rules = local(port);
    let error = async |path: &str| get(port, path, &rules).await.expect_err(path);
    let at = |path: &str| format!("http://localhost:{port}{path}");
    assert_eq!(error("/loop").await, FetchError::Loop(at("/loop")));
    assert_eq!(error("/step1").await, FetchError::Redirects);
    assert!(
        get(port, "/down4", &rules).await.is_ok(),
        "five are followed"
    );
    assert_eq!(error("/down5").await, FetchError::Redirects);
    assert!(matches!(error("/nowhere").await, FetchError::Location(_)));
    assert_eq!(
        error("/other").await,
        FetchError::Host("elsewhere.example".to_owned())
    );
    assert_eq!(
        error("/mail").await,
        FetchError::Scheme("mailto:a@b.example".to_owned())
    );
    assert_eq!(error("/huge").await, FetchError::Size);
    assert_eq!(error("/gone").await, FetchError::Status(410));
    assert_eq!(error("/none").await, FetchError::Status(404));
    assert!(matches!(
        error("/broken").await,
        FetchError::Connection { .. }
    ));
    let packed = error("/packed").await;
    assert!(
        matches!(
            packed,
            FetchError::Packed(_) | FetchError::Connection { .. }
        ),
        "{packed}"
    );
    let begun = Instant::now();
    assert_eq!(error("/slow").await, FetchError::Time(rules.time_max));
    assert!(begun.elapsed() < Duration::from_secs(20));
    for (path, wanted) in [
        ("/png", PageError::Type("image/png".to_owned())),
        ("/lies", PageError::Binary(6)),
        (
            "/charset",
            CharsetError::Unsupported("koi8-r".to_owned()).into(),
        ),
    ] {
        let raw = get(port, path, &rules).await.expect("an answer");
        assert_eq!(page::read(&raw), Err(wanted), "{path}");
    }
}

#[tokio::test]
async fn nobody_is_asked_whom_the_owner_did_not_name() {
    let port = server(answer).await;
    let mut rules = local(port);
    rules.network = Network::Public;
    let refused = get(port, "/good", &rules).await;
    assert_eq!(refused, Err(FetchError::Private("localhost".to_owned())));
    let literal: Source = format!("http://127.0.0.1:{port}/good")
        .parse()
        .expect("a source");
    rules.hosts = Hosts::These([format!("127.0.0.1:{port}"), format!("[::1]:{port}")].into());
    assert_eq!(
        fetch::fetch(&literal, &rules).await,
        Err(FetchError::Private("127.0.0.1".to_owned()))
    );
    let six: Source = format!("http://[::1]:{port}/good")
        .parse()
        .expect("a source");
    assert_eq!(
        fetch::fetch(&six, &rules).await,
        Err(FetchError::Private("[::1]".to_owned()))
    );
    rules.hosts = Hosts::These(["localhost".to_owned()].into());
    rules.network = Network::Private;
    let refused = get(port, "/good", &rules).await;
    assert_eq!(
        refused,
        Err(FetchError::Host(format!("localhost:{port}"))),
        "another port"
    );
    rules.hosts = Hosts::Any;
    assert!(
        matches!(get(port, "/good", &rules).await, Err(FetchError::Host(_))),
        "usual ports only"
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_told_beside_what_can() {
    let port = server(answer).await;
    let list =
        ["/good", "/loop", "/lies", "/gone"].map(|path| format!("http://localhost:{port}{path}"));
    let sources = source::list(&list.join("\n")).expect("sources");
    let documents = Documents::gather(&sources, &local(port), |_, _| {})
        .await
        .expect("one page");
    assert_eq!(documents.documents.len(), 1);
    let kinds: Vec<_> = documents
        .failures
        .iter()
        .map(|failure| failure.kind.as_str())
        .collect();
    assert_eq!(kinds, ["redirectLoop", "binary", "status"]);
    documents.json().expect("what its schema allows");
    let none = Documents::gather(&sources[1..], &local(port), |_, _| {}).await;
    assert!(
        none.expect_err("nothing")
            .to_string()
            .starts_with("not one page could be read")
    );
}
