//! Attack A1: people who cost nothing. Addresses, principals who put up no stake, who came today, who were banned or frozen, who leave or own
//! nothing, and one person with six agents: none of them signs a petition, sponsors, polls or votes, and none sits where executors check
//! each other; the one with six agents has one voice (RULINGS K1, R26).

use agentcity_abi::{
    IAgent as agents, IAssembly as assembly,
    ICollaboration::{self as work, NodeState},
    ILegislature as legislature, IService as services, ITreasury as treasury,
};
use agentcity_domain::{
    agent::standing::Bars,
    legislation::voice::Bar,
    parameter::ParameterId as P,
    peer::Peer,
    statute::{Mode, Seat},
};
use agentcity_test_fixtures::{
    city::{
        Person,
        life::{AgentType, PrincipalClass, Registration},
    },
    legislation::{Ballot, Bill},
    mission::{Charter, Executor, Plan, Scene, Stage, Task, seconds, stage::DEPOSIT, told},
};
use alloy::primitives::{B256, U256, keccak256};

/// Honest principals.
const OWNERS: usize = 5;
/// Agents of the one who has many.
const AGENTS: usize = 6;
/// A seat's price and stake, in base units.
const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;
/// What stands against whoever is no agent at all.
const NOT_THERE: u8 = Bars::NOT_ACTIVE.bits()
    | Bars::NO_PRODUCER.bits()
    | Bars::NOT_ENROLLED.bits()
    | Bars::BELOW_FLOOR.bits()
    | Bars::TOO_YOUNG.bits();

/// Somebody who has no voice.
#[derive(Clone, Debug)]
struct Nobody {
    principal: Person,
    /// Why not.
    bar: Bar,
    /// Who would propose and work for it, and what stands against that.
    agent: Person,
    bars: u8,
    /// What that agent runs, if it came so far.
    service: Option<B256>,
}

#[track_caller]
fn ok<T, E: std::fmt::Display>(done: Result<T, E>) -> T {
    done.unwrap_or_else(|e| panic!("{e}"))
}

/// A task on which five executors check each other.
fn plan() -> Plan {
    Plan {
        name: "what five agree on".to_owned(),
        tasks: vec![Task::agreed("classify", 5 * PRICE, 5, 3, Mode::Exact)],
        edges: Vec::new(),
        predicates: Vec::new(),
    }
}

struct Attack {
    scene: Scene,
    nobodies: Vec<Nobody>,
    /// One person, and its agents.
    many: Person,
    agents: Vec<Person>,
    services: Vec<B256>,
}

impl Attack {
    fn stage(&mut self) -> &mut Stage {
        &mut self.scene.stage
    }

    /// Brings agents of somebody into the city: what each runs.
    fn registers(scene: &mut Scene, principal: &Person, agents: &[Person]) -> Vec<B256> {
        let registrations = agents.iter().map(|agent| Registration {
            agent: agent.clone(),
            kind: AgentType::Producer,
            principal: principal.clone(),
        });
        let registrations: Vec<Registration> = registrations.collect();
        ok(scene.stage.city.register(&registrations));
        let published = ok(scene.stage.city.publish(agents));
        for agent in agents {
            scene.deposit(agent, DEPOSIT);
        }
        let services = published.iter().map(told::<services::ServiceRegistered>);
        services.map(|told| told[0].service).collect()
    }

    fn raise() -> Self {
        let mut scene = Scene::raise(&Charter::default(), OWNERS, 1);
        let [leaver, landlord, banned, frozen, many] =
            ["leaver", "landlord", "banned", "frozen", "many"].map(|name| scene.person(name));
        let old = [&leaver, &landlord, &banned, &frozen, &many].map(Person::clone);
        ok(scene.stage.city.enrol(&old));
        let [of_banned, of_frozen, of_young] =
            ["of the banned", "of the frozen", "of the young"].map(|name| scene.person(name));
        let one = std::slice::from_ref;
        let of_b = Self::registers(&mut scene, &banned, one(&of_banned));
        let of_f = Self::registers(&mut scene, &frozen, one(&of_frozen));
        let agents = ok(scene.stage.city.people("one of many", AGENTS));
        let services = Self::registers(&mut scene, &many, &agents);
        scene.pass(seconds(P::PrincipalAgeSecs) + 1);
        let young = scene.person("young");
        ok(scene.stage.city.enrol(std::slice::from_ref(&young)));
        let of_y = Self::registers(&mut scene, &young, one(&of_young));
        scene.send(&leaver, Peer::Agent, &agents::requestLeaveCall {});
        let reason = keccak256("a reason");
        let ban = agents::banPrincipalCall {
            principal: banned.address(),
            reason,
        };
        scene.rule(Peer::Agent, &ban);
        let freeze = agents::freezePrincipalCall {
            principal: frozen.address(),
            reason,
        };
        scene.rule(Peer::Agent, &freeze);
        let unstaked = Self::unstaked(&mut scene);
        let nobody = |principal: &Person, bar, agent: &Person, bars, runs: &[B256]| Nobody {
            principal: principal.clone(),
            bar,
            agent: agent.clone(),
            bars,
            service: runs.first().copied(),
        };
        let [b, f, y] = [Bars::BANNED, Bars::FROZEN, Bars::TOO_YOUNG].map(Bars::bits);
        let nobodies = vec![
            nobody(&unstaked, Bar::NotEnrolled, &unstaked, NOT_THERE, &[]),
            nobody(&leaver, Bar::Leaving, &leaver, NOT_THERE, &[]),
            nobody(&landlord, Bar::NoProducer, &landlord, NOT_THERE, &[]),
            nobody(&banned, Bar::Banned, &of_banned, b, &of_b),
            nobody(&frozen, Bar::Frozen, &of_frozen, f, &of_f),
            nobody(&young, Bar::TooYoung, &of_young, y, &of_y),
        ];
        Self {
            scene,
            nobodies,
            many,
            agents,
            services,
        }
    }

    /// Who puts up no stake does not enrol, and whose principal is not enrolled does not register.
    fn unstaked(scene: &mut Scene) -> Person {
        let unstaked = scene.person("unstaked");
        let city = &mut scene.stage.city;
        let call = ok(city.enrolment(&unstaked, PrincipalClass::Owner));
        let stake = city.base_units(P::PrincipalStake.row().default);
        let short = agents::AmountMismatch {
            expected: stake,
            received: U256::ZERO,
        };
        scene.refused(&unstaked, Peer::Agent, &call, &short);
        let agent = scene.person("of nobody");
        let registration = Registration {
            agent: agent.clone(),
            kind: AgentType::Producer,
            principal: unstaked.clone(),
        };
        let call = ok(scene.stage.city.registration(&registration));
        let no = agents::NotEnrolled {
            principal: unstaked.address(),
        };
        scene.refused(&agent, Peer::Agent, &call, &no);
        unstaked
    }

    /// Everybody without a voice tries something, by itself and by whoever relays what it signed; so does every agent of the one who
    /// has many, as if it were a principal. All of it is refused for the same reason.
    #[track_caller]
    fn all_refused<C, D>(&mut self, own: impl Fn() -> C, relayed: impl Fn(&Stage, &Person) -> D)
    where
        C: alloy::sol_types::SolCall,
        D: alloy::sol_types::SolCall,
    {
        let nobodies = self.nobodies.iter();
        let nobodies = nobodies.map(|nobody| (nobody.principal.clone(), nobody.bar));
        let agents = self.agents.iter();
        let agents = agents.map(|agent| (agent.clone(), Bar::NotEnrolled));
        let stranger = self.scene.stranger.clone();
        for (principal, bar) in nobodies.chain(agents).collect::<Vec<_>>() {
            let no = assembly::PrincipalRefused {
                principal: principal.address(),
                rule: bar as u8,
            };
            self.scene.refused(&principal, Peer::Assembly, &own(), &no);
            let call = relayed(&self.scene.stage, &principal);
            self.scene.refused(&stranger, Peer::Assembly, &call, &no);
        }
    }

    /// The one who has many agents did something already.
    #[track_caller]
    fn done<C: alloy::sol_types::SolCall>(&mut self, call: &C, id: B256) {
        let many = self.many.clone();
        let done = assembly::AlreadyDone {
            id,
            who: many.address(),
        };
        self.scene.refused(&many, Peer::Assembly, call, &done);
    }

    fn petition(&mut self, id: B256) -> assembly::petitionReturn {
        let call = assembly::petitionCall { petitionId: id };
        self.scene.ask(Peer::Assembly, &call)
    }

    fn wish(&mut self) -> B256 {
        let open = || assembly::openPetitionCall {
            subjectHash: keccak256("what five agree on"),
            contentAddress: B256::ZERO,
        };
        let owner = self.scene.stage.executors[0].principal.clone();
        let opened = self.scene.send(&owner, Peer::Assembly, &open());
        let id = told::<assembly::PetitionOpened>(&opened)[0].petitionId;
        // Who has no voice opens none.
        self.all_refused(open, |stage, person| {
            stage.names(id, std::slice::from_ref(person))
        });
        let sign = || assembly::signPetitionCall { petitionId: id };
        self.all_refused(sign, |stage, person| {
            stage.names(id, std::slice::from_ref(person))
        });
        assert_eq!(self.petition(id).signatures, 1);
        let many = self.many.clone();
        self.scene.send(&many, Peer::Assembly, &sign());
        self.done(&sign(), id);
        // A batch passes over whoever is there.
        let thrice = self
            .scene
            .stage
            .names(id, &[many.clone(), many.clone(), many]);
        let stranger = self.scene.stranger.clone();
        self.scene.send(&stranger, Peer::Assembly, &thrice);
        assert_eq!(self.petition(id).signatures, 2);
        let open = assembly::openSessionCall { petitionId: id };
        let opened = self.scene.send(&stranger, Peer::Assembly, &open);
        told::<assembly::SessionOpened>(&opened)[0].sessionId
    }

    fn sponsor(&mut self, session: B256) -> Bill {
        let bill = ok(self.stage().propose(session, &plan()));
        let id = bill.proposal;
        for nobody in self.nobodies.clone() {
            let propose = assembly::proposeCall {
                sessionId: session,
                statuteHash: keccak256("anything"),
                contentAddress: B256::ZERO,
                domain: keccak256("research"),
                amends: B256::ZERO,
            };
            let no = assembly::AgentRefused {
                agent: nobody.agent.address(),
                rule: nobody.bars,
            };
            self.scene
                .refused(&nobody.agent, Peer::Assembly, &propose, &no);
        }
        let sponsor = || assembly::sponsorCall { proposalId: id };
        self.all_refused(sponsor, |stage, person| stage.sponsorships(&[(id, person)]));
        let many = self.many.clone();
        self.scene.send(&many, Peer::Assembly, &sponsor());
        self.done(&sponsor(), id);
        let call = assembly::proposalCall { proposalId: id };
        let sponsors = self.scene.ask(Peer::Assembly, &call).sponsors;
        assert_eq!(sponsors as usize, OWNERS + 1);
        ok(self.stage().pass_step(session));
        bill
    }

    fn debate(&mut self, bill: &Bill) {
        let (session, stranger) = (bill.session, self.scene.stranger.clone());
        let evidence = self.scene.stage.evidence(session);
        self.scene.send(&stranger, Peer::Assembly, &evidence);
        let dissent = || assembly::recordMinorityCall {
            proposalId: bill.proposal,
            positionHash: keccak256("against it"),
        };
        let poll = |stage: &Stage, person: &Person| stage.straw_vote(session, person, 0);
        self.all_refused(dissent, poll);
        let many = self.many.clone();
        let vote = poll(&self.scene.stage, &many);
        self.scene.send(&stranger, Peer::Assembly, &vote);
        self.done_by_courier(&vote, session);
        let call = assembly::debateCall { sessionId: session };
        assert_eq!(self.scene.ask(Peer::Assembly, &call).voters, 1);
        ok(self.stage().pass_step(session));
    }

    /// The same of what somebody relays.
    #[track_caller]
    fn done_by_courier<C: alloy::sol_types::SolCall>(&mut self, call: &C, id: B256) {
        let (stranger, who) = (self.scene.stranger.clone(), self.many.address());
        let done = assembly::AlreadyDone { id, who };
        self.scene.refused(&stranger, Peer::Assembly, call, &done);
    }

    fn vote(&mut self, bill: &Bill) {
        let (session, stranger) = (bill.session, self.scene.stranger.clone());
        let ballot = |person: &Person| Ballot {
            voter: person.clone(),
            ranking: 0,
        };
        let commit = |commitment| assembly::commitBallotCall {
            sessionId: session,
            commitment,
        };
        let seal = || commit(keccak256("some ranking"));
        self.all_refused(seal, |stage, person| {
            stage.sealing(session, &[ballot(person)])
        });
        let many = self.many.clone();
        let own = commit(ballot(&many).seal(session));
        self.scene.send(&many, Peer::Assembly, &own);
        self.done(&own, session);
        let mut ballots: Vec<Ballot> = self.scene.stage.voters().iter().map(ballot).collect();
        let call = self.scene.stage.sealing(session, &ballots);
        self.scene.send(&stranger, Peer::Assembly, &call);
        let election = ok(self.stage().election(session));
        // Owners, the sponsor, and one of the one who has many. Who is frozen or young could have voted, had it been somebody.
        assert_eq!(election.commits as usize, OWNERS + 2);
        assert_eq!(election.enrolled as usize, OWNERS + 4);
        ok(self.stage().pass_step(session));
        ballots.push(ballot(&many));
        for ballot in &ballots {
            let opening = ballot.opening(session);
            self.scene.send(&stranger, Peer::Assembly, &opening);
        }
        ok(self.stage().pass_step(session));
        ok(self.stage().count(session, 100));
        let winner = ok(self.stage().election(session)).winner;
        assert_eq!(winner, bill.proposal);
    }

    // ------------------------------------------------------------------ seats

    /// Somebody's agent is one that may bid.
    fn joins(&mut self, agent: &Person, principal: &Person, service: B256) -> Executor {
        let executor = Executor {
            agent: agent.clone(),
            principal: principal.clone(),
            service,
        };
        self.stage().executors.push(executor.clone());
        executor
    }

    fn offer(executor: &Executor, hundredths: u128) -> (Seat, u8) {
        let agent = executor.agent.address();
        let seat = Seat {
            node: 0,
            seat: 0,
            agent,
            price: PRICE * hundredths / 100,
            stake: STAKE,
            source: agent.into_word(),
            service: executor.service,
        };
        (seat, 2)
    }

    /// Nobody's agents are dropped and their bids refused. One principal has one bid, and who is too young wins a seat and loses it when
    /// the work begins: the others check each other without it.
    fn sit(&mut self, bill: &Bill) {
        let (session, stranger) = (bill.session, self.scene.stranger.clone());
        let honest: Vec<Executor> = self.scene.stage.executors[..3].to_vec();
        let (many, agents) = (self.many.clone(), self.agents.clone());
        let pairs = agents.iter().zip(self.services.clone());
        let crowd = pairs.map(|(one, service)| self.joins(one, &many, service));
        let crowd: Vec<Executor> = crowd.collect();
        let nobodies = self.nobodies.clone();
        let worker = |attack: &mut Self, bar: Bar| {
            let nobody = nobodies
                .iter()
                .find(|one| one.bar == bar)
                .expect("is there");
            let service = nobody.service.expect("registered");
            attack.joins(&nobody.agent, &nobody.principal, service)
        };
        let [banned, frozen, young] =
            [Bar::Banned, Bar::Frozen, Bar::TooYoung].map(|bar| worker(self, bar));
        let everybody = honest
            .iter()
            .chain(&crowd)
            .chain([&banned, &frozen, &young]);
        let bids: Vec<Seat> = everybody.map(|one| Self::offer(one, 100).0).collect();
        ok(self.stage().identify(session, &bids));
        let dropped = ok(self
            .stage()
            .events::<legislature::AgentDropped>(Peer::Legislature));
        let dropped: Vec<_> = dropped.iter().map(|event| event.agent).collect();
        let mut expected = [banned.agent.address(), frozen.agent.address()];
        expected.sort_unstable();
        assert_eq!(dropped, expected);
        ok(self.stage().publish_bill(bill));
        for barred in [&banned, &frozen] {
            let call = ok(self.stage().bidding(session, &[Self::offer(barred, 50)]));
            let no = legislature::AgentRefused {
                agent: barred.agent.address(),
                rule: 1,
            };
            self.scene.refused(&stranger, Peer::Legislature, &call, &no);
        }
        let mut offers = vec![Self::offer(&young, 80), Self::offer(&crowd[0], 85)];
        offers.extend(honest.iter().map(|one| Self::offer(one, 90)));
        let call = ok(self.stage().bidding(session, &offers));
        self.scene.send(&stranger, Peer::Legislature, &call);
        for more in &crowd[1..] {
            let call = ok(self.stage().bidding(session, &[Self::offer(more, 70)]));
            // The word names principal, round and node; its last twenty bytes are the principal.
            let done = legislature::AlreadyDone {
                id: session,
                who: many.address(),
            };
            self.scene
                .refused(&stranger, Peer::Legislature, &call, &done);
        }
        ok(self.stage().close_bidding(session));
        let (assignments, fairness) = ok(self.stage().award(bill));
        ok(self.stage().regulate(session, assignments, fairness));
        ok(self.stage().codify(bill, assignments));
        ok(self.stage().validate(bill));
        ok(self.stage().approve_law(bill, assignments));
        let mut law = ok(self.stage().read_law(bill, offers.len()));
        let seated: Vec<_> = law.written.seats.iter().map(|seat| seat.agent).collect();
        let bidders: Vec<_> = offers.iter().map(|(seat, _)| seat.agent).collect();
        assert_eq!(seated, bidders, "young as it is, its price won");
        ok(self.stage().make_law(&mut law));

        let job = self.scene.stage.job(&law, 0);
        let stage = &self.scene.stage;
        let accepts = job.seats().map(|seat| stage.accepts(&job, seat)).collect();
        ok(self.stage().perform(&mut law, accepts));
        let routing = self.scene.stage.routing(&job);
        let no = work::AgentRefused {
            agent: young.agent.address(),
            rule: Bars::TOO_YOUNG.bits(),
        };
        self.scene
            .refused(&stranger, Peer::Collaboration, &routing, &no);
        self.scene
            .pass(seconds(P::AcceptanceWindowMs) + seconds(P::TimeoutGraceMs) + 1);
        self.scene.send(&stranger, Peer::Collaboration, &routing);
        let seal = self.scene.stage.commits(&job, 0);
        let refused = self.stage().perform(&mut law, vec![seal]);
        assert!(refused.is_err(), "who was left out seals nothing");
        let stage = &self.scene.stage;
        let mut steps: Vec<_> = (1..5).map(|seat| stage.commits(&job, seat)).collect();
        steps.extend((1..5).map(|seat| stage.reveals(&job, seat)));
        let done = ok(self.stage().perform(&mut law, steps));
        assert_eq!(self.scene.node(&law, 0).state, NodeState::Completed);
        let paid: Vec<_> = done.iter().flat_map(told::<treasury::Settled>).collect();
        let paid: Vec<_> = paid.iter().map(|settled| settled.agent).collect();
        assert_eq!(paid, bidders[1..], "and is paid nothing");
    }
}

#[test]
fn people_who_cost_nothing_are_nobody_and_one_with_six_agents_is_one() {
    let mut attack = Attack::raise();
    let session = attack.wish();
    let bill = attack.sponsor(session);
    attack.debate(&bill);
    attack.vote(&bill);
    attack.sit(&bill);
}
