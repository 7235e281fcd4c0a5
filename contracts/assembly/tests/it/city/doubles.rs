//! The members that assembly asks and tells.

use agentcity_abi::{
    IAgent as agents, ICollaboration as collaboration, IConstitution as law,
    IEnactment as enactment, ILegislature as legislature, IManagement as management,
    ITreasury as treasury,
};
use agentcity_domain::{clerk::Operation, parameter::ParameterId, peer::Peer};
use agentcity_world::{Answer, Frame};
use alloy_primitives::{Address, B256, U256, aliases::U40, keccak256};
use alloy_sol_types::{SolCall, SolValue};

use super::*;

impl City {
    fn value(&self, id: u8) -> B256 {
        let own = self.affairs.borrow().values.get(&id).copied();
        let default = ParameterId::ALL[usize::from(id)].default_word();
        own.map_or(default, number)
    }

    pub(super) fn constitution(&self, input: &[u8]) -> Answer {
        if law::membersCall::abi_decode_validate(input).is_ok() {
            let is_sealed = self.affairs.borrow().is_sealed;
            let at = |peer| {
                if is_sealed {
                    member(peer)
                } else {
                    Address::ZERO
                }
            };
            return Ok(Peer::ALL.map(at).abi_encode());
        }
        if law::unitScaleCall::abi_decode_validate(input).is_ok() {
            return Ok(U256::from(UNIT).abi_encode());
        }
        if let Ok(asked) = law::readCurrentCall::abi_decode_validate(input) {
            let read: Vec<B256> = asked.ids.iter().map(|id| self.value(*id)).collect();
            return Ok((EPOCH, read).abi_encode_params());
        }
        let asked = law::readCall::abi_decode_validate(input).expect("a known question");
        assert_eq!(asked.number, EPOCH, "the session's epoch");
        let read: Vec<B256> = asked.ids.iter().map(|id| self.value(*id)).collect();
        Ok(read.abi_encode())
    }

    pub(super) fn agent(&self, _: &Frame, input: &[u8]) -> Answer {
        let people = self.people.borrow();
        if agents::voterCountCall::abi_decode_validate(input).is_ok() {
            return Ok(people.voters.abi_encode());
        }
        if let Ok(asked) = agents::principalRecordCall::abi_decode_validate(input) {
            let record = people.principals.get(&asked.principal);
            return Ok(record.cloned().unwrap_or_else(nobody).abi_encode());
        }
        if let Ok(asked) = agents::isEligibleCall::abi_decode_validate(input) {
            assert_eq!(asked.purpose, agents::Purpose::Sponsor as u8);
            let bars = people.agents.get(&asked.agent).map_or(1, |agent| agent.1);
            return Ok((bars == 0, U256::from(bars)).abi_encode());
        }
        let asked = agents::principalOfCall::abi_decode_validate(input).expect("asked");
        let of = people.agents.get(&asked.agent).map(|agent| agent.0);
        Ok(of.unwrap_or_default().abi_encode())
    }

    pub(super) fn collaboration(&self, input: &[u8]) -> Answer {
        let affairs = self.affairs.borrow();
        if let Ok(asked) = collaboration::missionCall::abi_decode_validate(input) {
            let (state, session) = affairs
                .missions
                .get(&asked.missionId)
                .copied()
                .unwrap_or_default();
            let mut words = [B256::ZERO; 16];
            (words[0], words[3]) = (number(state), session);
            return Ok(words.abi_encode());
        }
        let asked = collaboration::nodeCall::abi_decode_validate(input).expect("asked");
        let Some((state, attempt)) = affairs.nodes.get(&(asked.missionId, asked.index)) else {
            return Err(b"unknown node".to_vec());
        };
        let mut words = [B256::ZERO; 9];
        (words[0], words[1]) = (number(*state), number(*attempt));
        Ok(words.abi_encode())
    }

    pub(super) fn enactment(&self, input: &[u8]) -> Answer {
        let affairs = self.affairs.borrow();
        if let Ok(asked) = enactment::lawOfCall::abi_decode_validate(input) {
            let (statute, domain) = affairs
                .laws
                .get(&asked.sessionId)
                .copied()
                .unwrap_or_default();
            return Ok(enactment::Law {
                approved: true,
                audited: false,
                kind: enactment::SessionKind::Mission,
                statuteHash: statute,
                assignmentsHash: B256::repeat_byte(0xee),
                epoch: EPOCH,
                nodes: 9,
                fairness: 700,
                fairnessWaived: false,
                budget: 5,
                missionDeadline: U40::from(9),
                missionId: B256::repeat_byte(0xed),
                node: 3,
                sponsor: STRANGER,
                domain,
            }
            .abi_encode());
        }
        let asked = enactment::specificationFaultCall::abi_decode_validate(input).expect("asked");
        let fault = affairs.faults.get(&(asked.missionId, asked.node));
        let attempt = fault.copied().unwrap_or_default();
        Ok((fault.is_some(), U256::from(attempt)).abi_encode())
    }

    pub(super) fn legislature(&self, input: &[u8]) -> Answer {
        let asked = legislature::sessionCall::abi_decode_validate(input).expect("asked");
        let affairs = self.affairs.borrow();
        let state = affairs.sessions.get(&asked.sessionId).copied();
        let mut words = [B256::ZERO; 17];
        words[0] = number(state.unwrap_or_default());
        Ok(words.abi_encode())
    }
}

pub(super) fn nobody() -> agents::PrincipalRecord {
    agents::PrincipalRecord {
        class: agents::PrincipalClass::None,
        stake: 7,
        agents: 8,
        producers: 0,
        worstReputation: 9,
        nonce: 11,
        enrolledAt: U40::ZERO,
        leavesAt: U40::ZERO,
        frozenUntil: U40::ZERO,
        appealUntil: U40::ZERO,
    }
}

/// Management's double charges the regulator, and counts.
pub(super) fn management_double(_: &City, frame: &Frame, input: &[u8]) -> Answer {
    assert_eq!(frame.caller, here());
    let told = management::validateOperationCall::abi_decode_validate(input).expect("told");
    assert_eq!(told.operation, Operation::PublishEvidence.number());
    if told.clerk != regulator().address {
        return Err(b"no clerk".to_vec());
    }
    frame.store(0, number(low(frame.load(0)) + 1));
    Ok(U256::from(3).abi_encode())
}

/// The slot of a name, with one before it: the treasury's double keeps what it is told in its storage.
pub(super) fn short(name: B256) -> u64 {
    let hash = keccak256(name);
    u64::from_be_bytes(hash[..8].try_into().unwrap()) | 1
}

fn low(word: B256) -> u64 {
    U256::from_be_bytes(word.0).as_limbs()[0]
}

/// The treasury's double: credits by account, bonds by id.
pub(super) fn treasury_double(_: &City, frame: &Frame, input: &[u8]) -> Answer {
    let load = |at: u64| -> u128 { U256::from_be_bytes(frame.load(at).0).to() };
    let save = |at: u64, value: u128| frame.store(at, number(value));
    if let Some(gift) = input.strip_prefix(b"gift") {
        let (account, amount) = <(Address, U256)>::abi_decode_validate(gift).unwrap();
        let at = short(account.into_word());
        save(at, load(at) + amount.to::<u128>());
        return Ok(Vec::new());
    }
    assert_eq!(frame.caller, here());
    if let Ok(told) = treasury::postBondCall::abi_decode_validate(input) {
        assert_eq!(told.kind, treasury::BondKind::Collusion);
        let (at, purse) = (short(told.bondId), short(told.owner.into_word()));
        assert_eq!(load(at), 0, "a bond of this id is held");
        let amount = told.amount.to::<u128>();
        let Some(rest) = load(purse).checked_sub(amount) else {
            return Err(b"poor".to_vec());
        };
        save(purse, rest);
        save(at, amount);
        frame.store(at - 1, told.owner.into_word());
        return Ok(Vec::new());
    }
    let (bond, returned) = match treasury::returnBondCall::abi_decode_validate(input) {
        Ok(told) => (told.bondId, true),
        Err(_) => {
            let told = treasury::forfeitBondCall::abi_decode_validate(input).expect("told");
            (told.bondId, false)
        }
    };
    let at = short(bond);
    assert!(load(at) > 0, "no bond of this id is held");
    if returned {
        let purse = short(frame.load(at - 1));
        save(purse, load(purse) + load(at));
    }
    save(at, 0);
    Ok(Vec::new())
}
