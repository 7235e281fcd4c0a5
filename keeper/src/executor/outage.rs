//! A monitor's word that the chain stood still, and what has a mission degraded by two of them (RULINGS R30).

use agentcity_abi::{
    ICollaboration,
    IGuardian::{self, IGuardianErrors, OutageReport},
};
use agentcity_domain::{machine::MissionState, peer::Peer, signed::work};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, Signature, U256, aliases::U40},
    providers::Provider,
    signers::SignerSync,
    sol_types::SolCall,
};
use serde::{Deserialize, Serialize};

use super::{endpoint::Call, report::Monitor};
use crate::{event::Head, machine::escrow_buffer::Outage, source::city::City};

/// For how long a word is good after its outage, in seconds of the chain: a day, in which other keepers catch up and the panel is asked.
/// Deadlines that it would move have passed by then.
pub const GOOD_FOR_SECS: u64 = 86_400;
/// Bytes of a signature of a key.
const SIGNATURE_BYTES: usize = 65;

/// What a monitor says of an outage, for one mission: an `OutageReport` with its signature, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Word {
    /// Which mission.
    pub mission_id: B256,
    /// From then on the chain stood still, in unix seconds.
    pub from: u64,
    /// Until then.
    pub until: u64,
    /// Last second, unix, at which the word counts.
    pub deadline: u64,
    /// Who says it.
    pub monitor: Address,
    /// The monitor's.
    pub signature: Bytes,
}

/// Why a word is not another monitor's about this outage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoWord {
    /// It is about another mission.
    #[error("it is about mission {0}")]
    Mission(B256),
    /// Somebody else says it.
    #[error("it is {found}'s, not {wanted}'s")]
    Monitor {
        /// Who was asked.
        wanted: Address,
        /// In whose name it is.
        found: Address,
    },
    /// Its numbers cannot be an outage's.
    #[error("its times are none of an outage: from {from} until {until}")]
    Times {
        /// From then on.
        from: u64,
        /// Until then.
        until: u64,
    },
    /// It is not signed by whom it names, for this city. Words of monitors that are contracts cannot be told from forgeries here.
    #[error("it is not signed by {0}")]
    Signature(Address),
}

impl Monitor {
    /// Its word about an outage. The same outage gives the same word.
    ///
    /// Errors: the key does not sign.
    pub fn word(&self, mission: B256, outage: Outage) -> Result<Word, alloy::signers::Error> {
        let mut word = Word {
            mission_id: mission,
            from: outage.from,
            until: outage.until,
            deadline: outage.until.saturating_add(GOOD_FOR_SECS),
            monitor: self.signer.address(),
            signature: Bytes::new(),
        };
        let digest = self.digest(&word.statement().words());
        word.signature = self.signer.sign_hash_sync(&digest)?.as_bytes().into();
        Ok(word)
    }

    /// Whether a word is `monitor`'s about a mission of this city. What it says is the monitor's to answer for, and the chain's to judge.
    ///
    /// Errors: [`NoWord`].
    pub fn believes(&self, word: &Word, monitor: Address, mission: B256) -> Result<(), NoWord> {
        if word.mission_id != mission {
            return Err(NoWord::Mission(word.mission_id));
        }
        if word.monitor != monitor {
            return Err(NoWord::Monitor {
                wanted: monitor,
                found: word.monitor,
            });
        }
        let (from, until) = (word.from, word.until);
        if from >= until || U40::try_from(until).is_err() {
            return Err(NoWord::Times { from, until });
        }
        let forged = NoWord::Signature(monitor);
        if word.signature.len() != SIGNATURE_BYTES {
            return Err(forged);
        }
        let digest = self.digest(&word.statement().words());
        let signer = Signature::from_raw(&word.signature)
            .ok()
            .filter(|signature| signature.normalize_s().is_none())
            .and_then(|signature| signature.recover_address_from_prehash(&digest).ok());
        match signer {
            Some(signer) if signer == monitor => Ok(()),
            Some(_) | None => Err(forged),
        }
    }
}

impl Word {
    const fn statement(&self) -> work::OutageReport {
        work::OutageReport {
            mission_id: self.mission_id,
            from: self.from,
            until: self.until,
            deadline: self.deadline,
            monitor: self.monitor,
        }
    }

    fn wire(&self) -> OutageReport {
        OutageReport {
            missionId: self.mission_id,
            // Both were within bounds when the word was believed, or are a block's times.
            from: U40::saturating_from(self.from),
            until: U40::saturating_from(self.until),
            deadline: self.deadline,
            monitor: self.monitor,
        }
    }
}

/// What a declaration needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declaration {
    /// This call, which anyone may send.
    Call(Call),
    /// Nothing: the mission is degraded, or was after this outage.
    Satisfied,
    /// Nothing can be.
    Refused(String),
    /// Another monitor's word, or one that the chain takes.
    Waits(String),
}

/// Asks the chain, as of `at`, what has a mission degraded by `own` word and one of `others`.
///
/// Errors: why it could not be asked.
pub async fn declaration<P: Provider>(
    provider: &P,
    city: &City,
    own: &Word,
    others: &[Word],
    at: Head,
) -> Result<Declaration, String> {
    let (block, mission) = (BlockId::hash(at.hash), own.mission_id);
    let collaboration = ICollaboration::new(city.at(Peer::Collaboration), provider);
    let known = collaboration.mission(mission).block(block).call().await;
    let known = known.map_err(|error| error.to_string())?;
    let state = MissionState::from_u8(known.state as u8);
    let guardian = IGuardian::new(city.at(Peer::Guardian), provider);
    let watch = guardian.watchOf(mission).block(block).call().await;
    let watch = watch.map_err(|error| error.to_string())?;
    if state == Some(MissionState::Degraded) || watch.degradedAt.to::<u64>() >= own.until {
        return Ok(Declaration::Satisfied);
    }
    if state != Some(MissionState::Executing) {
        return Ok(Declaration::Refused(format!(
            "the mission is in state {:?}: an outage degrades what is executed",
            known.state
        )));
    }
    if known.since.to::<u64>() >= own.until {
        return Ok(Declaration::Refused(
            "the mission was not executed in the outage".to_owned(),
        ));
    }
    if at.time.get() > own.deadline {
        return Ok(Declaration::Refused(
            "nobody else said so within a day of it".to_owned(),
        ));
    }
    let mut refusals = Vec::new();
    for other in others {
        let call = IGuardian::enterDegradedCall {
            reports: [own.wire(), other.wire()],
            signatures: [own.signature.clone(), other.signature.clone()],
        };
        // Asked beforehand, so that a refusal costs nothing and has a name.
        let asked = guardian.enterDegraded(call.reports.clone(), call.signatures.clone());
        match asked.from(own.monitor).block(block).call().await {
            Ok(_) => {
                return Ok(Declaration::Call(Call {
                    to: city.at(Peer::Guardian),
                    value: U256::ZERO,
                    input: call.abi_encode().into(),
                }));
            }
            Err(error) => match error.as_decoded_interface_error::<IGuardianErrors>() {
                Some(refusal @ IGuardianErrors::ExtensionExhausted(_)) => {
                    return Ok(Declaration::Refused(format!("{refusal:?}")));
                }
                Some(refusal) => refusals.push(format!("with {}: {refusal:?}", other.monitor)),
                None => return Err(error.to_string()),
            },
        }
    }
    Ok(Declaration::Waits(match refusals.is_empty() {
        true => "no other monitor says so yet".to_owned(),
        false => refusals.join("; "),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::signers::local::PrivateKeySigner;

    const MISSION: B256 = B256::repeat_byte(3);
    const OUTAGE: Outage = Outage {
        from: 1_000,
        until: 4_000,
        block: 7,
    };

    fn monitor(key: u8, chain_id: u64) -> Monitor {
        Monitor {
            signer: PrivateKeySigner::from_bytes(&B256::repeat_byte(key)).expect("a key"),
            chain_id,
            guardian: Address::repeat_byte(9),
        }
    }

    #[test]
    fn a_word_is_believed_of_whom_it_is_about_what_it_says_and_where() {
        let (one, other) = (monitor(1, 7), monitor(2, 7));
        let asked = other.signer.address();
        let word = other.word(MISSION, OUTAGE).expect("signed");
        assert_eq!(word, other.word(MISSION, OUTAGE).expect("again"));
        assert_eq!(one.believes(&word, asked, MISSION), Ok(()));
        let elsewhere = one.believes(&word, asked, B256::ZERO);
        assert_eq!(elsewhere, Err(NoWord::Mission(MISSION)));
        let wanted = one.signer.address();
        let found = asked;
        assert_eq!(
            one.believes(&word, wanted, MISSION),
            Err(NoWord::Monitor { wanted, found })
        );
        let other_city = monitor(1, 8);
        let forged = Err(NoWord::Signature(asked));
        assert_eq!(other_city.believes(&word, asked, MISSION), forged);
        for change in [
            |word: &mut Word| word.from += 1,
            |word: &mut Word| word.until += 1,
            |word: &mut Word| word.deadline += 1,
            |word: &mut Word| word.signature = word.signature.slice(1..),
            |word: &mut Word| word.signature = Bytes::new(),
            |word: &mut Word| word.signature = vec![0; SIGNATURE_BYTES].into(),
        ] {
            let mut changed = word.clone();
            change(&mut changed);
            assert_eq!(
                one.believes(&changed, asked, MISSION),
                forged,
                "{changed:?}"
            );
        }
        for (from, until) in [(4_000, 4_000), (5, 4), (0, u64::MAX)] {
            let outage = Outage {
                from,
                until,
                ..OUTAGE
            };
            let word = other.word(MISSION, outage).expect("signed");
            let times = Err(NoWord::Times { from, until });
            assert_eq!(one.believes(&word, asked, MISSION), times);
        }
    }
}
