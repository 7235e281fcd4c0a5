//! What stories of the command line need: the binary with a clean environment, in a folder of its own, against a city on a devnode; and
//! a transcript of all that was said, which is compared whole with a file.
//!
//! `SNAPSHOTS=overwrite` writes the files anew.

use agentcity_domain::peer::Peer;
use agentcity_test_fixtures::{
    city::{City, Person},
    http::{Http, parse_quantity},
};
use alloy::primitives::{Address, B256, hex};
use serde_json::{Value, json};
use snapbox::cmd::Command;
use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::Output,
};

/// First second of the devnode's chains, and one after all of them.
const SECONDS: std::ops::Range<u64> = 1_767_225_600..4_102_444_800;

/// Verbs that refuse, or change, what a run before them wrote.
const WRITES_ONCE: [&str; 1] = ["merge"];

/// More than any mission of a story has nodes.
const NODES: u64 = 16;

/// The binary, with nothing of ours in its environment.
pub fn agentcity() -> Command {
    let ours = std::env::vars_os().map(|(name, _)| name);
    let ours = ours.filter(|name| name.to_string_lossy().starts_with("AGENTCITY_"));
    ours.fold(
        Command::new(snapbox::cmd::cargo_bin!("agentcity")),
        |command, name| command.env_remove(name),
    )
}

/// What a person typed and read.
#[derive(Debug)]
pub struct Said {
    /// Whether it was done, and what kind of end it was.
    pub code: i32,
    /// Result.
    pub stdout: String,
    /// All else.
    pub stderr: String,
    /// Both and the end, with everything replaced that differs from run to run.
    pub shown: String,
}

impl Said {
    /// What a run of the binary said.
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        let code = output.status.code().expect("no signal");
        let end = match code {
            0 => String::new(),
            code => format!("(exit {code})\n"),
        };
        Self {
            code,
            shown: format!("{stdout}{stderr}{end}"),
            stdout,
            stderr,
        }
    }

    /// What was said when it was done.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!(self.code, 0, "{}", self.shown);
        self.shown
    }

    /// What was said when it was not done, with this exit code.
    #[track_caller]
    pub fn refused(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}", self.shown);
        self.shown
    }

    /// The result of an envelope.
    #[track_caller]
    pub fn result(&self) -> Value {
        let envelope: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|_| panic!("no envelope: {} {}", self.stdout, self.stderr));
        assert_eq!(envelope["ok"], true, "{envelope}");
        envelope["result"].clone()
    }
}

/// A person at a terminal: one folder, one node, one city, and everything that was said there.
#[derive(Debug)]
pub struct Terminal {
    folder: tempfile::TempDir,
    url: String,
    city: Address,
    names: BTreeMap<String, String>,
    transcript: String,
    /// The same as it was said.
    raw: String,
    beside: RefCell<Beside>,
}

/// What verbs of some nouns said in both forms, kept beside the story.
#[derive(Debug, Default)]
struct Beside {
    nouns: Vec<String>,
    /// Whether it was done, and what was said.
    verbs: BTreeMap<String, (bool, String)>,
}

impl Terminal {
    /// At a city. Its members, adjudicators and clerks are known by name in the transcript.
    pub fn at(city: &City) -> Self {
        let mut terminal = Self {
            folder: tempfile::tempdir().expect("a folder"),
            url: format!("http://{}", city.node.address()),
            city: city.address(Peer::Constitution),
            names: BTreeMap::new(),
            transcript: String::new(),
            raw: String::new(),
            beside: RefCell::default(),
        };
        for peer in Peer::ALL {
            terminal.call(city.address(peer).to_string(), peer.name());
        }
        let clerks = city.clerks.iter();
        for person in clerks.flat_map(|pair| [&pair.agent, &pair.principal]) {
            terminal.know(person);
        }
        for person in &city.adjudicators {
            terminal.know(person);
        }
        terminal
    }

    /// From now on the transcript has this name for an address or a word.
    pub fn call(&mut self, what: impl Into<String>, name: &str) {
        self.names
            .insert(what.into().to_lowercase(), name.to_owned());
    }

    /// From now on the transcript calls somebody by name.
    pub fn know(&mut self, person: &Person) {
        self.call(person.address().to_string(), &person.name);
    }

    /// A file of the person.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes one.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.file(name), text).expect("a file is written");
    }

    /// A heading of the transcript.
    pub fn chapter(&mut self, title: &str) {
        let _ = writeln!(self.transcript, "# {title}\n");
    }

    /// Types a line with nobody's key.
    pub fn run(&mut self, line: &str) -> Said {
        self.type_in(None, line)
    }

    /// Types a line with somebody's key in the environment.
    pub fn by(&mut self, who: &Person, line: &str) -> Said {
        self.type_in(Some(who), line)
    }

    /// Types a line whose result the story needs and the transcript does not.
    #[track_caller]
    pub fn ask(&self, who: Option<&Person>, line: &str) -> Value {
        let said = self.silently(who, &format!("{line} --json"));
        assert_eq!(said.code, 0, "{line}: {}", said.stderr);
        said.result()
    }

    /// Types a line, as it is, that the transcript does not have.
    pub fn silently(&self, who: Option<&Person>, line: &str) -> Said {
        self.tell_as(who, &line.split_whitespace().collect::<Vec<_>>())
    }

    /// Types words with nobody's key: what is said is compared where it is said.
    pub fn tell(&self, words: &[&str]) -> Said {
        self.tell_as(None, words)
    }

    /// The same with somebody's key in the environment.
    pub fn tell_as(&self, who: Option<&Person>, words: &[&str]) -> Said {
        let other = self.other_form(who, words);
        let said = self.just_tell(who, words);
        if let Some((other, code)) = other
            && (code == 0) == (said.code == 0)
        {
            let own = in_lines(&said.stdout);
            let own = format!("$ agentcity {}\n{own}{}", words.join(" "), said.stderr);
            let text = self.redact(&own) + "\n" + &other + "\n";
            let mut beside = self.beside.borrow_mut();
            beside
                .verbs
                .insert(words[..2].join(" "), (said.code == 0, text));
        }
        said
    }

    /// From now on the first line of each verb of these nouns that is done is kept in both forms; of one that never is, the last.
    pub fn keep_both(&self, nouns: &[&str]) {
        self.beside.borrow_mut().nouns = nouns.iter().map(ToString::to_string).collect();
    }

    /// Compares what was kept with its file.
    #[track_caller]
    pub fn compare_both(&self, file: snapbox::Data) {
        let beside = self.beside.borrow();
        let all: String = beside.verbs.values().map(|(_, text)| &**text).collect();
        snapbox::assert_data_eq!(all, file.raw());
    }

    /// The same words in the other form, before they are carried out: what sends is only told what it would do.
    fn other_form(&self, who: Option<&Person>, words: &[&str]) -> Option<(String, i32)> {
        let [noun, verb, ..] = words else {
            return None;
        };
        {
            let beside = self.beside.borrow();
            let is_asked = beside.nouns.iter().any(|of| of == noun);
            let known = beside.verbs.get(&format!("{noun} {verb}"));
            let is_known = known.is_some_and(|(is_done, _)| *is_done);
            if !is_asked || is_known || words.contains(&"--dry-run") {
                return None;
            }
        }
        let is_json = words.contains(&"--json");
        let mut plain: Vec<&str> = words.to_vec();
        plain.retain(|word| *word != "--json");
        if WRITES_ONCE.contains(verb) {
            // Beside what the run that counts writes.
            plain.extend(["--out", "beside.json"]);
        }
        let form: &[&str] = if is_json { &[] } else { &["--json"] };
        for dry in [&["--dry-run"][..], &[]] {
            let words = [&plain, dry, form].concat();
            let said = self.just_tell(who, &words);
            // A verb that sends nothing has no such flag.
            if said.code != 2 {
                let told = in_lines(&said.stdout);
                let told = format!("$ agentcity {}\n{told}{}", words.join(" "), said.stderr);
                return Some((self.redact(&told), said.code));
            }
        }
        None
    }

    fn just_tell(&self, who: Option<&Person>, words: &[&str]) -> Said {
        let mut command = agentcity()
            .current_dir(self.folder.path())
            .env("AGENTCITY_RPC_URL", &self.url)
            .env("AGENTCITY_CITY", self.city.to_string());
        if let Some(who) = who {
            let key = hex::encode_prefixed(who.signer().to_bytes());
            command = command.env("AGENTCITY_PRIVATE_KEY", key);
        }
        let output = command.args(words).output();
        let mut said = Said::of(&output.expect("the binary runs"));
        said.shown = self.redact(&said.shown);
        said
    }

    fn type_in(&mut self, who: Option<&Person>, line: &str) -> Said {
        let said = self.silently(who, line);
        self.raw += &said.stdout;
        self.raw += &said.stderr;
        let prompt = who.map_or_else(String::new, |who| format!("[{}] ", who.name));
        let mut shown = format!("{prompt}$ agentcity {line}\n");
        shown += &match line.contains("--json") {
            true => in_lines(&said.stdout),
            false => said.stdout.clone(),
        };
        shown += &said.stderr;
        if said.code != 0 {
            let _ = writeln!(shown, "(exit {})", said.code);
        }
        let shown = self.redact(&shown);
        self.transcript += &shown;
        self.transcript += "\n";
        said
    }

    /// Whether anything like this was ever said, as it was said.
    pub fn said(&self, what: &str) -> bool {
        self.raw.contains(what)
    }

    /// Compares the transcript with its file.
    #[track_caller]
    pub fn compare(&self, file: snapbox::Data) {
        snapbox::assert_data_eq!(self.transcript.clone(), file.raw());
    }

    /// Compares a text of the same story with its file.
    #[track_caller]
    pub fn hold(&self, text: &str, file: snapbox::Data) {
        snapbox::assert_data_eq!(self.redact(text), file.raw());
    }

    /// Replaces what differs from build to build and run to run: addresses and words by their names, seconds, gas, blocks.
    fn redact(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = rest
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            if length == 0 {
                out.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            }
            let (token, after) = rest.split_at(length);
            rest = after;
            match self.named(token, &out) {
                Some(name) => {
                    let _ = write!(out, "[{name}]");
                    // The same second as a date.
                    if name == "SECOND"
                        && let Some(end) = rest.find("UTC)")
                        && rest.starts_with(" (")
                    {
                        rest = &rest[end + "UTC)".len()..];
                    }
                }
                None => out += token,
            }
        }
        out.split_inclusive('\n').map(without_lengths).collect()
    }

    fn named(&self, token: &str, before: &str) -> Option<String> {
        if let Some(digits) = token.strip_prefix("0x") {
            if let Some(name) = self.names.get(&token.to_lowercase()) {
                return Some(name.clone());
            }
            let size = digits.len() / 2;
            return Some(match size {
                _ if token == B256::ZERO.to_string() => return None,
                _ if token == Address::ZERO.to_string() => return None,
                20 => "ADDRESS".to_owned(),
                32 => "WORD".to_owned(),
                size if size > 4 => "BYTES".to_owned(),
                _ => return None,
            });
        }
        let number: u64 = token.parse().ok()?;
        if SECONDS.contains(&number) {
            return Some("SECOND".to_owned());
        }
        let line = before.rsplit('\n').next().unwrap_or_default();
        let label = line.trim_end_matches([' ', ':', '"']);
        let moved = label.ends_with("moved by");
        let label = label.rsplit(['"', ' ']).next().unwrap_or_default();
        let alone = line.trim_start().trim_start_matches('"').starts_with(label);
        if label == "gasUsed" || (label == "gas" && alone) {
            return Some("GAS".to_owned());
        }
        // How long a halt lay follows the clock of the chain.
        if moved || label == "haltedSecs" {
            return Some("SECS".to_owned());
        }
        // Blocks differ with what fixtures do before a story begins; where a table begins with one it is greater than any node.
        let begins = line.trim().is_empty() && number > NODES;
        let words = ["the newest is ", "block ", "[BLOCK] to "];
        let is_block = ["block", "blocks", "fromBlock", "toBlock"].contains(&label) || begins;
        let is_block = is_block || words.iter().any(|words| line.ends_with(words));
        is_block.then(|| "BLOCK".to_owned())
    }
}

/// An envelope is easier to read, and to compare, line by line.
fn in_lines(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(envelope) => format!("{envelope:#}\n"),
        Err(_) => text.to_owned(),
    }
}

/// How long it is until a second follows the clock; a table of amendments ends with their blocks.
fn without_lengths(line: &str) -> String {
    let (text, end) = match line.strip_suffix('\n') {
        Some(text) => (text, "\n"),
        None => (line, ""),
    };
    let text = match text.split_once(" left") {
        Some((before, after)) if before.contains(" s (") => {
            let start = before.rfind(", ").map_or(0, |at| at + 2);
            format!("{}[LENGTH] left{after}", &before[..start])
        }
        _ => text.to_owned(),
    };
    let last = text.rsplit(' ').next().unwrap_or_default();
    let is_number = !last.is_empty() && last.bytes().all(|c| c.is_ascii_digit());
    if is_number
        && ["  weaker  ", "  tighter  "]
            .iter()
            .any(|way| text.contains(way))
    {
        return format!("{}[BLOCK]{end}", &text[..text.len() - last.len()]);
    }
    text + end
}

/// Transactions that a chain has seen: what must not grow where nothing may be sent.
pub fn transactions(city: &mut City) -> u64 {
    let rpc = city.client.rpc();
    let head = rpc.block_number().expect("the node answers");
    (0..=head)
        .map(|block| {
            let block = format!("{block:#x}");
            let count = rpc.call("eth_getBlockTransactionCountByNumber", json!([block]));
            let count = count.expect("the node answers");
            parse_quantity(&count).unwrap_or_default() as u64
        })
        .sum()
}

/// A node that answers what no node would. Which lie it tells is the path of its URL; what a lie leaves alone is asked of a real node.
#[derive(Debug)]
pub struct Liar {
    address: SocketAddr,
}

impl Liar {
    /// Beside an honest node.
    pub fn beside(honest: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let _ = lie(stream, honest);
                });
            }
        });
        Self { address }
    }

    /// Where it tells that lie.
    pub fn url(&self, lie: &str) -> String {
        format!("http://{}/{lie}", self.address)
    }
}

/// Blocks of which a narrow node tells events at once.
const NARROW: u64 = 7;

/// How many blocks a question for events covers.
fn blocks(request: &Value) -> u64 {
    let filter = &request["params"][0];
    let [from, to] = ["fromBlock", "toBlock"].map(|end| parse_quantity(&filter[end]));
    let count = to.unwrap_or_default() - from.unwrap_or_default() + 1;
    u64::try_from(count).expect("a few blocks")
}

/// Answers one request, and closes.
fn lie(mut stream: TcpStream, honest: SocketAddr) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut first, mut line, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let method = request["method"].as_str().unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default();
    let result = |value: Value| {
        json!({ "jsonrpc": "2.0", "id": request["id"], "result": value }).to_string()
    };
    let refusal =
        |error: Value| json!({ "jsonrpc": "2.0", "id": request["id"], "error": error }).to_string();
    let (mut status, mut claimed) = ("200 OK", None);
    let answer = match (path.trim_start_matches('/'), method) {
        ("text", _) => "hello".to_owned(),
        ("empty", _) => String::new(),
        ("page", _) => {
            status = "502 Bad Gateway";
            "<html>nothing here</html>".to_owned()
        }
        ("moved", _) => {
            status = "301 Moved Permanently";
            String::new()
        }
        ("list", _) => "[]".to_owned(),
        ("null", _) => "null".to_owned(),
        ("deep", _) => "[".repeat(20_000),
        ("silent", _) => return Ok(()),
        ("cut", _) => {
            claimed = Some(1_000);
            r#"{"jsonrpc":"2.0","#.to_owned()
        }
        ("another-id", _) => json!({ "jsonrpc": "2.0", "id": 999, "result": "0x1" }).to_string(),
        ("no-result", _) => json!({ "jsonrpc": "2.0", "id": request["id"] }).to_string(),
        ("odd-error", _) => refusal(json!("no")),
        ("limited", _) => refusal(json!({ "code": -32005, "message": "too many requests" })),
        ("chain-null", "eth_chainId") => result(Value::Null),
        ("chain-text", "eth_chainId") => result(json!("arbitrum")),
        ("chain-huge", "eth_chainId") => result(json!(format!("0x{}", "f".repeat(40)))),
        ("no-code", "eth_getCode") => result(json!("0x")),
        ("odd-code", "eth_getCode") => result(json!("0xzz")),
        ("call-empty", "eth_call") => result(json!("0x")),
        ("call-short", "eth_call") => result(json!("0x01")),
        ("call-text", "eth_call") => result(json!("yes")),
        ("call-ones", "eth_call") => result(json!(format!("0x{}", "ff".repeat(2_048)))),
        ("call-false", "eth_call") => result(json!(B256::ZERO)),
        ("odd-revert", "eth_call") => {
            refusal(json!({ "code": 3, "message": "execution reverted", "data": "0xdeadbeef" }))
        }
        ("bare-revert", "eth_call") => {
            refusal(json!({ "code": 3, "message": "execution reverted" }))
        }
        ("block-null", "eth_getBlockByNumber") => result(Value::Null),
        ("block-odd", "eth_getBlockByNumber") => result(json!({ "number": "0x1" })),
        // An honest node with a bound on ranges, as many public ones have.
        ("narrow", "eth_getLogs") if blocks(&request) > NARROW => refusal(
            json!({ "code": -32602, "message": format!("at most {NARROW} blocks may be asked for") }),
        ),
        ("logs-null", "eth_getLogs") => result(Value::Null),
        ("logs-odd", "eth_getLogs") => result(json!([{ "address": "0x1" }])),
        ("logs-foreign", "eth_getLogs") => result(json!([{
            "address": Address::ZERO, "topics": [B256::repeat_byte(9)], "data": "0x", "blockNumber": "0x1",
            "transactionHash": B256::ZERO, "transactionIndex": "0x0", "blockHash": B256::ZERO, "logIndex": "0x0", "removed": false,
        }])),
        ("poor", "eth_estimateGas" | "eth_sendRawTransaction") => refusal(
            json!({ "code": -32000, "message": "insufficient funds for gas * price + value" }),
        ),
        ("no-gas", "eth_estimateGas") => result(json!("lots")),
        _ => {
            let reply = Http::new(honest).post(&body)?;
            String::from_utf8_lossy(&reply.body).into_owned()
        }
    };
    let length = claimed.unwrap_or(answer.len());
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}"
    )
}
