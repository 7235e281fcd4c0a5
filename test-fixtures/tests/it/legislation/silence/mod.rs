//! Every legislator falls silent. For each way out of docs/exits.md that assembly, legislature or enactment has, a story leads there and
//! stops; a stranger takes the way out, refused up to the last second of its deadline and let out in the next. All of it happens twice: in a
//! calm city, and in one that is stopped and frozen, and whose norm is struck (RULINGS R9). At the end everybody is paid out.
//!
//! The table leads: it says which ways out there are, when each opens and where it goes. A row without a story fails, and so does a story
//! without a row.

mod deliberation;
mod session;
mod stories;

use self::stories::stories;
use agentcity_abi::{
    IAssembly::{self as assembly, Deliberation, SessionKind},
    ICollaboration as work, IConstitution as constitution, IEnactment as enactment,
    IGuardian as guardian,
    ILegislature::{self as legislature, BidState, SessionState},
    ITreasury as treasury,
};
use agentcity_domain::{
    clerk::ClerkRole,
    exit::{Deadline, EVERY, EXITS, Exit, Halts, Target, Term, Who},
    machine::{
        BallotState, Command, ElectionState, Machine, PetitionState, ProposalState as Proposed,
        SessionState as Session, StakeState,
    },
    parameter::ParameterId as P,
    peer::Peer,
};
use agentcity_test_fixtures::{
    city::Person,
    legislation::{Ballot, Bill, deliberation::DOMAIN, ranking},
    mission::{Charter, Law, Plan, Scene, Stage, Task, seconds, stage::DEPOSIT, told},
    sender::Outcome,
};
use alloy::{
    primitives::{B256, U256, keccak256},
    sol_types::{SolCall, SolError},
};

/// Principals with an agent each: as few as a proposal needs sponsors.
const OWNERS: usize = 5;
/// A seat's price and stake, in base units.
const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;
/// Proposals without which nobody claims a clique.
const MANY: u8 = 8;

/// The contracts whose ways out are told.
const BODIES: [Peer; 3] = [Peer::Assembly, Peer::Legislature, Peer::Enactment];
/// The machines that are theirs, for what ends by time alone.
const MACHINES: [Machine; 5] = [
    Machine::Session,
    Machine::Petition,
    Machine::Election,
    Machine::Proposal,
    Machine::Ballot,
];

/// Something that was left alone.
#[derive(Clone, Debug)]
struct Left {
    /// Petition or session.
    id: B256,
    /// Its proposal, where one is spoken of.
    proposal: B256,
    /// When the state began that the deadline counts from.
    since: u64,
    /// Seconds that the table calls by a name of the record's, and seconds in which somebody acted meanwhile.
    more: u64,
    /// Whether the way out leads to failure although the table's row goes on: nobody did what going on needs.
    fails: bool,
    /// Bids whose stakes are still reserved.
    bids: Vec<u32>,
}

impl Left {
    fn of(id: B256, since: u64) -> Self {
        Self {
            id,
            proposal: B256::ZERO,
            since,
            more: 0,
            fails: false,
            bids: Vec::new(),
        }
    }

    fn after(self, more: u64) -> Self {
        Self { more, ..self }
    }

    fn failing(self) -> Self {
        Self {
            fails: true,
            ..self
        }
    }
}

/// Which row a story is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    machine: Machine,
    from: u8,
    command: Option<Command>,
    to: Target,
    /// What it waits for, if it waits for something else to end.
    ended: Option<Machine>,
    /// Whether its window is one that sessions alone have which give a node anew.
    is_partial: bool,
}

/// A story: its row, its name, and how it comes to be left alone.
type Silent = (Row, &'static str, fn(&mut Silence, &str) -> Left);

fn row_of(machine: Machine, exit: &Exit) -> Row {
    let ended = match exit.deadline {
        Deadline::Ended(machine) => Some(machine),
        _ => None,
    };
    Row {
        machine,
        from: exit.from,
        command: exit.command,
        to: exit.to,
        ended,
        is_partial: matches!(
            exit.deadline,
            Deadline::After([Term::Parameter(
                P::PartialRelegBiddingTimeoutMs | P::ExpeditedRegulatoryWindowMs
            )])
        ),
    }
}

/// Whether a way out is told here.
fn is_told(machine: Machine, exit: &Exit) -> bool {
    exit.command.map_or_else(
        || MACHINES.contains(&machine),
        |command| BODIES.contains(&command.peer()),
    )
}

#[track_caller]
fn ok<T, E: std::fmt::Display>(done: Result<T, E>) -> T {
    done.unwrap_or_else(|e| panic!("{e}"))
}

/// The function that a call is of.
fn name<C: SolCall>(_: &C) -> &'static str {
    C::SIGNATURE.split('(').next().unwrap_or_default()
}

fn one(name: &str) -> Plan {
    Plan {
        name: name.to_owned(),
        tasks: vec![Task::proved(name, PRICE)],
        edges: Vec::new(),
        predicates: Vec::new(),
    }
}

/// The city, what lies over it, and a mission in it whose two nodes failed: one for each time that the stories are told.
struct Silence {
    scene: Scene,
    halted: bool,
    mission: Option<Law>,
}

impl Silence {
    fn stage(&mut self) -> &mut Stage {
        &mut self.scene.stage
    }

    #[track_caller]
    fn send<C: SolCall>(&mut self, peer: Peer, call: &C) -> Outcome {
        let stranger = self.scene.stranger.clone();
        self.scene.send(&stranger, peer, call)
    }

    fn election(&mut self, session: B256) -> assembly::Election {
        ok(self.stage().election(session))
    }

    fn session(&mut self, session: B256) -> legislature::Session {
        ok(self.stage().session(session))
    }

    // ------------------------------------------------------------------ a mission, and what lies over it

    /// A mission whose executors begin two nodes and hand in nothing.
    fn fails_twice(&mut self) {
        let mut plan = one("two tasks that nobody does");
        plan.tasks.push(Task::proved("the other of two", PRICE));
        let mut law = self.scene.legislate(&plan, STAKE);
        ok(self.stage().make_law(&mut law));
        for node in 0..2 {
            let job = self.scene.stage.job(&law, node);
            let routes = vec![self.scene.stage.routes(&job, job.agent(0))];
            ok(self.stage().perform(&mut law, routes));
            let until = self.scene.node(&law, node).expiresAt.to();
            let call = work::expireNodeCall {
                missionId: law.mission,
                node,
            };
            self.scene.out_after(until, Peer::Collaboration, &call);
        }
        self.mission = Some(law);
    }

    /// A failed node could be given anew.
    fn convenes(&mut self) -> (Bill, u16) {
        let law = self.mission.clone().expect("failed before");
        let node = u16::from(self.halted);
        let session = ok(self
            .stage()
            .convene(SessionKind::Partial, law.mission, node));
        assert_eq!(self.election(session).step, Deliberation::Skipped);
        let bill = Bill {
            session,
            proposal: B256::ZERO,
            plan: law.plan,
            pages: law.written.pages,
        };
        (bill, node)
    }

    /// No registrar takes that up.
    fn skipped(&mut self, _: &str) -> Left {
        let (bill, _) = self.convenes();
        self.alone(&bill, 0)
    }

    /// Nobody bids on it.
    fn skipped_uncovered(&mut self, _: &str) -> Left {
        let (bill, _) = self.convenes();
        ok(self.stage().identify(bill.session, &[]));
        ok(self.stage().publish_bill(&bill));
        self.alone(&bill, 0)
    }

    /// Somebody bids on it.
    fn bids_on_node(&mut self) -> Bill {
        let (bill, node) = self.convenes();
        let bids = bill.plan.seats(&self.scene.stage.executors[2..], STAKE);
        let bids: Vec<_> = bids.into_iter().filter(|bid| bid.node == node).collect();
        ok(self.stage().identify(bill.session, &bids));
        ok(self.stage().publish_bill(&bill));
        ok(self.stage().place_bids(&bill, &bids));
        bill
    }

    /// Nobody bids besides.
    fn skipped_covered(&mut self, _: &str) -> Left {
        let bill = self.bids_on_node();
        self.alone(&bill, 1)
    }

    /// No regulator decides.
    fn skipped_unregulated(&mut self, _: &str) -> Left {
        let bill = self.bids_on_node();
        ok(self.stage().close_bidding(bill.session));
        self.alone(&bill, 1)
    }

    /// The city is stopped and frozen, and the norm of every law here is struck.
    fn halts(&mut self) {
        let (norm, domain) = (keccak256("a norm"), keccak256(DOMAIN));
        let enact = constitution::enactNormCall { id: norm, domain };
        self.scene.rule(Peer::Constitution, &enact);
        let strike = constitution::strikeNormCall { id: norm };
        self.scene.rule(Peer::Constitution, &strike);
        let stop = guardian::triggerStopCall {
            missionId: B256::ZERO,
            evidenceHash: keccak256("evidence"),
        };
        self.scene.rule(Peer::Guardian, &stop);
        ok(self.stage().city.provoke_watchdog());
        let failed = self.mission.clone().expect("failed before");
        let until = self.scene.mission(&failed).haltedUntil.to::<u64>();
        assert!(until > self.scene.now(), "the stop lies on it, too");
        self.halted = true;
    }

    /// The panel lifts all of it.
    fn resumes(&mut self) {
        let clear = guardian::clearStopCall {
            missionId: B256::ZERO,
        };
        self.scene.rule(Peer::Guardian, &clear);
        ok(self.stage().city.release_watchdog());
        let restore = constitution::restoreNormCall {
            id: keccak256("a norm"),
        };
        self.scene.rule(Peer::Constitution, &restore);
    }

    /// The mission that failed is aborted and cleared, and everybody takes what is theirs.
    fn leave(&mut self) {
        let law = self.mission.take().expect("failed before");
        let call = work::expireMissionCall {
            missionId: law.mission,
        };
        self.send(Peer::Collaboration, &call);
        let since = self.scene.mission(&law).since.to::<u64>();
        let until = since + seconds(P::RecoveryGraceMs);
        self.scene.out_after(until, Peer::Collaboration, &call);
        self.scene.clear(&law);
        let (taken, funds) = self.scene.leave(&[]);
        let paid_in = OWNERS as u128 * DEPOSIT + law.written.budget;
        assert_eq!(taken + funds, paid_in, "every unit is somebody's");
    }

    // ------------------------------------------------------------------ what the table says

    /// The number of the state that something is in, by its machine.
    fn state(&mut self, machine: Machine, left: &Left) -> u8 {
        match machine {
            Machine::Petition => {
                let call = assembly::petitionCall {
                    petitionId: left.id,
                };
                let petition = self.scene.ask(Peer::Assembly, &call);
                let over = self.scene.now() > petition.expiresAt.to();
                if petition.used {
                    PetitionState::Opened as u8
                } else if over && self.refuses_names(left.id) {
                    PetitionState::Expired as u8
                } else {
                    PetitionState::Gathering as u8
                }
            }
            Machine::Election => self.election(left.id).step as u8,
            Machine::Proposal => {
                let call = assembly::proposalCall {
                    proposalId: left.proposal,
                };
                self.scene.ask(Peer::Assembly, &call).state as u8
            }
            Machine::Ballot => {
                let voters = self.scene.stage.voters();
                let call = assembly::ballotCall {
                    sessionId: left.id,
                    principal: voters[OWNERS - 1].address(),
                };
                let ballot = self.scene.ask(Peer::Assembly, &call);
                assert_ne!(ballot.commitment, B256::ZERO, "sealed, not opened");
                let election = self.election(left.id);
                let over = election.failed || election.step as u8 > Deliberation::Revealing as u8;
                if over {
                    BallotState::Spent as u8
                } else {
                    BallotState::Committed as u8
                }
            }
            Machine::Session => match self.session(left.id).state {
                SessionState::None if self.election(left.id).failed => Session::Failed as u8,
                SessionState::None => Session::SessionInit as u8,
                state => state as u8,
            },
            Machine::Stake => {
                let states = left.bids.clone().into_iter().map(|bid| {
                    let is_free = self.bid(left.id, bid).state == BidState::Released;
                    assert_eq!(self.reserved(left.id, bid) == 0, is_free);
                    if is_free {
                        StakeState::Released as u8
                    } else {
                        StakeState::Reserved as u8
                    }
                });
                let states: Vec<u8> = states.collect();
                assert!(states.iter().all(|state| *state == states[0]));
                states[0]
            }
            other => panic!("{other:?} is no machine of legislation"),
        }
    }

    /// Whether a petition takes no more names.
    fn refuses_names(&mut self, petition: B256) -> bool {
        let owner = self.scene.stage.executors[1].principal.clone();
        let to = self.scene.at(Peer::Assembly);
        let call = assembly::signPetitionCall {
            petitionId: petition,
        };
        let client = &mut self.scene.stage.city.client;
        let said = client.try_call(owner.address(), to, U256::ZERO, &call.abi_encode());
        said.is_err()
    }

    /// When the table opens a way out, where it counts from the beginning of a state.
    fn due(&mut self, machine: Machine, exit: &Exit, left: &Left) -> Option<u64> {
        let part = |term: &Term| match *term {
            Term::Parameter(id) => seconds(id),
            Term::Product(count, each) => u64::from(count.row().default) * seconds(each),
            Term::Longer(one, other) => seconds(one).max(seconds(other)),
            // What the record says is in the story's `more`.
            Term::Field(_) => 0,
        };
        match exit.deadline {
            Deadline::After(terms) => {
                let sum: u64 = terms.iter().map(part).sum();
                Some(left.since + sum + left.more)
            }
            Deadline::At(_) => {
                assert_eq!(machine, Machine::Petition);
                let call = assembly::petitionCall {
                    petitionId: left.id,
                };
                let until = self.scene.ask(Peer::Assembly, &call).expiresAt.to();
                assert_eq!(until, left.since + seconds(P::SponsorshipWindowMs));
                Some(until)
            }
            Deadline::Ended(_) => None,
            Deadline::AtOnce | Deadline::When(_) => panic!("no deadline: {exit:?}"),
        }
    }

    /// A stranger takes a way out after its deadline, and not before.
    #[track_caller]
    fn takes(&mut self, command: Command, due: Option<u64>, left: &Left) -> Outcome {
        use Command as C;
        let (id, peer) = (left.id, command.peer());
        match command {
            C::ExpirePetition => {
                let call = assembly::expirePetitionCall { petitionId: id };
                self.goes(command, due, peer, &call)
            }
            C::CloseProposing
            | C::CloseDebate
            | C::CloseBallotCommit
            | C::CloseBallotReveal
            | C::CloseDelay
            | C::FailDeliberation => {
                let call = assembly::expireDeliberationCall { sessionId: id };
                self.goes(command, due, peer, &call)
            }
            C::Tally => {
                let call = assembly::tallyCall {
                    sessionId: id,
                    ballots: 1,
                };
                self.goes(command, due, peer, &call)
            }
            C::ExpireSession => {
                let call = legislature::expireSessionCall { sessionId: id };
                self.goes(command, due, peer, &call)
            }
            C::CloseBidding => {
                let call = legislature::closeBiddingCall { sessionId: id };
                self.goes(command, due, peer, &call)
            }
            C::ReleaseReserve => {
                let call = Self::releasing(left);
                self.goes(command, due, peer, &call)
            }
            other => panic!("nobody knows how to call {other:?}"),
        }
    }

    #[track_caller]
    fn goes<C: SolCall>(
        &mut self,
        command: Command,
        due: Option<u64>,
        peer: Peer,
        call: &C,
    ) -> Outcome {
        assert_eq!(name(call), command.function());
        match due {
            Some(due) => self.scene.out_after(due, peer, call),
            // What it waited for has ended: it is open at once.
            None => self.send(peer, call),
        }
    }

    /// One story to its end.
    fn tell(&mut self, exit: &Exit, (row, name, begins): &Silent) {
        let machine = row.machine;
        let title = format!("{name}{}", if self.halted { ", halted" } else { "" });
        println!("{title}");
        let left = begins(self, &title);
        assert!(exit.from == EVERY || self.state(machine, &left) == exit.from);
        let due = self.due(machine, exit, &left);
        let Some(command) = exit.command else {
            self.ends(machine, &left);
            return;
        };
        self.takes(command, due, &left);
        if machine == Machine::Election && left.fails {
            self.has_failed(&left);
        } else {
            let after = self.state(machine, &left);
            assert_eq!(Target::State(after), exit.to, "{title}");
        }
        self.frees(&left);
    }

    /// An election failed with its session: nobody ends it a second time.
    #[track_caller]
    fn has_failed(&mut self, left: &Left) {
        assert!(self.election(left.id).failed);
        let stranger = self.scene.stranger.clone();
        let over = assembly::SessionFailed { sessionId: left.id };
        let call = assembly::expireDeliberationCall { sessionId: left.id };
        self.scene.refused(&stranger, Peer::Assembly, &call, &over);
    }

    /// A stranger takes an election to its end, and what belonged to it has ended.
    #[track_caller]
    fn ends(&mut self, machine: Machine, left: &Left) {
        loop {
            let election = self.election(left.id);
            match election.step {
                _ if election.failed => break,
                Deliberation::Decided if machine != Machine::Election => break,
                Deliberation::Tallying => drop(self.counts(left)),
                _ => drop(ok(self.stage().pass_step(left.id))),
            }
        }
        assert_eq!(self.election(left.id).failed, left.fails);
        match machine {
            Machine::Election => self.has_failed(left),
            Machine::Proposal => {
                let ended = if left.fails {
                    Proposed::Defeated
                } else {
                    Proposed::Adopted
                };
                assert_eq!(self.state(machine, left), ended as u8);
            }
            Machine::Ballot => {
                assert_eq!(self.state(machine, left), BallotState::Spent as u8);
            }
            other => panic!("{other:?} ends with nothing"),
        }
    }

    /// A session that goes on is left alone once more. Whatever was reserved in one that failed is free.
    #[track_caller]
    fn frees(&mut self, left: &Left) {
        let session = self.session(left.id);
        if session.state == SessionState::RegulatoryReview {
            let until = session.expiresAt.to();
            let call = legislature::expireSessionCall { sessionId: left.id };
            self.scene.out_after(until, Peer::Legislature, &call);
        }
        let failed = self.session(left.id).state == SessionState::Failed;
        let first = left.bids.first().copied();
        if failed && first.is_some_and(|bid| self.reserved(left.id, bid) != 0) {
            self.send(Peer::Legislature, &Self::releasing(left));
        }
        for bid in &left.bids {
            assert_eq!(self.reserved(left.id, *bid), 0);
        }
    }
}

#[test]
fn whichever_legislator_falls_silent_a_stranger_goes_on_and_everybody_is_paid_out() {
    let stories = stories();
    let rows: Vec<(Row, Exit)> = EXITS
        .iter()
        .flat_map(|(machine, exits)| exits.iter().map(|exit| (*machine, *exit)))
        .filter(|(machine, exit)| is_told(*machine, exit))
        .map(|(machine, exit)| (row_of(machine, &exit), exit))
        .collect();
    for (row, name, _) in &stories {
        assert!(rows.iter().any(|(of, _)| of == row), "no row is {name}");
    }
    for (row, exit) in &rows {
        let is_told = stories.iter().any(|(of, ..)| of == row);
        assert!(is_told, "nobody tells of {row:?}: {}", exit.note);
        assert_eq!((exit.who, exit.when), (Who::Anyone, Halts::ALWAYS));
    }
    let mut silence = Silence {
        scene: Scene::raise(&Charter::default(), OWNERS, 1),
        halted: false,
        mission: None,
    };
    silence.fails_twice();
    for halted in [false, true] {
        if halted {
            silence.halts();
        }
        for (row, exit) in &rows {
            for story in stories.iter().filter(|(of, ..)| of == row) {
                silence.tell(exit, story);
            }
        }
    }
    println!(
        "{} ways out, {} stories, each told twice",
        rows.len(),
        stories.len()
    );
    silence.resumes();
    silence.leave();
}
