//! The Override Panel at work. What it is to do is named by the function that the action lands in, as the member knows it: the
//! action's words are that call's arguments, between them what signers see on the chain ([`agentcity_domain::act::Saw`]), behind them
//! the justification and the deadline. So many adjudicators as the row demands sign, in turns; a courier who is nobody relays it, and
//! carries out what had to wait.

use super::{City, client::CallError, life::GOOD_UNTIL, person::Person};
use crate::sender::Outcome;
use agentcity_abi::{
    IAdjudication as wire, IAgent as agents, ICollaboration as work, IEnactment as laws,
    IGuardian as guard, IRoster as roster,
};
use agentcity_domain::{
    act::{Action, Saw, Signers},
    parameter::{ParameterId as P, word},
    peer::Peer,
};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256, ruint::UintTryFrom},
    sol_types::{SolCall, SolEvent},
};

/// Bytes of a word, and of a selector.
const WORD: usize = 32;
const SELECTOR: usize = 4;
/// Agents at whose fault a mission may end.
const AGENTS_AT_FAULT: usize = 4;

/// Whose turn it is, and how many actions were drafted: no two have the same justification, hence none the digest of another.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turns {
    next: usize,
    drafts: u64,
}

/// An action with the words of its payload, as adjudicators sign it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Which row of the table.
    pub action: Action,
    /// Its own fields, the justification's hash and place, the deadline.
    pub words: Vec<B256>,
}

impl Act {
    /// As it is handed in.
    pub fn payload(&self) -> Bytes {
        self.words.concat().into()
    }

    /// The action as it is named on the wire.
    pub fn wire(&self) -> wire::Action {
        // The two enumerations are compared by a test of the domain.
        wire::Action::try_from(self.action as u8).expect("an action of the table")
    }

    /// The same with another word at a place.
    #[must_use]
    pub fn with(mut self, place: usize, word: B256) -> Self {
        self.words[place] = word;
        self
    }
}

/// A number as a word.
pub fn number<T>(value: T) -> B256
where
    U256: UintTryFrom<T>,
{
    U256::from(value).into()
}

impl City {
    /// Goes on after `rulings` that a panel made before: nobody's turn comes twice in a row, and no action has the justification of an
    /// earlier one.
    pub fn continue_rulings(&mut self, rulings: u64) {
        self.turns = Turns {
            next: (rulings % self.adjudicators.len().max(1) as u64) as usize,
            drafts: rulings,
        };
    }

    /// The adjudicators of genesis put up their stakes: without that none of them signs.
    pub fn seat_panel(&mut self) -> Result<Vec<Outcome>, CallError> {
        let people = self.adjudicators.clone();
        self.give_tokens(&people)?;
        let units = self.number(P::AdjudicatorStake)?;
        let amount = self.base_units(units);
        let (to, value) = (self.address(Peer::Roster), self.value_of(amount));
        let mut sent = Vec::with_capacity(people.len());
        for person in &people {
            let input = roster::stakeCall { amount }.abi_encode().into();
            let what = format!("the stake of {}", person.name);
            sent.push(
                self.client
                    .launch(person.signer(), to, value, input, what)?,
            );
        }
        self.land_all(sent)
    }

    /// The action that lands in this call of a member, with what its signers see now.
    ///
    /// Panics when no human can have that function called: the story asks for what nobody may do.
    pub fn act<C: SolCall>(&mut self, at: Peer, call: &C) -> Result<Act, CallError> {
        let name = C::SIGNATURE.split('(').next();
        let lands = |action: &&Action| {
            let row = action.row();
            row.is_some_and(|row| row.lands == at && row.function == name)
        };
        let action = Action::ALL.iter().find(lands);
        let action = *action.unwrap_or_else(|| panic!("no action calls {}", C::SIGNATURE));
        let encoded = call.abi_encode();
        let words = encoded[SELECTOR..].chunks_exact(WORD).map(B256::from_slice);
        let mut words: Vec<B256> = words.collect();
        let is_of_all = words[0].is_zero();
        let action = match action {
            // The mission that stands for all has actions of its own, which do not name it; so has the senior's parameter.
            Action::TriggerStop if is_of_all => {
                words.remove(0);
                Action::HaltCity
            }
            Action::ClearStop if is_of_all => {
                words.clear();
                Action::ResumeCity
            }
            Action::AmendParameter => {
                // When it was queued the panel knows.
                words.pop();
                if is_of_all {
                    words.remove(0);
                    Action::AppointSenior
                } else {
                    Action::AmendParameter
                }
            }
            Action::AbortForFault => {
                // Mission, place of the list, justification; the list's length and its agents.
                let (mission, reason) = (words[0], words[2]);
                let mut agents = words[4..].to_vec();
                agents.resize(AGENTS_AT_FAULT, B256::ZERO);
                words = [vec![mission], agents, vec![reason]].concat();
                action
            }
            _ => action,
        };
        self.draft(action, &words)
    }

    /// An action of these words in their order; what signers see, reasons and deadline come to them.
    pub fn draft(&mut self, action: Action, words: &[B256]) -> Result<Act, CallError> {
        let shape = action.shape().expect("an action of the table");
        let fields = usize::from(shape.fields);
        let seen = self.seen(action, words)?;
        self.turns.drafts += 1;
        let reasons = [
            keccak256("the panel's reasons"),
            keccak256(format!("reasons of ruling {}", self.turns.drafts)),
            number(GOOD_UNTIL),
        ];
        let mut given = words.iter().copied();
        let mut next = |place: usize| {
            let of_chain = seen.iter().find(|(at, _)| *at == place);
            let word = of_chain.map(|(_, word)| *word).or_else(|| given.next());
            word.unwrap_or_else(|| reasons[place - fields])
        };
        let words = (0..fields + reasons.len()).map(&mut next).collect();
        Ok(Act { action, words })
    }

    /// What signers of an action see, by its place in the payload.
    fn seen(&mut self, action: Action, words: &[B256]) -> Result<Vec<(usize, B256)>, CallError> {
        let matter = words.first().copied().unwrap_or_default();
        Ok(match action.saw() {
            Saw::Nothing | Saw::Parameter => Vec::new(),
            Saw::Stop => vec![(1, number(self.watch(matter)?.stoppedUntil))],
            Saw::CityStop => vec![(0, number(self.watch(B256::ZERO)?.stoppedUntil))],
            Saw::Pause => vec![(1, number(self.watch(matter)?.pausedUntil))],
            Saw::Output(place) => {
                let call = work::completionDigestCall { missionId: matter };
                let to = self.address(Peer::Collaboration);
                vec![(place.into(), self.client.ask(to, &call)?)]
            }
            Saw::Score => {
                let agent = Address::from_word(matter);
                let call = agents::getReputationScoreCall { agent };
                let to = self.address(Peer::Agent);
                vec![(1, number(self.client.ask(to, &call)?))]
            }
            Saw::Fairness => {
                let call = laws::lawOfCall { sessionId: matter };
                let law = self.client.ask(self.address(Peer::Enactment), &call)?;
                vec![(1, law.assignmentsHash), (2, number(law.fairness))]
            }
            Saw::Best => {
                let call = laws::awardOfCall {
                    sessionId: matter,
                    node: U256::from_be_bytes(words[1].0).to(),
                };
                let award = self.client.ask(self.address(Peer::Enactment), &call)?;
                let best = award.bids.first();
                vec![(2, best.map_or(B256::repeat_byte(0xff), |bid| number(*bid)))]
            }
        })
    }

    fn watch(&mut self, mission: B256) -> Result<guard::Watch, CallError> {
        let call = guard::watchOfCall { missionId: mission };
        self.client.ask(self.address(Peer::Guardian), &call)
    }

    /// How many have to sign it now.
    pub fn needed(&mut self, act: &Act) -> Result<usize, CallError> {
        match act.action.demands() {
            Some((Signers::One, ..)) => Ok(1),
            Some((Signers::Two, ..)) => Ok(2),
            _ => {
                let call = wire::requirementOfCall {
                    action: act.wire(),
                    payload: act.payload(),
                };
                let to = self.address(Peer::Adjudication);
                Ok(self.client.ask(to, &call)?.signers.into())
            }
        }
    }

    /// So many adjudicators whose turn it is: nobody decides running what others can.
    pub fn in_turn(&mut self, count: usize) -> Vec<Person> {
        let all = self.adjudicators.iter().cycle();
        let turn = all.skip(self.turns.next).take(count).cloned().collect();
        self.turns.next = (self.turns.next + count) % self.adjudicators.len();
        turn
    }

    /// What adjudicators sign.
    pub fn act_digest(&self, act: &Act) -> B256 {
        let words = [&[act.action.type_hash()], &act.words[..]].concat();
        self.digest(Peer::Adjudication, &words)
    }

    /// The call that hands an action in, with the signatures of these in the order of their addresses.
    pub fn submission(&self, act: &Act, signers: &[Person]) -> wire::submitCall {
        let digest = self.act_digest(act);
        let mut signers: Vec<&Person> = signers.iter().collect();
        signers.sort_by_key(|person| person.address());
        wire::submitCall {
            action: act.wire(),
            payload: act.payload(),
            signatures: signers.iter().map(|person| person.sign(digest)).collect(),
        }
    }

    /// The courier hands in what these signed.
    pub fn hand_in(&mut self, act: &Act, signers: &[Person]) -> Result<Outcome, CallError> {
        let (to, call) = (
            self.address(Peer::Adjudication),
            self.submission(act, signers),
        );
        let courier = self.courier.clone();
        self.client.send(&courier, to, &call)
    }

    /// The courier carries out what is due.
    pub fn execute(&mut self, act: &Act) -> Result<Outcome, CallError> {
        let call = wire::executeCall {
            action: act.wire(),
            payload: act.payload(),
        };
        let (courier, to) = (self.courier.clone(), self.address(Peer::Adjudication));
        self.client.send(&courier, to, &call)
    }

    /// Whoever's turn it is signs, and it is carried out: at once, or when it is due.
    pub fn decide(&mut self, act: &Act) -> Result<Outcome, CallError> {
        let needed = self.needed(act)?;
        let signers = self.in_turn(needed);
        self.decide_by(act, &signers)
    }

    /// These sign, and it is carried out: at once, or when it is due.
    pub fn decide_by(&mut self, act: &Act, signers: &[Person]) -> Result<Outcome, CallError> {
        let handed_in = self.hand_in(act, signers)?;
        let mut logs = handed_in.logs.iter();
        let queued = logs.find_map(|log| wire::ActionQueued::decode_log(log).ok());
        let Some(queued) = queued else {
            return Ok(handed_in);
        };
        let due = self.client.warp_to(queued.dueAt.to());
        due.map_err(|source| CallError::Node {
            what: "waiting for an action".to_owned(),
            source,
        })?;
        self.execute(act)
    }

    /// The panel has a member's function called.
    pub fn rule<C: SolCall>(&mut self, at: Peer, call: &C) -> Result<Outcome, CallError> {
        let act = self.act(at, call)?;
        self.decide(&act)
    }

    /// The panel gives a parameter another value: at once, or when that is due.
    pub fn amend(&mut self, id: P, value: u32) -> Result<Outcome, CallError> {
        let words = [number(id as u8), word(self.number(id)?), word(value)];
        let act = self.draft(Action::AmendParameter, &words)?;
        self.decide(&act)
    }

    // ------------------------------------------------------------------ the watchdog

    /// An adjudicator, as the roster knows him.
    pub fn adjudicator(&mut self, person: &Person) -> Result<roster::Adjudicator, CallError> {
        let call = roster::adjudicatorCall {
            account: person.address(),
        };
        self.client.ask(self.address(Peer::Roster), &call)
    }

    /// The last second of the watchdog's freeze; zero if there is none.
    pub fn frozen_until(&mut self) -> Result<u64, CallError> {
        let to = self.address(Peer::Roster);
        let until = self.client.ask(to, &roster::haltedUntilCall {})?;
        Ok(until.to())
    }

    /// An adjudicator weakens a parameter of low risk once more than the watchdog lets pass, and another confirms the alert: the city
    /// is frozen. Until when, unix seconds.
    pub fn provoke_watchdog(&mut self) -> Result<u64, CallError> {
        let [weak, other] = [0, 1].map(|place| self.adjudicators[place].clone());
        let id = P::NumericTolerancePct;
        for _ in 0..=self.number(P::WatchdogWeakeningLimit)? {
            let value = self.number(id)?;
            let words = [number(id as u8), word(value), word(value + 1)];
            let act = self.draft(Action::AmendParameter, &words)?;
            self.decide_by(&act, std::slice::from_ref(&weak))?;
        }
        let actions = self.adjudicator(&weak)?.actions;
        let words = [weak.address().into_word(), number(actions)];
        let act = self.draft(Action::ConfirmAlert, &words)?;
        self.decide_by(&act, &[other])?;
        self.frozen_until()
    }

    /// All whom the watchdog has not flagged end its freeze.
    pub fn release_watchdog(&mut self) -> Result<Outcome, CallError> {
        let mut free = Vec::new();
        for person in self.adjudicators.clone() {
            let known = self.adjudicator(&person)?;
            if known.standing == roster::Standing::Active && !known.flagged {
                free.push(person);
            }
        }
        let until = self.frozen_until()?;
        let act = self.draft(Action::ReleaseWatchdog, &[number(until)])?;
        self.decide_by(&act, &free)
    }
}
