//! Up to a state of a session, where everybody falls silent; and what becomes of stakes.

use super::*;

impl Silence {
    /// A proposal was adopted, and no registrar asks who is there.
    pub(super) fn decided(&mut self, name: &str) -> Left {
        let left = self.sponsored(name);
        let opened = left.since;
        ok(self.stage().agree(left.id));
        let election = self.election(left.id);
        assert_eq!(election.step, Deliberation::Decided);
        let windows = self.scene.now() - opened;
        Left {
            since: opened,
            ..left
        }
        .after(windows)
    }

    /// The bill of an adopted proposal.
    pub(super) fn bill(&mut self, name: &str) -> Bill {
        ok(self.stage().adopt(&one(name)))
    }

    /// Left in the state that its session has just come to.
    pub(super) fn alone(&mut self, bill: &Bill, bids: u32) -> Left {
        let now = self.scene.now();
        Left {
            bids: (0..bids).collect(),
            proposal: bill.proposal,
            ..Left::of(bill.session, now)
        }
    }

    /// Offers of the first executors, so many, the cheapest first.
    pub(super) fn offers(&self, bill: &Bill, count: usize) -> Vec<agentcity_domain::statute::Seat> {
        let executors = &self.scene.stage.executors[..count];
        let each = executors.iter().zip(0u128..).map(|(executor, more)| {
            let mut seats = bill.plan.seats(std::slice::from_ref(executor), STAKE);
            seats[0].price = PRICE / 2 + more * PRICE / 10;
            seats[0]
        });
        each.collect()
    }

    /// MSG_TYPE_1 alone: no office is filled.
    pub(super) fn asked(&mut self, name: &str) -> Left {
        let bill = self.bill(name);
        let call = self.scene.stage.identity_request(bill.session);
        self.send(Peer::Legislature, &call);
        self.alone(&bill, 0)
    }

    /// A bill in a session that was identified by its offices and two bidders.
    pub(super) fn identified(&mut self, name: &str) -> Bill {
        let bill = self.bill(name);
        let bids = self.offers(&bill, 2);
        ok(self.stage().identify(bill.session, &bids));
        bill
    }

    pub(super) fn unrelayed(&mut self, name: &str) -> Left {
        let bill = self.identified(name);
        self.alone(&bill, 0)
    }

    pub(super) fn bidding(&mut self, name: &str) -> Bill {
        let bill = self.identified(name);
        ok(self.stage().publish_bill(&bill));
        bill
    }

    pub(super) fn uncovered(&mut self, name: &str) -> Left {
        let bill = self.bidding(name);
        self.alone(&bill, 0)
    }

    pub(super) fn covered(&mut self, name: &str) -> Left {
        let bill = self.bidding(name);
        let left = self.alone(&bill, 2);
        let bids = self.offers(&bill, 2);
        ok(self.stage().place_bids(&bill, &bids));
        left
    }

    pub(super) fn reviewing(&mut self, name: &str) -> (Bill, Left) {
        let bill = self.bidding(name);
        let bids = self.offers(&bill, 2);
        ok(self.stage().place_bids(&bill, &bids));
        ok(self.stage().close_bidding(bill.session));
        let left = self.alone(&bill, 2);
        (bill, left)
    }

    pub(super) fn unregulated(&mut self, name: &str) -> Left {
        let (bill, left) = self.reviewing(name);
        // An award is nobody's decision.
        ok(self.stage().award(&bill));
        left
    }

    /// The regulator wants another proposal, and the speaker carries none. The bids of before bind nothing.
    pub(super) fn sent_back(&mut self, name: &str) -> Left {
        let (bill, left) = self.reviewing(name);
        let call = self.scene.stage.reproposal(bill.session);
        let returned = self.send(Peer::Enactment, &call);
        assert_eq!(told::<enactment::ReproposalRequested>(&returned).len(), 1);
        self.send(Peer::Legislature, &Self::releasing(&left));
        self.alone(&bill, 2)
    }

    pub(super) fn regulated(&mut self, name: &str) -> (Bill, B256) {
        let (bill, _) = self.reviewing(name);
        let (assignments, fairness) = ok(self.stage().award(&bill));
        ok(self.stage().regulate(bill.session, assignments, fairness));
        (bill, assignments)
    }

    pub(super) fn uncodified(&mut self, name: &str) -> Left {
        let (bill, _) = self.regulated(name);
        self.alone(&bill, 2)
    }

    /// The codifier speaks, and nobody shows the pages.
    pub(super) fn unvalidated(&mut self, name: &str) -> Left {
        let (bill, assignments) = self.regulated(name);
        let left = self.alone(&bill, 2);
        ok(self.stage().codify(&bill, assignments));
        left
    }

    pub(super) fn codified(&mut self, name: &str) -> (Bill, B256) {
        let (bill, assignments) = self.regulated(name);
        ok(self.stage().codify(&bill, assignments));
        ok(self.stage().validate(&bill));
        (bill, assignments)
    }

    /// One of two approves.
    pub(super) fn half_approved(&mut self, name: &str) -> Left {
        let (bill, assignments) = self.codified(name);
        let left = self.alone(&bill, 2);
        ok(self
            .stage()
            .approves(ClerkRole::Speaker, &bill, assignments));
        left
    }

    /// A law of which nobody makes a mission.
    pub(super) fn law(&mut self, name: &str) -> (Left, Law) {
        let (bill, assignments) = self.codified(name);
        ok(self.stage().approve_law(&bill, assignments));
        let law = ok(self.stage().read_law(&bill, 2));
        (self.alone(&bill, 2), law)
    }

    // ------------------------------------------------------------------ stakes

    /// What is reserved for a bid.
    pub(super) fn reserved(&mut self, session: B256, bid: u32) -> u128 {
        let bid = self.bid(session, bid);
        let call = treasury::reservedStakeCall {
            sessionId: session,
            source: bid.source,
            agent: bid.agent,
        };
        self.scene.ask(Peer::Treasury, &call).to()
    }

    pub(super) fn bid(&mut self, session: B256, bid: u32) -> legislature::Bid {
        let call = legislature::bidOfCall {
            sessionId: session,
            bid,
        };
        self.scene.ask(Peer::Legislature, &call)
    }

    pub(super) fn releasing(left: &Left) -> legislature::releaseBidsCall {
        legislature::releaseBidsCall {
            sessionId: left.id,
            bids: left.bids.clone(),
        }
    }

    /// Bids still bind.
    #[track_caller]
    pub(super) fn bound(&mut self, left: &Left, until: u64) {
        let bound = legislature::BidBound {
            sessionId: left.id,
            bid: left.bids[0],
            until: U256::from(until).to(),
        };
        let (to, call) = (self.scene.at(Peer::Legislature), Self::releasing(left));
        let stranger = self.scene.stranger.address();
        let client = &mut self.scene.stage.city.client;
        let said = client.try_call(stranger, to, U256::ZERO, &call.abi_encode());
        let said = said.expect_err("bids still bind");
        let said = said.refusal().map(|refusal| refusal.0.to_vec());
        assert_eq!(said, Some(bound.abi_encode()));
    }

    /// A session with bids comes to nothing.
    pub(super) fn failed_with_bids(&mut self, name: &str) -> Left {
        let left = self.unregulated(name);
        let deadline = self.session(left.id).missionDeadline.to();
        self.bound(&left, deadline);
        let until = self.session(left.id).expiresAt.to();
        ok(self.stage().outlast(until));
        let call = legislature::expireSessionCall { sessionId: left.id };
        self.send(Peer::Legislature, &call);
        left
    }

    /// A bid wins a law of which no mission is made until the mission's time is over. What lost is free at once.
    pub(super) fn won_for_nothing(&mut self, name: &str) -> Left {
        let (left, law) = self.law(name);
        let deadline = law.answer.missionDeadline.to();
        let call = enactment::awardOfCall {
            sessionId: left.id,
            node: 0,
        };
        let award = self.scene.ask(Peer::Enactment, &call);
        // The runner-up is bound as well: it may be asked to take over.
        assert_eq!((award.bids, award.runnerUp), (vec![0], 2));
        self.bound(&left, deadline);
        self.scene.until(deadline);
        self.bound(&left, deadline);
        self.scene.until(deadline + 1);
        left
    }
}
