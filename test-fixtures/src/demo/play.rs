//! What people do on the stage, one act after another, each told with what became of it: a transaction by its block and its gas, a refusal by
//! the contract's own error, time by how much of it passes.

use std::fmt::Debug;

use agentcity_abi::{
    ICollaboration::{self as work, MissionState, NodeState},
    ITreasury::{self as treasury, EscrowState},
};
use agentcity_domain::peer::Peer;
use alloy::{
    primitives::{Address, B256, U256},
    sol_types::{SolCall, SolError, SolEvent},
};
use serde_json::json;

use super::{
    DemoError, Ending,
    teller::{Teller, Told, grouped, short, short_word, span, units},
};
use crate::{
    city::{Act, Charter, Person},
    gas,
    mission::{Charge, Executor, Law, Plan, Stage, Step, told},
    sender::Outcome,
};

/// A seat's price and stake where nothing else is said, in base units: 300 and 200 units.
pub const PRICE: u128 = 300_000_000_000_000;
/// See [`PRICE`].
pub const STAKE: u128 = 200_000_000_000_000;
/// Seconds of an hour.
pub const HOUR: u64 = 3_600;

/// A stage, and who tells what happens on it.
#[derive(Debug)]
pub struct Play<'s, 'a> {
    /// The city and its people.
    pub stage: Stage,
    /// Somebody who is nobody: neither an agent nor a principal. Takes the ways out that are anybody's, and relays what others signed.
    pub stranger: Person,
    /// Who tells.
    pub teller: &'s mut Teller<'a>,
}

impl<'s, 'a> Play<'s, 'a> {
    /// A city with its clerks and its panel, and so many owners of executors.
    ///
    /// Errors: [`DemoError`], as of all that follows.
    pub fn raise(
        teller: &'s mut Teller<'a>,
        charter: &Charter,
        owners: usize,
    ) -> Result<Self, DemoError> {
        teller.chapter("A city")?;
        let mut stage = Stage::raise(charter, owners, 1)?;
        gas::cache_city(&stage.city)?;
        let stranger = stage.city.person("stranger")?;
        stand_still(&mut stage)?;
        let founding: u64 = stage.city.founding.iter().map(|(_, gas)| gas).sum();
        let mut play = Self {
            stage,
            stranger,
            teller,
        };
        let adjudicators = play.stage.city.adjudicators.len();
        play.teller.say(&format!(
            "Fourteen contracts, compiled to WASM, stand on a strict devnode of their own: no cheat works there. {adjudicators} adjudicators signed the \
             manifest and staked, four clerks are in office, and {owners} owners enrolled, each with an agent that executes.",
        ))?;
        let constitution = short(play.stage.city.address(Peer::Constitution));
        let block = play.block()?;
        play.teller.row(&format!(
            "constitution {constitution} · founded with {} gas · block {block}",
            grouped(founding.into())
        ))?;
        Ok(play)
    }

    /// The end.
    pub fn end(self, subject: B256) -> Ending {
        Ending {
            stage: self.stage,
            subject,
        }
    }

    // ------------------------------------------------------------------ acts

    /// Words of the story.
    pub fn say(&mut self, words: &str) -> Result<(), DemoError> {
        Ok(self.teller.say(words)?)
    }

    /// Number of the newest block.
    pub fn block(&mut self) -> Result<u64, DemoError> {
        Ok(self.stage.city.client.rpc().block_number()?)
    }

    /// A call of a member by somebody.
    pub fn call<C: SolCall>(&self, by: &Person, to: Peer, call: &C) -> Step {
        self.stage.step(by, to, call, "")
    }

    /// Somebody does something.
    pub fn act(&mut self, step: Step) -> Result<Outcome, DemoError> {
        let (client, what) = (&mut self.stage.city.client, step.what.clone());
        let sent = client.launch(step.by.signer(), step.to, U256::ZERO, step.input, what)?;
        let outcome = client.land(sent)?;
        self.teller.transaction(Told {
            call: step.what,
            by: step.by.name,
            block: outcome.block,
            gas: Some(outcome.gas_used),
            refused: None,
        })?;
        Ok(outcome)
    }

    /// Somebody tries something, and the contract refuses it with exactly this.
    pub fn refused<E: SolError>(&mut self, step: Step, expected: &E) -> Result<(), DemoError> {
        let error = E::SIGNATURE.split('(').next().unwrap_or(E::SIGNATURE);
        let claim = format!("{} by {} is refused", step.what, step.by.name);
        let (client, what) = (&mut self.stage.city.client, step.what.clone());
        let sent = client.launch(step.by.signer(), step.to, U256::ZERO, step.input, what)?;
        let found = match client.land(sent) {
            Ok(_) => "it was done".to_owned(),
            Err(refusal) => match refusal.refusal() {
                Some(said) if said.0 == expected.abi_encode() => String::new(),
                Some(said) => said.to_string(),
                None => return Err(refusal.into()),
            },
        };
        if !found.is_empty() {
            let expected = error.to_owned();
            return Err(DemoError::Contradicted {
                claim,
                expected,
                found,
            });
        }
        let block = self.block()?;
        self.teller.transaction(Told {
            call: step.what,
            by: step.by.name,
            block,
            gas: None,
            refused: Some(error.to_owned()),
        })?;
        Ok(())
    }

    /// A way out that is open from the second after `from` on: a stranger asks too early, and takes it then.
    pub fn way_out(&mut self, from: u64, step: Step) -> Result<Outcome, DemoError> {
        self.until(from)?;
        let early =
            self.stage
                .city
                .client
                .try_call(step.by.address(), step.to, U256::ZERO, &step.input);
        let expected = work::TooEarly {
            from: U256::from(from + 1).to(),
        };
        let said = early.err().and_then(|error| error.refusal().cloned());
        let is_early = said.is_some_and(|said| said.0 == expected.abi_encode());
        self.holds("nobody is let out before the deadline passed", is_early)?;
        let what = &step.what;
        self.teller.row(&format!(
            "in the deadline's last second `{what}` answers TooEarly; a second later:"
        ))?;
        self.until(from + 1)?;
        self.act(step)
    }

    /// Time passes until this second, and everybody hears how much.
    pub fn until(&mut self, second: u64) -> Result<(), DemoError> {
        let now = self.stage.city.client.now()?;
        if now < second {
            self.stage.city.client.warp_to(second)?;
            // The wall's own seconds are nobody's business.
            if second - now > 1 {
                self.teller
                    .row(&format!("… {} later …", about(second - now)))?;
            }
        }
        Ok(())
    }

    /// Adjudicators by their numbers sign an action, which anybody relays.
    pub fn ruling(&self, act: &Act, signers: &[usize]) -> Step {
        let all = &self.stage.city.adjudicators;
        let who: Vec<Person> = signers.iter().map(|place| all[*place].clone()).collect();
        let call = self.stage.city.submission(act, &who);
        let step = self
            .stage
            .step(&self.stranger, Peer::Adjudication, &call, "");
        let signed: Vec<String> = signers.iter().map(ToString::to_string).collect();
        Step {
            what: format!("{:?} signed by {}", act.action, signed.join(", ")),
            ..step
        }
    }

    /// A member is asked.
    pub fn ask<C: SolCall>(&mut self, peer: Peer, call: &C) -> Result<C::Return, DemoError> {
        let to = self.stage.city.address(peer);
        Ok(self.stage.city.client.ask(to, call)?)
    }

    // ------------------------------------------------------------------ claims

    /// What the story says is so.
    pub fn holds(&self, claim: &str, so: bool) -> Result<(), DemoError> {
        self.same(claim, &true, &so)
    }

    /// What the story says is what the chain says.
    pub fn same<T: Debug + PartialEq>(
        &self,
        claim: &str,
        expected: &T,
        found: &T,
    ) -> Result<(), DemoError> {
        if expected == found {
            return Ok(());
        }
        Err(DemoError::Contradicted {
            claim: claim.to_owned(),
            expected: format!("{expected:?}"),
            found: format!("{found:?}"),
        })
    }

    /// The one event of its kind that an act left.
    pub fn one<E: SolEvent>(&self, outcome: &Outcome) -> Result<E, DemoError> {
        let mut events = told::<E>(outcome);
        match (events.pop(), events.is_empty()) {
            (Some(event), true) => Ok(event),
            (event, _) => Err(DemoError::Contradicted {
                claim: format!("one event {} is left", E::SIGNATURE),
                expected: "1".to_owned(),
                found: (events.len() + usize::from(event.is_some())).to_string(),
            }),
        }
    }

    /// A node is in this state.
    pub fn node_is(
        &mut self,
        law: &Law,
        index: u16,
        state: NodeState,
    ) -> Result<work::Node, DemoError> {
        let call = work::nodeCall {
            missionId: law.mission,
            index,
        };
        let node = self.ask(Peer::Collaboration, &call)?;
        self.same(&format!("task {index} is {state:?}"), &state, &node.state)?;
        Ok(node)
    }

    /// A mission as it stands.
    pub fn mission(&mut self, law: &Law) -> Result<work::Mission, DemoError> {
        let call = work::missionCall {
            missionId: law.mission,
        };
        self.ask(Peer::Collaboration, &call)
    }

    /// A mission is in this state.
    pub fn mission_is(
        &mut self,
        law: &Law,
        state: MissionState,
    ) -> Result<work::Mission, DemoError> {
        let mission = self.mission(law)?;
        self.same(&format!("the mission is {state:?}"), &state, &mission.state)?;
        Ok(mission)
    }

    /// What the treasury owes an account, in base units.
    pub fn credit(&mut self, account: Address) -> Result<U256, DemoError> {
        self.ask(Peer::Treasury, &treasury::creditsCall { account })
    }

    /// What an agent has at stake in a mission, in base units.
    pub fn staked(&mut self, law: &Law, agent: Address) -> Result<u128, DemoError> {
        let call = treasury::lockedStakeCall {
            missionId: law.mission,
            agent,
        };
        Ok(self.ask(Peer::Treasury, &call)?.amount.to())
    }

    // ------------------------------------------------------------------ missions

    /// A plan becomes an active mission, whose seats these executors win in turn.
    pub fn enact(&mut self, plan: &Plan, executors: &[Executor]) -> Result<Law, DemoError> {
        let mut law = self.legislate(plan, executors)?;
        self.make_law(&mut law)?;
        Ok(law)
    }

    /// A plan becomes a law.
    pub fn legislate(&mut self, plan: &Plan, executors: &[Executor]) -> Result<Law, DemoError> {
        let bids = plan.seats(executors, STAKE);
        let law = self.stage.legislate_with(plan, &bids)?;
        let made = sum(&law.legislated);
        let block = self.block()?;
        self.teller.row(&format!(
            "{}: from petition to law in {} transactions, {} gas · block {block}",
            plan.name,
            law.legislated.len(),
            grouped(made.into())
        ))?;
        Ok(law)
    }

    /// A law becomes an active mission.
    pub fn make_law(&mut self, law: &mut Law) -> Result<(), DemoError> {
        self.stage.make_law(law)?;
        self.mission_is(law, MissionState::Active)?;
        let brought = sum(&law.charges);
        let block = self.block()?;
        self.teller.row(&format!(
            "mission {}: created, funded with {} and deployed in {} transactions, {} gas · block {block}",
            short_word(law.mission),
            units(law.written.budget),
            law.charges.len(),
            grouped(brought.into())
        ))?;
        Ok(())
    }

    /// Executors begin a node that needs one of them.
    pub fn begins(&mut self, law: &Law, node: u16) -> Result<Outcome, DemoError> {
        let job = self.stage.job(law, node);
        let step = self.stage.routes(&job, job.agent(0));
        let begun = self.act(step)?;
        self.node_is(law, node, NodeState::Executing)?;
        Ok(begun)
    }

    /// The executor of a node of tier 1 or 3 hands in its result.
    pub fn hands_in(&self, law: &Law, node: u16) -> Step {
        self.stage.submits(&self.stage.job(law, node))
    }

    /// A stranger ends a node whose time is over.
    pub fn expires_node(&self, law: &Law, node: u16) -> Step {
        let call = work::expireNodeCall {
            missionId: law.mission,
            node,
        };
        let by = &self.stranger;
        self.stage.step(by, Peer::Collaboration, &call, node)
    }

    /// A stranger ends a mission whose time is over.
    pub fn expires_mission(&self, law: &Law) -> Step {
        let call = work::expireMissionCall {
            missionId: law.mission,
        };
        self.call(&self.stranger, Peer::Collaboration, &call)
    }

    /// Who was paid what for a node, told in a line each.
    pub fn tells_payment(&mut self, outcome: &Outcome) -> Result<(), DemoError> {
        for paid in told::<treasury::Settled>(outcome) {
            let who = self.name_of(paid.agent);
            let kept = paid.fee + paid.reserve + paid.residual;
            let subsidy = if paid.subsidy.is_zero() {
                String::new()
            } else {
                format!(", {} of subsidy among them", units(paid.subsidy))
            };
            self.teller.row(&format!(
                "{who} is credited {}{subsidy}; {} of its share go to the funds",
                units(paid.base + paid.subsidy),
                units(kept)
            ))?;
        }
        Ok(())
    }

    /// What an account is called in the story, with its address.
    pub fn name_of(&self, account: Address) -> String {
        let executors = self.stage.executors.iter().map(|one| &one.agent);
        let watchers = self.stage.watchers.iter().map(|one| &one.monitor);
        let mut known = executors
            .chain(watchers)
            .chain([&self.stage.sponsor, &self.stranger]);
        let name = known.find(|person| person.address() == account);
        let name = name.map_or("somebody", |person| &person.name);
        format!("{name} ({})", short(account))
    }

    // ------------------------------------------------------------------ money

    /// A stranger clears ended missions away, everybody takes what is owed, and the treasury's books are compared with what was ever
    /// paid in.
    pub fn pay_out(&mut self, laws: &mut [Law]) -> Result<(), DemoError> {
        let stranger = self.stranger.clone();
        let mut cleared = Vec::new();
        for law in laws {
            let release_at = self.escrow(law)?.releaseAt.to::<u64>();
            self.until(release_at + 1)?;
            let mut agents: Vec<Address> = law.written.seats.iter().map(|s| s.agent).collect();
            agents.sort_unstable();
            agents.dedup();
            let mut steps: Vec<Step> = agents
                .iter()
                .map(|agent| self.stage.releases(law, &stranger, *agent))
                .collect();
            steps.push(self.stage.closes(law, &stranger));
            cleared.extend(self.stage.perform(law, steps)?);
            self.tells_escrow(law)?;
        }
        let gas: u64 = cleared.iter().map(|outcome| outcome.gas_used).sum();
        self.teller.row(&format!(
            "stakes released and escrows closed by a stranger: {} transactions, {} gas",
            cleared.len(),
            grouped(gas.into())
        ))?;
        self.everybody_withdraws()
    }

    fn escrow(&mut self, law: &Law) -> Result<treasury::Escrow, DemoError> {
        let call = treasury::escrowCall {
            missionId: law.mission,
        };
        self.ask(Peer::Treasury, &call)
    }

    /// Where the money of a closed mission went.
    pub fn tells_escrow(&mut self, law: &Law) -> Result<(), DemoError> {
        let escrow = self.escrow(law)?;
        self.same("the escrow is closed", &EscrowState::Closed, &escrow.state)?;
        let back = escrow.settled + escrow.refunded;
        self.same("it went out whole", &escrow.deposited, &back)?;
        self.teller.row(&format!(
            "mission {}: {} paid in = {} to seats and funds + {} back to the sponsor",
            short_word(law.mission),
            units(escrow.deposited),
            units(escrow.settled),
            units(escrow.refunded)
        ))?;
        Ok(())
    }

    /// Everybody takes what is owed, and the books are closed.
    pub fn everybody_withdraws(&mut self) -> Result<(), DemoError> {
        let watchers = self.stage.watchers.clone();
        self.stage.release_monitors()?;
        let agents = self.stage.executors.iter().map(|one| one.agent.clone());
        let mut people: Vec<Person> = agents.collect();
        people.push(self.stage.sponsor.clone());
        people.extend(watchers.into_iter().map(|one| one.monitor));
        for person in people {
            let owed = self.credit(person.address())?;
            if owed.is_zero() {
                continue;
            }
            let Step {
                to, input, what, ..
            } = self.stage.withdraws(&person);
            let client = &mut self.stage.city.client;
            let outcome = client.pay(person.signer(), to, U256::ZERO, input, what)?;
            let taken = self.one::<treasury::Withdrawn>(&outcome)?.amount;
            self.same("everybody takes what is owed", &owed, &taken)?;
            self.teller
                .row(&format!("{} takes {}", called(&person), units(taken)))?;
        }
        self.closes_books()
    }

    /// What was ever paid in is what was taken out and what is in the funds; nothing else is left.
    fn closes_books(&mut self) -> Result<(), DemoError> {
        let books = self.stage.books()?;
        self.holds("the books are exact", books.balance())?;
        let parts = &books.parts;
        let peoples = [
            parts.escrows,
            parts.reservedStakes,
            parts.lockedStakes,
            parts.bonds,
            parts.pools,
            parts.credits,
        ];
        self.same("nothing of anybody's is left", &[U256::ZERO; 6], &peoples)?;
        let paid_in = books.deposited + books.funded;
        self.teller.row(&format!(
            "books: {} ever paid in = {} taken out + {} in the city's funds",
            units(paid_in),
            units(books.withdrawn),
            units(books.held)
        ))?;
        Ok(())
    }

    // ------------------------------------------------------------------ the end

    /// How to look at it: these verbs of the command line, while the chain is there.
    pub fn look(&mut self, verbs: &[String]) -> Result<(), DemoError> {
        let story = self.teller.facts().story.clone();
        let words = format!(
            "The chain ends with the story. `agentcity demo {story} --keep` leaves it there until you press Enter, and says what to \
             export first; then:"
        );
        let commands = verbs.iter().map(|verb| format!("agentcity {verb}"));
        Ok(self.teller.look(&words, commands.collect())?)
    }
}

/// From now on a block is a second, however long the machine takes for it, and the first is a full hour's: a story tells the same times
/// wherever it is told.
fn stand_still(stage: &mut Stage) -> Result<(), DemoError> {
    let client = &mut stage.city.client;
    let rpc = client.rpc();
    rpc.call("anvil_setBlockTimestampInterval", json!([1]))?;
    let hour = client.now()? / HOUR + 1;
    client.warp_to(hour * HOUR)?;
    Ok(())
}

/// Somebody's name and address.
pub fn called(person: &Person) -> String {
    format!("{} ({})", person.name, short(person.address()))
}

/// Gas of all.
fn sum(charges: &[Charge]) -> u64 {
    charges.iter().map(|charge| charge.gas).sum()
}

/// A length of time without the seconds that the wall added to it.
fn about(secs: u64) -> String {
    if secs > 600 {
        span((secs + 30) / 60 * 60)
    } else {
        span(secs)
    }
}
