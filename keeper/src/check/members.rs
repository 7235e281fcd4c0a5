//! The city: whether what the configuration names are its members, and how long their programs live.

use agentcity_domain::{clerk::ClerkRole, peer::Peer};
use alloy::{
    primitives::{Address, B256, Bytes, U256, address, keccak256},
    providers::Provider,
    rpc::types::TransactionRequest,
};

use super::{Findings, chain::Chain};
use crate::{
    action::Level,
    clock::Clock,
    config::Config,
    event::{Event, Life},
    office,
    part::within,
    source::{city::City, programs},
};

/// ArbWasmCache, which says what is cached.
const ARB_WASM_CACHE: Address = address!("0x0000000000000000000000000000000000000072");
/// A day, for people.
const DAY_SECS: u64 = 86_400;

fn name(peer: Peer) -> String {
    format!("{peer:?}").to_lowercase()
}

/// The city, as its constitution tells it, and how long programs live.
pub(super) async fn check<P: Provider>(
    config: &Config,
    provider: &P,
    chain: &Chain,
    clock: &dyn Clock,
    found: &mut Findings,
) -> Option<City> {
    let city = city(config, provider, chain, found).await;
    let mut watched: Vec<(String, Address)> = Vec::new();
    if let Some(city) = &city {
        watched.extend(Peer::ALL.map(|peer| (name(peer), city.at(peer))));
        if let Some(clerk) = &config.clerk {
            clerk_office(clerk, provider, city, found).await;
        }
    }
    for program in &config.programs {
        if watched.iter().all(|(_, known)| known != program) {
            watched.push(("watched".to_owned(), *program));
        }
    }
    for (name, program) in watched {
        life(config, provider, &name, program, clock, found).await;
    }
    city
}

async fn city<P: Provider>(
    config: &Config,
    provider: &P,
    chain: &Chain,
    found: &mut Findings,
) -> Option<City> {
    let constitution = config.city?.constitution;
    let asked = async {
        let city = City::find(provider, chain.id, constitution).await;
        city.map_err(|error| error.to_string())
    };
    match within(asked).await {
        Ok(city) => {
            found.ok(
                "city",
                format!("the constitution {constitution} is sealed, and knows fourteen members"),
            );
            Some(city)
        }
        Err(cause) => {
            found.fail(
                "city.constitution",
                cause,
                "name the constitution of a sealed city on this chain",
            );
            None
        }
    }
}

async fn clerk_office<P: Provider>(
    clerk: &office::Settings,
    provider: &P,
    city: &City,
    found: &mut Findings,
) {
    let key = match clerk.key() {
        Ok(key) => key,
        // Told with the other keys.
        Err(_) => return,
    };
    let mut held = Vec::new();
    let roles = [
        ClerkRole::Registrar,
        ClerkRole::Speaker,
        ClerkRole::Regulator,
        ClerkRole::Codifier,
    ];
    for role in roles {
        if within(office::holds(provider, city, role, key.address()))
            .await
            .is_ok()
        {
            held.push(role.name());
        }
    }
    let agent = key.address();
    if held.is_empty() {
        found.fail(
            "clerk",
            format!("agent {agent} holds no office"),
            "name the key of an agent that does",
        );
    } else {
        found.ok(
            "clerk",
            format!(
                "agent {agent} is {}: start the keeper with --role {}",
                held.join(", "),
                held[0]
            ),
        );
    }
}

async fn life<P: Provider>(
    config: &Config,
    provider: &P,
    name: &str,
    program: Address,
    clock: &dyn Clock,
    found: &mut Findings,
) {
    let about = format!("program {name} {program}");
    let head = match within(programs::head(provider)).await {
        Ok(head) => head,
        Err(cause) => return found.fail(about, cause, "its life must be known"),
    };
    let observed = async { Ok(programs::observe(provider, program, head, clock.now()).await) };
    let life = match within(observed).await {
        Ok(Event::Observed { life, .. }) => life,
        Ok(Event::Unreachable { cause, .. }) | Err(cause) => {
            return found.fail(about, cause, "its life must be known");
        }
        Ok(_) => {
            return found.fail(
                about,
                "another question was answered",
                "its life must be known",
            );
        }
    };
    let left = match life {
        Life::Active { left } => left.get(),
        Life::Expired => {
            return found.fail(
                about,
                "it expired: every call fails",
                "activate it again: agentcity program activate",
            );
        }
        Life::Outdated => {
            return found.fail(
                about,
                "it is of an older virtual machine: every call fails",
                "activate it again: agentcity program activate",
            );
        }
        Life::NotActivated => {
            return found.fail(
                about,
                "it is no active program",
                "correct the address, or activate it",
            );
        }
    };
    let days = left / DAY_SECS;
    let cached = cached(provider, program).await;
    let says = format!(
        "{days} days left, {}",
        match cached {
            Ok(true) => "cached",
            Ok(false) => "not cached",
            Err(()) => "whether it is cached is not known",
        }
    );
    let extend = "a keeper with key_file that names it under programs extends it, or agentcity program keepalive";
    match config.notice.level(life) {
        Level::Urgent | Level::Dead | Level::Unknown => found.fail(about, says, extend),
        Level::Soon => found.warn(about, says, extend),
        Level::Fine if cached == Ok(false) => {
            found.warn(about, says, "calls cost more gas: have it cached");
        }
        Level::Fine => found.ok(about, says),
    }
}

/// Whether a program's code is in the chain's cache. A chain without the precompile does not say.
async fn cached<P: Provider>(provider: &P, program: Address) -> Result<bool, ()> {
    let code = async {
        provider
            .get_code_at(program)
            .await
            .map_err(|error| error.to_string())
    };
    let code = within(code).await.map_err(drop)?;
    let mut input = keccak256("codehashIsCached(bytes32)")[..4].to_vec();
    input.extend(keccak256(&code));
    let request = TransactionRequest::default()
        .to(ARB_WASM_CACHE)
        .input(Bytes::from(input).into());
    let asked = async {
        provider
            .call(request)
            .await
            .map_err(|error| error.to_string())
    };
    let answer = within(asked).await.map_err(drop)?;
    // A bool is a word.
    let word = B256::try_from(&answer[..]).map_err(drop)?;
    Ok(U256::from_be_bytes(word.0) == U256::ONE)
}
