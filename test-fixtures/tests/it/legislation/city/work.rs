//! Work, and what is legislated anew: a node, a mission within the mission, a successor.

use super::*;

impl Story {
    /// A node is worked off by those who have its seats.
    pub(super) fn works(&mut self, law: &mut Law, job: &Job) {
        let stage = &mut self.scene.stage;
        let mut steps: Vec<Step> = job.seats().skip(1).map(|s| stage.accepts(job, s)).collect();
        steps.push(stage.routes(job, job.agent(0)));
        match job.task.node.tier {
            2 => {
                steps.extend(job.seats().map(|seat| stage.commits(job, seat)));
                steps.extend(job.seats().map(|seat| stage.reveals(job, seat)));
            }
            3 => {
                steps.push(stage.submits(job));
                let approval = Stage::approval(job);
                steps.push(ok(stage.ruling(Peer::Verification, &approval)));
            }
            _ => steps.push(stage.submits(job)),
        }
        ok(stage.perform(law, steps));
        let node = self.scene.node(law, job.node);
        assert_eq!(node.state, NodeState::Completed, "{}", job.node);
    }

    pub(super) fn does(&mut self, law: &mut Law, node: u16) {
        let job = self.scene.stage.job(law, node);
        self.works(law, &job);
    }

    /// The gate opens for a mission whose nodes are done.
    pub(super) fn opens_gate(&mut self, law: &mut Law) {
        assert_eq!(self.scene.state(law), MissionState::Verification);
        let monitor = self.monitor.clone();
        let steps = self.scene.stage.opens_gate(law, &monitor);
        ok(self.stage().perform(law, steps));
        assert_eq!(self.scene.state(law), MissionState::Completed);
    }

    /// An executor falls silent; its node goes to another, by a session about nothing else.
    pub(super) fn is_refined_in_part(&mut self, law: &mut Law) {
        let job = self.scene.stage.job(law, INDEX);
        let begun = vec![self.scene.stage.routes(&job, job.agent(0))];
        ok(self.stage().perform(law, begun));
        let until = self.scene.node(law, INDEX).expiresAt.to();
        let expire = missions::expireNodeCall {
            missionId: law.mission,
            node: INDEX,
        };
        let over = self.scene.out_after(until, Peer::Collaboration, &expire);
        let slashed = told::<treasury::StakeSlashed>(&over);
        assert_eq!(slashed[0].agent, job.agent(0).address());
        let offers: Vec<Seat> = [30, 31, 32]
            .into_iter()
            .zip(95..)
            .map(|(executor, hundredths)| self.offer(&law.plan, INDEX, executor, hundredths))
            .collect();
        let anew = ok(self.stage().legislate_anew(law, INDEX, &offers));
        self.sessions.push(anew);
        let (stranger, apply) = (
            self.scene.stranger.clone(),
            enactment::applyReassignmentCall { sessionId: anew },
        );
        self.scene.send(&stranger, Peer::Enactment, &apply);
        let twice = enactment::AlreadyDone {
            id: anew,
            who: alloy::primitives::Address::ZERO,
        };
        self.scene
            .refused(&stranger, Peer::Enactment, &apply, &twice);
        let node = self.scene.node(law, INDEX);
        assert_eq!((node.state, node.attempt), (NodeState::Eligible, 1));
        self.later.push(offers[0]);
        let next = Job {
            attempt: 1,
            executors: vec![self.scene.stage.executors[30].clone()],
            ..job
        };
        self.works(law, &next);
    }

    /// A derived session, from its opening to law.
    pub(super) fn derives(
        &mut self,
        law: &Law,
        (kind, node): (SessionKind, u16),
        plan: &Plan,
    ) -> Law {
        let session = ok(self.stage().convene(kind, law.mission, node));
        self.sessions.push(session);
        let bill = ok(self.stage().propose(session, plan));
        ok(self.stage().agree(session));
        let bids = plan.seats(&self.scene.stage.executors[33..], STAKE);
        ok(self.stage().carry(&bill, &bids))
    }

    /// A node is legislated as a mission of its own, one level below.
    pub(super) fn recurs(&mut self, law: &mut Law) -> Law {
        let mut child = self.derives(law, (SessionKind::Child, CHAPTER), &chapter());
        let stranger = self.scene.stranger.clone();
        ok(self.stage().create(&mut child));
        let open = missions::openChildCall {
            missionId: law.mission,
            node: CHAPTER,
            child: child.mission,
        };
        let opened = self.scene.send(&stranger, Peer::Collaboration, &open);
        let lent = told::<missions::ChildOpened>(&opened)[0].budget;
        assert_eq!(lent, U256::from(2 * PRICE), "the node's budget");
        ok(self.stage().deploy(&mut child, &stranger, 1));
        ok(self.stage().seat(&mut child, &stranger, 1));
        ok(self.stage().finalise(&mut child, &stranger));
        for node in 0..2 {
            self.does(&mut child, node);
        }
        self.opens_gate(&mut child);
        let node = self.scene.node(law, CHAPTER);
        assert_eq!(node.state, NodeState::Executing);
        let close = missions::closeChildCall {
            child: child.mission,
        };
        self.scene.send(&stranger, Peer::Collaboration, &close);
        let node = self.scene.node(law, CHAPTER);
        assert_eq!(node.state, NodeState::Completed);
        child
    }

    /// The last task cannot be done as it is written. The panel says so, and the mission is legislated anew: what is done is taken over,
    /// with what is left of the money. The rival, which lost, does not come back a second time.
    pub(super) fn is_refined_in_full(&mut self, law: &mut Law, rival: B256) -> Law {
        let stranger = self.scene.stranger.clone();
        let anew = assembly::openDerivedSessionCall {
            kind: SessionKind::Full,
            missionId: law.mission,
            node: PRINT,
        };
        let no = assembly::Mismatch {
            sessionId: law.mission,
            expected: B256::with_last_byte(Mission::Failed as u8),
            found: B256::with_last_byte(Mission::Executing as u8),
        };
        self.scene.refused(&stranger, Peer::Assembly, &anew, &no);
        let fault = enactment::declareSpecificationFaultCall {
            missionId: law.mission,
            node: PRINT,
            attempt: 0,
        };
        self.scene.rule(Peer::Enactment, &fault);
        let session = ok(self.stage().convene(SessionKind::Full, law.mission, PRINT));
        self.sessions.push(session);
        assert_eq!(self.proposal(rival).state, ProposalState::Defeated);
        self.does_not_come_back(1, session, "the rival's third version", rival);
        self.stage().life = LONGER;
        let bill = ok(self.stage().propose(session, &reprint(law)));
        ok(self.stage().agree(session));
        let bids = bill.plan.seats(&self.scene.stage.executors[27..], STAKE);
        let mut next = ok(self.stage().carry(&bill, &bids));
        assert_eq!(next.answer.kind as u8, Kind::Full as u8);
        ok(self.stage().create(&mut next));
        ok(self.stage().deploy(&mut next, &stranger, 1));
        ok(self.stage().seat(&mut next, &stranger, 1));
        self.succeeds(law, &mut next);
        next
    }

    /// The deadline passes; the successor takes over what is done and what is left, and the sponsor pays the difference.
    pub(super) fn succeeds(&mut self, law: &mut Law, next: &mut Law) {
        let sponsor = self.scene.stage.sponsor.clone();
        let deadline = law.answer.missionDeadline.to();
        let expire = missions::expireMissionCall {
            missionId: law.mission,
        };
        self.scene.out_after(deadline, Peer::Collaboration, &expire);
        assert_eq!(self.scene.state(law), MissionState::Failed);
        let replace = missions::relegislateCall {
            missionId: law.mission,
            successor: next.mission,
            imported: (0..PRINT).map(|node| [node, node]).collect(),
        };
        let stranger = self.scene.stranger.clone();
        let no = missions::Unauthorized {
            caller: stranger.address(),
        };
        self.scene
            .refused(&stranger, Peer::Collaboration, &replace, &no);
        let replaced = self.scene.send(&sponsor, Peer::Collaboration, &replace);
        let moved = &told::<treasury::EscrowMoved>(&replaced)[0];
        assert_eq!((moved.from, moved.to), (law.mission, next.mission));
        assert_eq!(self.scene.state(law), MissionState::Aborted);
        let missing = next.written.budget - moved.amount.to::<u128>();
        let fund = treasury::fundMissionCall {
            missionId: next.mission,
            amount: U256::from(missing),
        };
        self.scene.pay(&sponsor, Peer::Treasury, missing, &fund);
        self.funded += missing;
        ok(self.stage().finalise(next, &sponsor));
        let found = self.scene.mission(next);
        assert_eq!((found.completed, found.refinements), (PRINT, 2));
        for node in PRINT..PRINT + 2 {
            self.does(next, node);
        }
        self.opens_gate(next);
    }
}
