//! What everybody takes with them.

use super::*;

impl Story {
    /// Every bid that binds nothing more is released, and every mission cleared; everybody takes what is theirs, and the funds are paid out.
    pub(super) fn settles(&mut self, laws: &mut [Law]) {
        let last = laws
            .iter()
            .map(|law| law.answer.missionDeadline.to::<u64>());
        let last = last.max().expect("laws");
        ok(self.stage().outlast(last));
        let stranger = self.scene.stranger.clone();
        for session in self.sessions.clone() {
            let bids = ok(self.stage().session(session)).bids;
            let release = legislature::releaseBidsCall {
                sessionId: session,
                bids: (0..bids).collect(),
            };
            self.scene.send(&stranger, Peer::Legislature, &release);
        }
        laws[0].written.seats.append(&mut self.later);
        for law in laws.iter() {
            self.scene.clear(law);
        }
        let claimant = self.claimant.clone();
        let (taken, funds) = self.scene.leave(&[&claimant]);
        let paid_in = 40 * DEPOSIT + CLAIMANTS_PURSE + self.funded;
        assert_eq!(taken + funds, paid_in, "every unit is somebody's");
        let heir = self.scene.person("heir");
        ok(self.stage().pays_out(&mut laws[0], &heir));
        let books = ok(self.stage().books());
        books.print();
        assert!(books.balance(), "{books:?}");
        assert_eq!(
            books.deposited + books.funded,
            books.withdrawn + books.parts.subsidyBudget,
            "all that was paid in came out again, but for what subsidies may be paid from"
        );
        assert_eq!(books.booked, books.parts.subsidyBudget);
    }

    /// Agents, clerks and principals leave the city, with their stakes.
    pub(super) fn leaves_the_city(&mut self, law: &mut Law) {
        let stage = &self.scene.stage;
        let executors = stage.executors.iter().map(|one| one.agent.clone());
        let clerks = stage.city.clerks.iter().map(|clerk| clerk.agent.clone());
        let gone: Vec<Person> = executors
            .chain(clerks)
            .chain([stage.proposer.clone(), self.monitor.clone()])
            .collect();
        let mut principals = stage.voters();
        principals.push(self.watches.clone());
        for clerk in &stage.city.clerks {
            let known = |one: &Person| one.address() == clerk.principal.address();
            if !principals.iter().any(known) {
                principals.push(clerk.principal.clone());
            }
        }
        let stranger = self.scene.stranger.clone();
        let asks = gone.iter().map(|agent| {
            let account = agent.address();
            let call = agents::requestDeregistrationCall { agent: account };
            stage.step(agent, Peer::Agent, &call, "")
        });
        let go = gone.iter().map(|agent| {
            let account = agent.address();
            let call = agents::completeDeregistrationCall { agent: account };
            stage.step(&stranger, Peer::Agent, &call, "")
        });
        let leave = principals
            .iter()
            .map(|principal| stage.step(principal, Peer::Agent, &agents::requestLeaveCall {}, ""));
        let left = principals.iter().map(|principal| {
            let call = agents::completeLeaveCall {
                principal: principal.address(),
            };
            stage.step(&stranger, Peer::Agent, &call, "")
        });
        let steps: [Vec<Step>; 4] = [
            asks.collect(),
            go.collect(),
            leave.collect(),
            left.collect(),
        ];
        let cooldown = seconds(P::DeregistrationCooldownSecs) + 1;
        for (steps, wait) in steps.into_iter().zip([cooldown, 0, cooldown, 0]) {
            ok(self.scene.stage.perform(law, steps));
            self.scene.pass(wait);
        }
        let mut takes = Vec::new();
        for person in gone.iter().chain(&principals) {
            let owed = agents::creditsCall {
                account: person.address(),
            };
            if !self.scene.ask(Peer::Agent, &owed).is_zero() {
                let call = agents::withdrawCall {};
                takes.push(self.scene.stage.step(person, Peer::Agent, &call, ""));
            }
        }
        assert!(takes.len() > OWNERS);
        ok(self.scene.stage.perform(law, takes));
        let booked = self.scene.ask(Peer::Agent, &agents::bookedCall {});
        let at = self.scene.at(Peer::Agent);
        assert_eq!((booked, self.scene.purse(at)), (U256::ZERO, 0));
    }
}
