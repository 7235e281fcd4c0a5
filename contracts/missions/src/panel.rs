//! The panel: adjudicators who staked, and what they sign. Every human power of the city goes through *adjudication* and *roster*
//! as on a chain.

use agentcity_abi::{IAdjudication as wire, IRoster as roster};
use agentcity_domain::{act::Action, peer::Peer};
use agentcity_world::{Act, Key};
use alloy_primitives::{B256, Bytes, U256, keccak256};

use crate::{
    city::{City, STRANGER, member, name_of},
    people::{stand_watch, take_seat},
};

/// How long what is signed may be handed in, in seconds.
const LIFE: u64 = 86_400;

/// A number as a word.
pub fn number(value: impl Into<u128>) -> B256 {
    B256::from(U256::from(value.into()))
}

impl City {
    /// An action with these fields, the others zero, that can be handed in for a day. `tag` tells it from others like it.
    pub fn act(&self, action: Action, fields: &[(&str, B256)], tag: u64) -> Act {
        let deadline = self.world.now() + LIFE;
        let act = Act::with_fields(action, |(_, name)| match name {
            "justificationHash" => keccak256(tag.to_be_bytes()),
            "contentAddress" => keccak256("why"),
            "deadline" => number(deadline),
            _ => B256::ZERO,
        });
        fields
            .iter()
            .fold(act, |act, (name, value)| act.with(name, *value))
    }

    /// What an action demands now.
    ///
    /// Errors: whatever it is refused with, however many sign.
    pub fn demand(&self, act: &Act) -> Result<wire::Requirement, Vec<u8>> {
        self.try_to(
            STRANGER,
            wire::requirementOfCall {
                action: of(act),
                payload: act.payload(),
            },
        )
    }

    /// Hands in an action signed by these.
    ///
    /// Errors: the refusal.
    pub fn submit(&self, act: &Act, signers: &[Key]) -> Result<B256, Vec<u8>> {
        let digest = act.digest(self.world.chain_id(), member(Peer::Adjudication));
        let mut signers: Vec<&Key> = signers.iter().collect();
        signers.sort_by_key(|key| key.address);
        let signatures: Vec<Bytes> = signers.iter().map(|key| key.sign(digest).into()).collect();
        self.try_to(
            STRANGER,
            wire::submitCall {
                action: of(act),
                payload: act.payload(),
                signatures,
            },
        )
    }

    /// Carries out a queued action.
    ///
    /// Errors: the refusal.
    pub fn execute(&self, act: &Act) -> Result<(), Vec<u8>> {
        let call = wire::executeCall {
            action: of(act),
            payload: act.payload(),
        };
        self.try_to(STRANGER, call).map(|_| ())
    }

    /// A ruling of the first adjudicators, as many as it takes; it must succeed at once.
    ///
    /// Panics: if it is refused.
    #[track_caller]
    pub fn rule(&self, action: Action, fields: &[(&str, B256)]) {
        let act = self.act(action, fields, self.world.now());
        let refused =
            |refusal: Vec<u8>| -> ! { panic!("{action:?} was refused: {}", name_of(&refusal)) };
        let demand = self.demand(&act).unwrap_or_else(|no| refused(no));
        let signers = &self.folk.judges[..usize::from(demand.signers)];
        self.submit(&act, signers).unwrap_or_else(|no| refused(no));
    }

    /// Somebody puts up the stake of an adjudicator.
    pub fn seat_judge(&self, key: &Key) {
        take_seat(self, key);
    }

    /// Somebody registers as a monitor and puts up its bond.
    pub fn seat_monitor(&self, key: &Key) {
        stand_watch(self, key);
    }

    /// A monitor as the roster knows it.
    pub fn monitor(&self, key: &Key) -> roster::Monitor {
        self.ask(roster::monitorCall {
            account: key.address,
        })
    }

    /// An adjudicator as the roster knows it.
    pub fn judge(&self, key: &Key) -> roster::Adjudicator {
        self.ask(roster::adjudicatorCall {
            account: key.address,
        })
    }
}

/// The action's number on the wire.
fn of(act: &Act) -> wire::Action {
    wire::Action::try_from(act.action as u8).expect("an action")
}
