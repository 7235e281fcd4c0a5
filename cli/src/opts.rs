//! Flags that many verbs share.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use agentcity_abi::IConstitution;
use agentcity_deploy::Book;
use agentcity_domain::peer::Peer;
use alloy::{
    primitives::Address,
    providers::{DynProvider, Provider, ProviderBuilder},
    signers::local::PrivateKeySigner,
    transports::http::reqwest,
};

use crate::{
    failure::{Code, Failure},
    signer::{HdPath, Signer},
};

/// A node that has not answered by then is asked no longer.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// Which chain.
#[derive(Debug, clap::Args)]
pub(crate) struct Endpoint {
    /// Address of its JSON-RPC over HTTP.
    #[arg(
        long,
        env = "AGENTCITY_RPC_URL",
        default_value = "http://127.0.0.1:8545"
    )]
    pub(crate) rpc_url: String,
    /// Refuses to go on if the node is of another chain.
    #[arg(long, env = "AGENTCITY_CHAIN_ID", value_parser = crate::values::number::<u64>)]
    pub(crate) chain_id: Option<u64>,
}

/// Which city on which chain.
#[derive(Debug, clap::Args)]
pub(crate) struct Town {
    #[command(flatten)]
    pub(crate) endpoint: Endpoint,
    /// The city: the address of its constitution, or its name in the address book. Not needed where the book has one city.
    #[arg(long, env = "AGENTCITY_CITY")]
    pub(crate) city: Option<String>,
    /// Folder of address books, one file for each chain.
    #[arg(long, env = "AGENTCITY_DEPLOYMENTS", default_value = "deployments")]
    pub(crate) deployments: PathBuf,
}

/// Who signs transactions.
#[derive(clap::Args)]
pub(crate) struct Key {
    /// Private key in hex. Set the variable instead: arguments are visible to every user of the machine.
    #[arg(long, env = "AGENTCITY_PRIVATE_KEY", hide_env_values = true)]
    pub(crate) private_key: Option<String>,
    /// Encrypted key file (web3 secret storage).
    #[arg(long, env = "AGENTCITY_KEYSTORE", conflicts_with = "private_key")]
    pub(crate) keystore: Option<PathBuf>,
    /// File whose first line is the keystore's password; asked for at the terminal otherwise.
    #[arg(long, env = "AGENTCITY_PASSWORD_FILE", requires = "keystore")]
    pub(crate) password_file: Option<PathBuf>,
    /// Let a Ledger sign whose Ethereum app is open. Needs a build with the feature `ledger`.
    #[arg(long, conflicts_with_all = ["private_key", "keystore"])]
    pub(crate) ledger: bool,
    /// Which account of it, as Ledger's own wallet counts them; the first when absent.
    #[arg(
        long,
        requires = "ledger",
        value_name = "NUMBER",
        value_parser = crate::values::number::<u32>
    )]
    pub(crate) ledger_index: Option<u32>,
    /// Which key of it: its derivation path.
    #[arg(
        long,
        requires = "ledger",
        conflicts_with = "ledger_index",
        value_name = "PATH"
    )]
    pub(crate) hd_path: Option<HdPath>,
}

/// A key must not reach a log through `{:?}`.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Who sends, and whether anything is sent at all.
#[derive(Debug, clap::Args)]
pub(crate) struct Sending {
    #[command(flatten)]
    pub(crate) key: Key,
    /// Send nothing: say what would be sent, what it would cost, and whether it would be refused.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// A connection to a chain.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// How to ask.
    pub(crate) provider: DynProvider,
    /// Which it is.
    pub(crate) id: u64,
}

/// A sealed city on a chain.
#[derive(Clone, Debug)]
pub(crate) struct City {
    /// The chain.
    pub(crate) chain: Chain,
    /// Its members, by peer.
    pub(crate) members: [Address; Peer::COUNT],
    /// The block that brought it, if the address book knows that.
    pub(crate) since: Option<u64>,
}

impl City {
    /// Where a member is.
    pub(crate) fn at(&self, peer: Peer) -> Address {
        self.members[peer.place()]
    }
}

impl Endpoint {
    fn url(&self) -> Result<reqwest::Url, Failure> {
        let url = self.rpc_url.parse::<reqwest::Url>().ok();
        url.filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| {
                Failure::new(Code::Url, format!("`{}` is no URL of HTTP", self.rpc_url))
                    .hint("give it as http://127.0.0.1:8545")
            })
    }

    fn client() -> Result<reqwest::Client, Failure> {
        reqwest::Client::builder()
            .timeout(ANSWER_LIMIT)
            .build()
            .map_err(|error| Failure::new(Code::Unreachable, error))
    }

    /// Connects for reading.
    pub(crate) async fn connect(&self) -> Result<Chain, Failure> {
        let provider = ProviderBuilder::new()
            .connect_reqwest(Self::client()?, self.url()?)
            .erased();
        self.identify(provider).await
    }

    /// Connects for sending in the name of a key.
    pub(crate) async fn connect_as(&self, signer: &Signer) -> Result<Chain, Failure> {
        let provider = ProviderBuilder::new()
            .wallet(signer.wallet())
            .connect_reqwest(Self::client()?, self.url()?)
            .erased();
        self.identify(provider).await
    }

    async fn identify(&self, provider: DynProvider) -> Result<Chain, Failure> {
        let id = provider.get_chain_id().await?;
        if let Some(wanted) = self.chain_id.filter(|wanted| *wanted != id) {
            return Err(Failure::new(
                Code::OtherChain,
                format!(
                    "the node at {} is of chain {id}, not {wanted}",
                    self.rpc_url
                ),
            )
            .hint("give the --rpc-url of a node of that chain, or another --chain-id"));
        }
        Ok(Chain { provider, id })
    }
}

impl Town {
    /// Connects for reading.
    pub(crate) async fn connect(&self) -> Result<City, Failure> {
        self.find(self.endpoint.connect().await?).await
    }

    /// Connects for sending in the name of a key.
    pub(crate) async fn connect_as(&self, signer: &Signer) -> Result<City, Failure> {
        self.find(self.endpoint.connect_as(signer).await?).await
    }

    async fn find(&self, chain: Chain) -> Result<City, Failure> {
        let (constitution, since) = self.constitution(chain.id)?;
        let contract = IConstitution::new(constitution, &chain.provider);
        if chain.provider.get_code_at(constitution).await?.is_empty() {
            return Err(Failure::new(
                Code::NoCity,
                format!("there is no code at {constitution} on chain {}", chain.id),
            )
            .hint("check --city and --rpc-url"));
        }
        if !contract.isSealed().call().await? {
            return Err(Failure::new(
                Code::NotSealed,
                format!("the city at {constitution} is not sealed"),
            )
            .hint("its founders sign and seal it with `agentcity genesis`"));
        }
        let members = contract.members().call().await?;
        if members[Peer::Constitution.place()] != constitution {
            return Err(Failure::new(
                Code::NoCity,
                format!("what stands at {constitution} is not the constitution of the city that it names"),
            )
            .hint("check --city and --rpc-url"));
        }
        Ok(City {
            chain,
            members,
            since,
        })
    }

    /// The constitution, and the block that brought it where the book has that.
    fn constitution(&self, chain: u64) -> Result<(Address, Option<u64>), Failure> {
        if let Some(Ok(address)) = self.city.as_ref().map(|city| city.parse()) {
            // Whoever gives an address needs no book; a good one saves a search.
            let book = Book::load(&self.deployments, chain).ok();
            let cities = book.iter().flat_map(|book| book.cities.values());
            let mut known = cities.filter(|city| city.constitution == address);
            return Ok((address, known.find_map(|city| city.first_block)));
        }
        let book = Book::load(&self.deployments, chain)?;
        let unknown = |what: String| {
            let names: Vec<_> = book.cities.keys().map(String::as_str).collect();
            let known = if names.is_empty() {
                "it knows none: give the address of the constitution with --city".to_owned()
            } else {
                format!("it knows {}: choose with --city", names.join(", "))
            };
            Failure::new(Code::CityUnknown, what).hint(known)
        };
        let place = self.deployments.display();
        let mut all = book.cities.values();
        match (&self.city, all.next(), all.next()) {
            (Some(name), ..) => match book.cities.get(name) {
                Some(city) => Ok((city.constitution, city.first_block)),
                None => Err(unknown(format!(
                    "the address book in {place} has no city `{name}` on chain {chain}"
                ))),
            },
            (None, Some(only), None) => Ok((only.constitution, only.first_block)),
            (None, ..) => Err(unknown(format!(
                "the address book in {place} has {} cities on chain {chain}",
                book.cities.len()
            ))),
        }
    }
}

impl Key {
    /// Opens whatever key was given. Once in a run: a password is asked for once, and a device answers one who asks at a time.
    pub(crate) async fn open(&self) -> Result<Signer, Failure> {
        if self.ledger {
            let path = match &self.hd_path {
                Some(path) => path.clone(),
                None => HdPath::account(self.ledger_index.unwrap_or_default())?,
            };
            return Signer::ledger(path).await;
        }
        self.local().map(Signer::Key)
    }

    /// A key that this process holds.
    fn local(&self) -> Result<PrivateKeySigner, Failure> {
        if let Some(text) = &self.private_key {
            // The parse error is dropped with intent: it may quote the key.
            return text.trim().parse().map_err(|_| {
                Failure::new(Code::KeyMalformed, "the private key is not 32 bytes of hex")
                    .hint("give 0x and 64 digits, or name a file with --keystore")
            });
        }
        let Some(path) = &self.keystore else {
            return Err(Failure::new(Code::KeyMissing, "no key is given")
                .hint("name a file with --keystore, or set AGENTCITY_PRIVATE_KEY"));
        };
        let password = self.password(path)?;
        PrivateKeySigner::decrypt_keystore(path, password).map_err(|error| {
            Failure::new(
                Code::KeyLocked,
                format!("{} does not open ({error})", path.display()),
            )
            .hint("check the password and that it is a web3 secret storage file")
        })
    }

    fn password(&self, keystore: &Path) -> Result<String, Failure> {
        match &self.password_file {
            Some(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
                Ok(text.lines().next().unwrap_or_default().to_owned())
            }
            None => rpassword::prompt_password(format!("password of {}: ", keystore.display()))
                .map_err(|error| {
                    Failure::new(
                        Code::KeyLocked,
                        format!("no password can be asked for here ({error})"),
                    )
                    .hint("name a file with --password-file")
                }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_is_never_shown() {
        let key = Key {
            private_key: Some("0xsecret".into()),
            keystore: None,
            password_file: None,
            ledger: false,
            ledger_index: None,
            hd_path: None,
        };
        assert_eq!(format!("{key:?}"), "Key(..)");
        let refused = key.open().await.unwrap_err();
        assert_eq!(refused.code, Code::KeyMalformed);
        assert!(!refused.to_string().contains("secret"));
    }
}
