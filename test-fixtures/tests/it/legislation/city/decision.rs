//! From a wish to a decision: proposals, debate, ballots that go in a circle, a clique.

use super::*;

impl Story {
    pub(super) fn proposing(session: B256, statute: &str, amends: B256) -> assembly::proposeCall {
        assembly::proposeCall {
            sessionId: session,
            statuteHash: keccak256(statute),
            contentAddress: keccak256(format!("content of {statute}")),
            domain: keccak256("research"),
            amends,
        }
    }

    /// An executor's agent proposes.
    #[track_caller]
    pub(super) fn proposes(
        &mut self,
        by: usize,
        session: B256,
        statute: &str,
        amends: B256,
    ) -> B256 {
        let (agent, call) = (
            self.scene.agent(by),
            Self::proposing(session, statute, amends),
        );
        let proposed = self.scene.send(&agent, Peer::Assembly, &call);
        told::<assembly::Proposed>(&proposed)[0].proposalId
    }

    /// What lost does not come back like this.
    #[track_caller]
    pub(super) fn does_not_come_back(
        &mut self,
        by: usize,
        session: B256,
        statute: &str,
        amends: B256,
    ) {
        let (agent, call) = (
            self.scene.agent(by),
            Self::proposing(session, statute, amends),
        );
        let no = assembly::NotAmended { proposalId: amends };
        self.scene.refused(&agent, Peer::Assembly, &call, &no);
    }

    pub(super) fn proposal(&mut self, id: B256) -> assembly::Proposal {
        let call = assembly::proposalCall { proposalId: id };
        self.scene.ask(Peer::Assembly, &call)
    }

    /// A first session, in which a proposal finds nobody and the session ends.
    pub(super) fn nobody_listens(&mut self) -> B256 {
        let session = ok(self.stage().petition("the harbour, too early"));
        let lonely = self.proposes(1, session, "the rival's first version", B256::ZERO);
        let until = ok(self.stage().election(session)).expiresAt.to();
        let call = assembly::expireDeliberationCall { sessionId: session };
        let over = self.scene.out_after(until, Peer::Assembly, &call);
        assert_eq!(told::<assembly::DeliberationFailed>(&over).len(), 1);
        assert_eq!(self.proposal(lonely).state, ProposalState::Lapsed);
        lonely
    }

    /// Three proposals that matter and five that do not, each with its sponsors: the bill, and the rival's proposal.
    pub(super) fn proposals(&mut self, lonely: B256) -> (Bill, B256) {
        let session = ok(self.stage().petition("the harbour"));
        let bill = ok(self.stage().propose(session, &survey()));
        // What found nobody comes back amended, by its own principal, once.
        self.does_not_come_back(1, session, "the rival's first version", lonely);
        self.does_not_come_back(2, session, "the rival's second version", lonely);
        let rival = self.proposes(1, session, "the rival's second version", lonely);
        assert_eq!(self.proposal(rival).reintroductions, 1);
        self.does_not_come_back(1, session, "the rival's third version", lonely);
        let mut others = vec![rival];
        for by in 2..8 {
            let statute = format!("what agent {by} would do");
            others.push(self.proposes(by, session, &statute, B256::ZERO));
        }
        let sponsors: Vec<Person> = (0..5).map(|number| self.owner(10 + number)).collect();
        let pairs: Vec<(B256, &Person)> = others
            .iter()
            .flat_map(|proposal| sponsors.iter().map(|sponsor| (*proposal, sponsor)))
            .collect();
        let (stranger, call) = (
            self.scene.stranger.clone(),
            self.scene.stage.sponsorships(&pairs),
        );
        let admitted = self.scene.send(&stranger, Peer::Assembly, &call);
        let places = told::<assembly::Admitted>(&admitted);
        let places: Vec<_> = places.iter().map(|a| (a.place, a.proposalId)).collect();
        let expected: Vec<_> = (1..).zip(others).collect();
        assert_eq!(
            places, expected,
            "in the order in which they found sponsors"
        );
        ok(self.stage().pass_step(session));
        (bill, rival)
    }

    /// Who votes how: each of three proposals beats another of them, and five ballots are the same.
    pub(super) fn ballots(&self) -> Vec<Ballot> {
        let rank = |number: usize| {
            let (head, turn) = match number {
                0..CLIQUE => ([0, 1, 2], 0),
                CLIQUE..FOR_THE_FIRST => ([0, 1, 2], 1 + number % 4),
                _ if number < FOR_THE_FIRST + FOR_THE_SECOND => ([1, 2, 0], number),
                _ => ([2, 0, 1], number),
            };
            let mut tail = [3, 4, 5, 6, 7];
            tail.rotate_left(turn % 5);
            ranking(&[&head[..], &tail].concat())
        };
        let ballots = (0..OWNERS).map(|number| Ballot {
            voter: self.owner(number),
            ranking: rank(number),
        });
        ballots.collect()
    }

    /// Everybody seals, all but one open, and what they say goes in a circle. A clique is proved, and the outcome waits.
    pub(super) fn vote(&mut self, bill: &Bill) {
        let session = bill.session;
        let dissent = assembly::recordMinorityCall {
            proposalId: bill.proposal,
            positionHash: keccak256("the harbour is better left alone"),
        };
        let dissenter = self.owner(20);
        self.scene.send(&dissenter, Peer::Assembly, &dissent);
        ok(self.stage().debate(session));
        let (ballots, stranger) = (self.ballots(), self.scene.stranger.clone());
        let call = self.scene.stage.sealing(session, &ballots);
        self.scene.send(&stranger, Peer::Assembly, &call);
        ok(self.stage().pass_step(session));
        let (_silent, opened) = ballots.split_last().expect("ballots");
        for ballot in opened {
            let call = ballot.opening(session);
            self.scene.send(&stranger, Peer::Assembly, &call);
        }
        ok(self.stage().pass_step(session));
        let some = assembly::tallyCall {
            sessionId: session,
            ballots: 10,
        };
        self.scene.send(&stranger, Peer::Assembly, &some);
        self.claims(session);
        let delayed = ok(self.stage().election(session));
        assert_eq!(delayed.step, Deliberation::Delayed);
        let call = assembly::expireDeliberationCall { sessionId: session };
        let until = delayed.expiresAt.to();
        let over = self.scene.out_after(until, Peer::Assembly, &call);
        let changed = told::<assembly::DeliberationChanged>(&over);
        assert_eq!(changed[0].step, Deliberation::Tallying, "ballots are left");
        let rest = assembly::tallyCall {
            sessionId: session,
            ballots: 100,
        };
        let counted = self.scene.send(&stranger, Peer::Assembly, &rest);
        let decided = &told::<assembly::BallotDecided>(&counted)[0];
        assert_eq!(decided.proposalId, bill.proposal);
        assert_eq!(decided.stage, Decided::Minimax, "Copeland sees a tie");
        self.circle(session);
    }

    /// Ballots that differ are no clique, which costs who says so its bond; five that are the same are one.
    pub(super) fn claims(&mut self, session: B256) {
        let claimant = self.claimant.clone();
        let bond = u128::from(P::CollusionClaimBond.row().default) * 1_000_000_000_000;
        let claim = |ballots: &[u32]| assembly::claimCollusionCall {
            sessionId: session,
            ballots: ballots.to_vec(),
        };
        let other = FOR_THE_FIRST as u32;
        let wrong = claim(&[0, other, other + 1, other + 2]);
        let said = self.scene.send(&claimant, Peer::Assembly, &wrong);
        let refuted = &told::<assembly::CollusionRefuted>(&said)[0];
        assert_eq!((refuted.first, refuted.second), (0, other));
        let left = CLAIMANTS_PURSE - bond;
        assert_eq!(self.scene.credit(claimant.address()), left);
        let members: Vec<u32> = (0..CLIQUE as u32).collect();
        let right = claim(&members);
        let said = self.scene.send(&claimant, Peer::Assembly, &right);
        let proved = &told::<assembly::CollusionProved>(&said)[0];
        assert_eq!(usize::from(proved.size), CLIQUE);
        assert_eq!(self.scene.credit(claimant.address()), left);
        let again = assembly::WrongStep {
            sessionId: session,
            step: Deliberation::Delayed,
        };
        self.scene
            .refused(&claimant, Peer::Assembly, &right, &again);
    }

    /// The first beats the second, the second the third, the third the first, and each of them all others.
    pub(super) fn circle(&mut self, session: B256) {
        let call = assembly::matrixCall { sessionId: session };
        let matrix = self.scene.ask(Peer::Assembly, &call);
        let beats = |a: usize, b: usize| matrix[8 * a + b] > matrix[8 * b + a];
        assert!(beats(0, 1) && beats(1, 2) && beats(2, 0));
        for top in 0..3 {
            assert!((3..8).all(|other| beats(top, other)));
        }
        let call = assembly::scoresCall { sessionId: session };
        let scores = self.scene.ask(Peer::Assembly, &call);
        assert_eq!(scores.copeland[..3], [12; 3]);
        assert_eq!(scores.opposition[..3], [14, 16, 18]);
    }
}
