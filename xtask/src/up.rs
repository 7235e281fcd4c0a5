//! `cargo xtask up` and `down`: a devnode in the background with a sealed city on it, whose people are in office; and in that city the
//! main job ([`crate::town`]).
//!
//! The founding is done by the command line client, as a person would: decisions into a file, programs onto the chain, the
//! manifest to those who sign it, the seal, the people into office. The keys are the devnode's own, which everyone knows.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use agentcity_interrupt::{Ending, guard};
use eyre::{Context, OptionExt, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    process::{self, step},
    programs, rpc,
    setup::{self, Need},
    town,
    workspace::Workspace,
};

/// Port clients try first.
const PORT: u16 = 8545;

/// A node that has not answered by then will not: it starts in a tenth of a second, this is a hundred times that.
const START_LIMIT: Duration = Duration::from_secs(10);

/// How long whatever was started may take to end when somebody interrupts it: machines end what is open, as keepers do.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a stopped node may take to write its state.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Pause between two looks at a starting or stopping node.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The folder of the devnode and its city.
const HOME: &str = "devnode";
/// What the city of the devnode is for.
const MANDATE: &str = "Agents legislate, software executes, humans adjudicate.";
/// Its name in the address book.
const CITY: &str = "devnode";
/// Accounts that the devnode funds: who founds, seven adjudicators, four clerks and their two principals, and some to play with.
const ACCOUNTS: usize = 20;
/// Who of them founds, as nobody in particular.
const FOUNDER: usize = 0;
/// Who of them adjudicates.
const ADJUDICATORS: std::ops::Range<usize> = 1..8;
/// Clerks and who answers for each.
const CLERKS: [(&str, usize, usize); 4] = [
    ("registrar", 8, 12),
    ("speaker", 9, 13),
    ("regulator", 10, 12),
    ("codifier", 11, 13),
];

/// The first who answers for clerks, and the first with no part.
const FIRST_OWNER: usize = 12;
const FIRST_FREE: usize = 14;

/// What `up` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Port of the devnode; the next free one when it is taken.
    #[arg(long, default_value_t = PORT)]
    port: u16,
    /// Found the city, and have no mission done in it.
    #[arg(long, conflicts_with_all = ["pages", "keep", "allow_private"])]
    city_only: bool,
    #[command(flatten)]
    town: town::Options,
}

/// What we know of the node we started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Running {
    pid: u32,
    address: SocketAddr,
}

/// `cargo xtask up`. What it started ends with it when it fails, unless it is told to keep that, or when somebody interrupts it; a devnode
/// that was there before stays.
pub(crate) fn up(ws: &Workspace, options: Options) -> eyre::Result<ExitCode> {
    let keeps = options.town.keep;
    to_its_end(ws, HOME, keeps, move |ws| work(ws, &options))
}

/// Has work done around the devnode of a folder.
fn to_its_end(
    ws: &Workspace,
    name: &str,
    keeps: bool,
    work: impl FnOnce(&Workspace) -> eyre::Result<()> + Send + 'static,
) -> eyre::Result<ExitCode> {
    let home = Home::new(ws, name);
    let before = home.recorded().filter(is_ours);
    let own = ws.clone();
    let ended = guard(PATIENCE, move || work(&own));
    match ended.wrap_err("cannot hear interrupts")? {
        Ending::Done(Ok(())) => Ok(ExitCode::SUCCESS),
        Ending::Done(Err(error)) => {
            if !keeps {
                home.clear(before.as_ref())?;
            }
            Err(error)
        }
        Ending::Interrupted(how) => {
            eprintln!("{how}");
            home.clear(before.as_ref())?;
            Ok(ExitCode::from(how.exit_code()))
        }
    }
}

fn work(ws: &Workspace, options: &Options) -> eyre::Result<()> {
    let start = Instant::now();
    let tools = step("setup", || setup::run(ws, Need::Everything))?;
    step("programs", || {
        let reports = programs::build(ws, &tools, None)?;
        print!("{}", programs::table(&reports));
        Ok(())
    })?;
    step("binaries", || {
        let founding = ["agentcity-devnode", "agentcity"];
        let all = [&founding[..], &town::BINARIES];
        ws.build_binaries(all[usize::from(!options.city_only)])
    })?;
    let built = start.elapsed();
    let home = Home::new(ws, HOME);
    let (city, left) = raise(&home, options.port)?;
    city.report(&left)?;
    if !options.city_only {
        town::run(ws, &city.grounds(), &options.town)?;
    }
    eprintln!(
        "up in {}, of which {} went into building; `cargo xtask down` stops {}",
        process::seconds(start.elapsed()),
        process::seconds(built),
        if options.town.keep {
            "everything"
        } else {
            "the node"
        }
    );
    Ok(())
}

/// A devnode and a city on it, as far as they are not there yet; and what people are left to do.
pub(crate) fn raise<'a>(home: &'a Home<'a>, port: u16) -> eyre::Result<(City<'a>, Vec<String>)> {
    let node = step("devnode", || home.ensure_node(port))?;
    let city = City::of(home, &node)?;
    step("city", || city.found())?;
    let left = step("people", || city.people())?;
    city.write_environment()?;
    Ok((city, left))
}

/// `cargo xtask down`.
pub(crate) fn down(ws: &Workspace) -> eyre::Result<ExitCode> {
    let home = Home::new(ws, HOME);
    let machines = town::stop(&home.town())?;
    if machines > 0 {
        println!("{machines} machines stopped");
    }
    match home.stop()? {
        None => println!("no devnode was started from here"),
        Some((node, true)) => println!("devnode on {} stopped", node.address),
        Some((node, false)) => println!("the devnode on {} had already ended", node.address),
    }
    Ok(ExitCode::SUCCESS)
}

/// Where a devnode and what is known of its city lie.
#[derive(Debug)]
pub(crate) struct Home<'a> {
    ws: &'a Workspace,
    dir: PathBuf,
}

impl<'a> Home<'a> {
    /// In a folder of the build's, by its name.
    pub(crate) fn new(ws: &'a Workspace, name: &str) -> Self {
        let dir = ws.target().join(name);
        Self { ws, dir }
    }

    fn state_file(&self) -> PathBuf {
        self.dir.join("running.json")
    }

    fn log_file(&self) -> PathBuf {
        self.dir.join("devnode.log")
    }

    fn deployments(&self) -> PathBuf {
        self.dir.join("deployments")
    }

    fn genesis(&self) -> PathBuf {
        self.dir.join("genesis.toml")
    }

    fn keys(&self) -> PathBuf {
        self.dir.join("people.keys")
    }

    /// Everything of the machines.
    fn town(&self) -> PathBuf {
        self.dir.join("town")
    }

    /// What a shell needs to know: the node, the address book, everybody's keys.
    pub(crate) fn environment(&self) -> PathBuf {
        self.dir.join("env")
    }

    fn recorded(&self) -> Option<Running> {
        serde_json::from_slice(&fs::read(self.state_file()).ok()?).ok()
    }

    /// Ends the node that work which did not come to its end left, and says so; its machines have ended with `agentcity-town`.
    fn clear(&self, before: Option<&Running>) -> eyre::Result<()> {
        let is_new = |node: &Running| before.is_none_or(|before| before.pid != node.pid);
        if self.recorded().is_some_and(|node| is_new(&node)) {
            town::stop(&self.town())?;
            if let Some((node, true)) = self.stop()? {
                eprintln!("the devnode on {} stopped", node.address);
            }
        }
        Ok(())
    }

    /// Stops the node that was started here. Which one, and whether it was still there; `None` when there was none.
    pub(crate) fn stop(&self) -> eyre::Result<Option<(Running, bool)>> {
        let Some(node) = self.recorded() else {
            return Ok(None);
        };
        let runs = is_ours(&node);
        if runs {
            process::terminate(node.pid)?;
            let start = Instant::now();
            while is_ours(&node) {
                if start.elapsed() > STOP_LIMIT {
                    bail!(
                        "the devnode (process {}) does not stop: see {}",
                        node.pid,
                        self.log_file().display()
                    );
                }
                std::thread::sleep(LOOK_EVERY);
            }
        }
        fs::remove_file(self.state_file())?;
        Ok(Some((node, runs)))
    }

    fn ensure_node(&self, port: u16) -> eyre::Result<Running> {
        if let Some(node) = self.recorded().filter(is_ours) {
            if is_healthy(&node) {
                eprintln!(
                    "   using the devnode on {} (process {})",
                    node.address, node.pid
                );
                return Ok(node);
            }
            bail!(
                "the devnode (process {}) does not answer on {}: `cargo xtask down`, then see {}",
                node.pid,
                node.address,
                self.log_file().display()
            );
        }
        self.start_node(port)
    }

    fn start_node(&self, port: u16) -> eyre::Result<Running> {
        fs::create_dir_all(&self.dir)?;
        // What was written of the chain before is nothing to the new one.
        let _ = fs::remove_dir_all(self.deployments());
        town::stop(&self.town())?;
        let _ = fs::remove_dir_all(self.town());
        // Port 0 lets the system choose; the node says which one it got.
        let port = if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            port
        } else {
            eprintln!("   port {port} is taken, using another");
            0
        };
        let log = self.log_file();
        let out =
            File::create(&log).wrap_err_with(|| format!("cannot create {}", log.display()))?;
        let mut command = Command::new(self.ws.cargo_debug().join("agentcity-devnode"));
        command
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .args(["--accounts", &ACCOUNTS.to_string()])
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out)
            .current_dir(&self.ws.root);
        // Its own process group: a Ctrl-C after this command, or the end of this shell's job, does not reach it.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child =
            agentcity_interrupt::spawn(&mut command).wrap_err("cannot start agentcity-devnode")?;
        let start = Instant::now();
        loop {
            let said = fs::read_to_string(&log).unwrap_or_default();
            if let Some(address) = listening_on(&said) {
                let node = Running {
                    pid: child.id(),
                    address,
                };
                if is_healthy(&node) {
                    fs::write(self.state_file(), serde_json::to_vec_pretty(&node)?)?;
                    eprintln!(
                        "   devnode on {address} (process {}), log in {}",
                        node.pid,
                        log.display()
                    );
                    return Ok(node);
                }
            }
            if let Some(status) = child.try_wait()? {
                bail!("the devnode ended at once ({status}):\n{said}");
            }
            if start.elapsed() > START_LIMIT {
                child.kill()?;
                bail!(
                    "the devnode does not answer after {}:\n{said}",
                    process::seconds(START_LIMIT)
                );
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

/// Whether the process still is the devnode we started: process ids are given out again.
fn is_ours(node: &Running) -> bool {
    process::arguments(node.pid).contains("agentcity-devnode")
}

fn is_healthy(node: &Running) -> bool {
    rpc::call(node.address, "eth_chainId", json!([])).is_ok()
}

/// Address in the line that anvil's clients wait for.
fn listening_on(log: &str) -> Option<SocketAddr> {
    log.lines()
        .find_map(|line| line.strip_prefix("Listening on ")?.trim().parse().ok())
}

/// Lines of the banner below `heading` that begin with `(`.
fn banner<'a>(log: &'a str, heading: &str) -> Vec<&'a str> {
    log.lines()
        .skip_while(|line| !line.starts_with(heading))
        .skip(1)
        .skip_while(|line| !line.starts_with('('))
        .take_while(|line| line.starts_with('('))
        .collect()
}

/// The city that `up` founds, and how the client is called for it.
pub(crate) struct City<'a> {
    home: &'a Home<'a>,
    address: SocketAddr,
    url: String,
    /// Of each funded account, address and key: development money, known to everyone.
    accounts: Vec<(String, String)>,
}

impl<'a> City<'a> {
    fn of(home: &'a Home<'a>, node: &Running) -> eyre::Result<Self> {
        let log = fs::read_to_string(home.log_file())
            .wrap_err("the devnode's log is gone: `cargo xtask down`, then `up`")?;
        let word = |line: &&str| line.split_whitespace().nth(1).map(str::to_owned);
        let addresses = banner(&log, "Available Accounts");
        let keys = banner(&log, "Private Keys");
        let accounts: Vec<(String, String)> = addresses
            .iter()
            .filter_map(word)
            .zip(keys.iter().filter_map(word))
            .collect();
        if accounts.len() < ACCOUNTS {
            bail!(
                "the devnode funds {} accounts, a city takes {ACCOUNTS}: `cargo xtask down`, then `up`",
                accounts.len()
            );
        }
        Ok(Self {
            home,
            address: node.address,
            url: format!("http://{}", node.address),
            accounts,
        })
    }

    /// What machines need to know of it.
    pub(crate) fn grounds(&self) -> town::Grounds {
        town::Grounds {
            node: self.address,
            genesis: self.home.genesis(),
            keys: self.home.keys(),
            programs: self.home.ws.programs(),
            folder: self.home.town(),
        }
    }

    /// The client in the name of an account.
    fn client(&self, account: usize) -> Command {
        let mut command = Command::new(self.home.ws.cargo_debug().join("agentcity"));
        // In the environment, not among the arguments: those are visible to every user of the machine.
        command
            .env("AGENTCITY_PRIVATE_KEY", &self.accounts[account].1)
            .current_dir(&self.home.ws.root);
        command
    }

    /// A path as people type it in the root of the workspace.
    fn typed(&self, path: &Path) -> String {
        let short = path.strip_prefix(&self.home.ws.root).unwrap_or(path);
        short.display().to_string()
    }

    /// What the verbs over genesis file and programs take.
    fn plot(&self) -> Vec<String> {
        let words = [
            "--genesis",
            &self.typed(&self.home.genesis()),
            "--programs",
            &self.typed(&self.home.ws.programs()),
            "--rpc-url",
            &self.url,
        ];
        words.map(str::to_owned).to_vec()
    }

    /// Decisions, contracts, signatures, seal, wires; what is done already is left alone.
    fn found(&self) -> eyre::Result<()> {
        self.decide()?;
        let answer = self.apply(&[])?;
        if answer["standing"] != "unsigned" {
            return Ok(());
        }
        let manifest = answer["manifest"]
            .as_str()
            .ok_or_eyre("`agentcity deploy apply` names no manifest")?;
        let needed = answer["signaturesNeeded"].as_u64().unwrap_or_default();
        let mut signatures = Vec::new();
        for account in ADJUDICATORS.take(needed as usize) {
            let file = self
                .home
                .deployments()
                .join(format!("signature.{account}.json"));
            let mut command = self.client(account);
            command.args(["genesis", "sign", manifest]);
            command.args(["--genesis", &self.typed(&self.home.genesis())]);
            command.args(["--programs", &self.typed(&self.home.ws.programs())]);
            command.arg("--out").arg(&file);
            process::quietly(&mut command)?;
            signatures.push(file);
        }
        let answer = self.apply(&signatures)?;
        if answer["standing"] != "founded" {
            bail!("the city is not founded: {answer}");
        }
        Ok(())
    }

    /// Writes the genesis file where there is none; it may be changed by hand before the next chain.
    fn decide(&self) -> eyre::Result<()> {
        let file = self.home.genesis();
        if file.is_file() {
            return Ok(());
        }
        let address = |account: usize| self.accounts[account].0.as_str();
        let mut command = self.client(FOUNDER);
        command.args(["genesis", "new", "--mandate", MANDATE]);
        for account in ADJUDICATORS {
            command.args(["--adjudicator", address(account)]);
        }
        for (office, agent, principal) in CLERKS {
            let clerk = format!("{office}={}:{}", address(agent), address(principal));
            command.args(["--clerk", &clerk]);
        }
        command.arg("--out").arg(&file);
        process::quietly(&mut command)
    }

    fn apply(&self, signatures: &[PathBuf]) -> eyre::Result<Value> {
        let mut command = self.client(FOUNDER);
        command.args(["deploy", "apply", "--json", "--name", CITY]);
        command.args(self.plot());
        command.args(["--deployments", &self.typed(&self.home.deployments())]);
        for file in signatures {
            command.arg("--signature").arg(file);
        }
        let text = process::stdout(&mut command)?;
        let answer: Value = serde_json::from_str(&text)
            .wrap_err("`agentcity deploy apply --json` did not answer in JSON")?;
        Ok(answer["result"].clone())
    }

    /// Brings clerks and adjudicators into office, as far as the constitution lets them. Returns what is left to do.
    fn people(&self) -> eyre::Result<Vec<String>> {
        let file = self.home.keys();
        let mut text = String::from(
            "# Keys of the devnode's people. Everyone knows them: use them nowhere else.\n",
        );
        for (address, key) in &self.accounts {
            text += &format!("# {address}\n{key}\n");
        }
        fs::write(&file, text).wrap_err_with(|| format!("cannot write {}", file.display()))?;
        let mut command = self.client(FOUNDER);
        command
            .args(["genesis", "people", "--json"])
            .args(self.plot());
        command.args(["--keys", &self.typed(&file)]);
        let text = process::stdout(&mut command)?;
        let answer: Value = serde_json::from_str(&text)
            .wrap_err("`agentcity genesis people --json` did not answer in JSON")?;
        let acts = answer["result"]["acts"].as_array().into_iter().flatten();
        let left = acts.filter(|act| act["state"] == "left to do");
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(left
            .map(|act| format!("{} ({})", word(&act["what"]), word(&act["by"])))
            .collect())
    }

    /// Writes what a shell needs to speak to this city as anybody of it.
    fn write_environment(&self) -> eyre::Result<()> {
        let book = self.home.deployments();
        let mut text = format!(
            "# For a shell: node, address book, and the development keys of everybody in this city, which everyone knows.\nexport AGENTCITY_RPC_URL={}\nexport AGENTCITY_DEPLOYMENTS='{}'\nexport AGENTCITY_GENESIS='{}'\nexport AGENTCITY_PROGRAMS='{}'\nexport PATH='{}':\"$PATH\"\n",
            self.url,
            book.display(),
            self.home.genesis().display(),
            self.home.ws.programs().display(),
            self.home.ws.cargo_debug().display(),
        );
        for (index, (address, key)) in self.accounts.iter().enumerate() {
            let name = variable(index);
            text += &format!("{name}={address}\n{name}_KEY={key}\n");
        }
        let file = self.home.environment();
        fs::write(&file, text).wrap_err_with(|| format!("cannot write {}", file.display()))
    }

    /// The commands that are worth a try, each without the client's own name.
    fn tries(&self) -> [Vec<String>; 3] {
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        let book = self.typed(&self.home.deployments());
        [
            [words(&["deploy", "verify"]), self.plot()].concat(),
            [words(&["genesis", "status"]), self.plot()].concat(),
            words(&[
                "rules",
                "list",
                "--rpc-url",
                &self.url,
                "--deployments",
                &book,
            ]),
        ]
    }

    /// Says what is there and what to try; tries it first.
    fn report(&self, left: &[String]) -> eyre::Result<()> {
        println!("devnode    {}", self.url);
        println!("genesis    {}", self.typed(&self.home.genesis()));
        println!("addresses  {}", self.typed(&self.home.deployments()));
        println!("accounts   keys in {}", self.typed(&self.home.keys()));
        for (index, (address, _)) in self.accounts.iter().enumerate() {
            println!("  {address}  {}", part_of(index));
        }
        for act in left {
            println!("left       {act}");
        }
        let client = self.typed(&self.home.ws.cargo_debug().join("agentcity"));
        for words in self.tries() {
            let mut command = self.client(FOUNDER);
            process::quietly(command.args(&words)).wrap_err("the city does not answer")?;
            println!("try        {client} {}", words.join(" "));
        }
        Ok(())
    }
}

/// What an account is called in a shell.
fn variable(account: usize) -> String {
    for (office, agent, principal) in CLERKS {
        if account == agent {
            return office.to_uppercase();
        }
        if account == principal {
            return format!("OWNER_{}", principal - FIRST_OWNER + 1);
        }
    }
    match account {
        FOUNDER => "FOUNDER".to_owned(),
        _ if ADJUDICATORS.contains(&account) => format!("ADJUDICATOR_{account}"),
        _ => format!("FREE_{}", account - FIRST_FREE + 1),
    }
}

/// What an account is in the city.
fn part_of(account: usize) -> String {
    for (office, agent, principal) in CLERKS {
        if account == agent {
            return office.to_owned();
        }
        if account == principal {
            return "principal of clerks".to_owned();
        }
    }
    match account {
        FOUNDER => "deployed it; has no power".to_owned(),
        _ if ADJUDICATORS.contains(&account) => "adjudicator".to_owned(),
        _ => "free".to_owned(),
    }
}

#[cfg(test)]
mod interrupted;

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "Available Accounts\n==================\n\n(0) 0xf39F (10000 ETH)\n(1) 0x7099 (10000 ETH)\n\nPrivate Keys\n============\n\n(0) 0xac09\n(1) 0x59c6\n\nListening on 127.0.0.1:43121\n";

    #[test]
    fn reads_the_banner() {
        assert_eq!(listening_on(LOG), Some("127.0.0.1:43121".parse().unwrap()));
        assert_eq!(banner(LOG, "Private Keys"), ["(0) 0xac09", "(1) 0x59c6"]);
        assert_eq!(banner(LOG, "Available Accounts").len(), 2);
        assert_eq!(listening_on("nothing yet\n"), None);
    }

    #[test]
    fn nobody_has_two_parts_but_those_who_answer_for_two_clerks() {
        let clerks = CLERKS.iter().flat_map(|(_, agent, _)| [*agent]);
        let mut parts: Vec<usize> = ADJUDICATORS
            .chain(clerks)
            .chain([FOUNDER, 12, 13])
            .collect();
        parts.sort_unstable();
        assert!(parts.windows(2).all(|pair| pair[0] < pair[1]), "{parts:?}");
        assert!(parts.iter().all(|account| *account < ACCOUNTS));
        assert_eq!(part_of(12), "principal of clerks");
        assert_eq!(part_of(19), "free");
    }

    #[test]
    fn another_process_with_the_recorded_id_is_not_taken_for_the_node() {
        let ours = Running {
            pid: std::process::id(),
            address: "127.0.0.1:1".parse().unwrap(),
        };
        assert!(!is_ours(&ours), "this test process is no devnode");
        assert!(!is_healthy(&ours));
    }
}
