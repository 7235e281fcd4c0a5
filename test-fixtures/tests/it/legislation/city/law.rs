//! From a decision to law: bids, an award that is deviated from, codification, approvals.

use super::*;

impl Story {
    /// An executor's offer for a node, at so many hundredths of what a seat of it may cost.
    pub(super) fn offer(&self, plan: &Plan, node: u16, executor: usize, hundredths: u128) -> Seat {
        let Executor { agent, service, .. } = &self.scene.stage.executors[executor];
        Seat {
            node,
            seat: 0,
            agent: agent.address(),
            price: plan.tasks[usize::from(node)].node.share() * hundredths / 100,
            stake: plan.stake(node, STAKE),
            source: agent.address().into_word(),
            service: *service,
        }
    }

    /// Three offers for a seat, two more for three seats, the cheapest first; nobody offers twice.
    pub(super) fn offers(&self, plan: &Plan) -> Vec<Seat> {
        let (mut offers, mut executor) = (Vec::new(), 0);
        for (task, node) in plan.tasks.iter().zip(0..) {
            for more in 0..u128::from(task.node.redundancy) + 2 {
                offers.push(self.offer(plan, node, executor, 90 + more));
                executor += 1;
            }
        }
        offers
    }

    /// A bid is sealed: its number, and what opens it.
    pub(super) fn seals(&mut self, session: B256, offer: &Seat) -> legislature::openBidCall {
        let salt = keccak256(offer.agent);
        let (message, _) = ok(self.stage().bid(session, offer, 1));
        let mut executors = self.scene.stage.executors.iter();
        let by = executors.find(|one| one.agent.address() == offer.agent);
        let by = by.expect("an executor").agent.clone();
        let call = self.scene.stage.sealing_bid(&message, &by, salt);
        let stranger = self.scene.stranger.clone();
        let sealed = self.scene.send(&stranger, Peer::Legislature, &call);
        legislature::openBidCall {
            bid: told::<legislature::BidSealed>(&sealed)[0].bid,
            message,
            salt,
        }
    }

    /// From identities to law: two bids are sealed and one of them opened; one node goes to another than the best, as regulator and panel
    /// both sign.
    pub(super) fn make_law(&mut self, bill: &Bill) -> Law {
        let (session, stranger) = (bill.session, self.scene.stranger.clone());
        self.sessions.push(session);
        let offers = self.offers(&bill.plan);
        let hidden = [21, 22].map(|executor| self.offer(&bill.plan, INDEX, executor, 70));
        let bidders = [&offers[..], &hidden].concat();
        ok(self.stage().identify(session, &bidders));
        ok(self.stage().publish_bill(bill));
        ok(self.stage().place_bids(bill, &offers));
        let [opens, _never] = hidden.map(|offer| self.seals(session, &offer));
        ok(self.stage().close_bidding(session));
        self.scene.send(&stranger, Peer::Legislature, &opens);
        let from = ok(self.stage().session(session)).awardsFrom;
        let award = enactment::awardCall {
            sessionId: session,
            seatPages: u16::MAX,
            pages: bill.pages.iter().map(|page| page.clone().into()).collect(),
            rest: B256::ZERO,
            earlier: Vec::new(),
        };
        let early = enactment::TooEarly { from };
        self.scene
            .refused(&stranger, Peer::Enactment, &award, &early);
        ok(self.stage().outlast(from.to::<u64>() - 1));
        // Bids are numbered as they were placed: the first is the cheapest for the first node, the second comes next.
        let (best, chosen) = (0, 1);
        let wants = self.scene.stage.deviation(session, FETCH, (best, chosen));
        self.scene.send(&stranger, Peer::Enactment, &wants);
        let (before, fairness) = ok(self.stage().award(bill));
        let won = self.award_of(session, FETCH);
        assert_eq!((&won.bids[..], won.runnerUp), (&[best][..], chosen + 1));
        assert_eq!(fairness, 1_000, "nobody has two seats");
        let won = self.award_of(session, INDEX);
        assert_eq!(won.bids, [opens.bid], "the opened bid was the best");
        let (assignments, fairness) = self.deviates(bill, (before, fairness), chosen);
        ok(self.stage().regulate(session, assignments, fairness));
        ok(self.stage().codify(bill, assignments));
        ok(self.stage().validate(bill));
        ok(self.stage().approve_law(bill, assignments));
        let mut law = ok(self.stage().read_law(bill, bidders.len()));
        assert!(law.answer.approved);
        self.begin(&mut law);
        law
    }

    pub(super) fn award_of(&mut self, session: B256, node: u16) -> enactment::awardOfReturn {
        let call = enactment::awardOfCall {
            sessionId: session,
            node,
        };
        self.scene.ask(Peer::Enactment, &call)
    }

    /// What the regulator alone wants moves nothing. The panel countersigns: the award runs anew, and nobody decides for the one of before.
    fn deviates(
        &mut self,
        bill: &Bill,
        (before, fairness): (B256, u16),
        chosen: u32,
    ) -> (B256, u16) {
        let session = bill.session;
        let countersign = enactment::countersignAwardCall {
            sessionId: session,
            node: FETCH,
            chosen,
        };
        self.scene.rule(Peer::Enactment, &countersign);
        let Err(MissionError::Call(early)) = self.stage().regulate(session, before, fairness)
        else {
            panic!("nobody decides for the award of before");
        };
        let no = enactment::AwardIncomplete {
            sessionId: session,
            awarded: 0,
            nodes: bill.plan.tasks.len() as u16,
        };
        let said = early.refusal().map(|refusal| refusal.0.to_vec());
        assert_eq!(said, Some(no.abi_encode()), "{early}");
        let (after, fairness) = ok(self.stage().award(bill));
        assert_eq!(self.award_of(session, FETCH).bids, [chosen]);
        assert_ne!(after, before);
        (after, fairness)
    }

    /// A law becomes an active mission that its sponsor paid for.
    pub(super) fn begin(&mut self, law: &mut Law) {
        ok(self.stage().make_law(law));
        self.funded += law.written.budget;
        assert_eq!(self.scene.state(law), MissionState::Active);
    }
}
