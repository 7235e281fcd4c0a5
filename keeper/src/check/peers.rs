//! Whom a keeper works with: executors, and the mirrors of its log.

use std::time::Duration;

use agentcity_abi::{IService, document::ContentAddress};
use agentcity_domain::peer::Peer;
use alloy::{
    providers::Provider,
    transports::http::reqwest::{self, StatusCode, redirect::Policy},
};

use super::Findings;
use crate::{
    config::{Config, redacted},
    part::{ANSWER_WITHIN, router, within},
    source::city::City,
};

/// How long an executor may take to tell its live code here; what counts later is its own limit.
const CODE_WITHIN: Duration = Duration::from_secs(10);

/// Each executor is who it is taken for, and runs the code that it registered.
pub(super) async fn check_executors<P: Provider>(
    router: &router::Settings,
    city: City,
    provider: &P,
    found: &mut Findings,
) {
    let setup = match router.setup(city) {
        Ok(setup) => setup,
        Err(error) => {
            return found.fail("router", error.to_string(), "correct it");
        }
    };
    for (agent, client) in &setup.executors {
        let about = format!("executor of {agent}");
        let asked = async { client.identity().await.map_err(|error| error.to_string()) };
        let identity = match within(asked).await {
            Ok(identity) => identity,
            Err(cause) => {
                found.fail(
                    about,
                    cause,
                    "start it, or correct its url, token_file or agent",
                );
                continue;
            }
        };
        if identity.services.is_empty() {
            found.warn(
                about,
                "it runs no service",
                "nothing can be routed to it: give it one",
            );
            continue;
        }
        let mut wrong = Vec::new();
        for service in &identity.services {
            let contract = IService::new(city.at(Peer::Service), provider);
            let standing = async {
                let asked = contract.standing(*service).call().await;
                asked.map_err(|error| format!("service {service}: {error}"))
            };
            let registered = match within(standing).await {
                Ok(standing) => standing.codeHash,
                Err(cause) => {
                    wrong.push(cause);
                    continue;
                }
            };
            if let Err(error) = client.live_code(*service, registered, CODE_WITHIN).await {
                wrong.push(format!("service {service}: {error}"));
            }
        }
        let count = identity.services.len();
        if wrong.is_empty() {
            found.ok(about, format!("it answers for its agent, and each of its {count} services runs the code that it registered"));
        } else {
            found.fail(
                about,
                wrong.join("; "),
                "deploy the registered code, or register what runs",
            );
        }
    }
}

/// Each mirror answers as one: it says of what nobody gave it that it has it not.
pub(super) async fn check_mirrors(config: &Config, found: &mut Findings) {
    let Some(log) = &config.log else { return };
    if log.mirrors.is_empty() {
        return found.warn(
            "log.mirrors",
            "none: what is lost here is lost",
            "name at least one of another operator",
        );
    }
    let client = reqwest::Client::builder()
        .timeout(ANSWER_WITHIN)
        .redirect(Policy::none())
        .build();
    let Ok(client) = client else {
        return found.fail(
            "log.mirrors",
            "there are no means to connect",
            "install the system's certificates",
        );
    };
    let nothing = ContentAddress::of("agentcity-keeper check").to_string();
    for (mirror, url) in &log.mirrors {
        let about = format!("mirror {mirror} at {}", redacted(url));
        let mut question = url.clone();
        match question.path_segments_mut() {
            Ok(mut path) => {
                path.pop_if_empty().push("cid").push(&nothing);
            }
            Err(()) => {
                found.fail(about, "it is no address of a server", "correct log.mirrors");
                continue;
            }
        }
        match client.get(question).send().await {
            Ok(answer)
                if answer.status() == StatusCode::NOT_FOUND || answer.status().is_success() =>
            {
                found.ok(about, "it answers");
            }
            Ok(answer) => found.fail(
                about,
                format!("it answers with status {}", answer.status().as_u16()),
                "correct log.mirrors, or ask its operator",
            ),
            Err(error) => found.fail(
                about,
                format!("no answer: {}", error.without_url()),
                "start it, or correct log.mirrors",
            ),
        }
    }
}
