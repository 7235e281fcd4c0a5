//! Up to a step of a deliberation, where everybody falls silent.

use super::*;

impl Silence {
    /// Somebody wishes for a session, and nobody else does.
    pub(super) fn gathering(&mut self, name: &str) -> Left {
        let open = assembly::openPetitionCall {
            subjectHash: keccak256(name),
            contentAddress: B256::ZERO,
        };
        let owner = self.scene.stage.executors[0].principal.clone();
        let opened = self.scene.send(&owner, Peer::Assembly, &open);
        let petition = told::<assembly::PetitionOpened>(&opened)[0].petitionId;
        let now = self.scene.now();
        Left::of(petition, now)
    }

    pub(super) fn proposing(&mut self, name: &str) -> Left {
        let session = ok(self.stage().petition(name));
        let now = self.scene.now();
        Left::of(session, now)
    }

    /// A session with a proposal that found its sponsors.
    pub(super) fn sponsored(&mut self, name: &str) -> Left {
        let left = self.proposing(name);
        let bill = ok(self.stage().propose(left.id, &one(name)));
        Left {
            proposal: bill.proposal,
            ..left
        }
    }

    /// A session with a proposal that found nobody.
    pub(super) fn unsponsored(&mut self, name: &str) -> Left {
        let left = self.proposing(name);
        let proposer = self.scene.stage.proposer.clone();
        let proposal = self.proposes(&proposer, left.id, name);
        Left { proposal, ..left }
    }

    /// The same beside one that did, so that the session goes on without it.
    pub(super) fn unsponsored_beside(&mut self, name: &str) -> Left {
        let left = self.sponsored(name);
        let agent = self.scene.agent(0);
        let proposal = self.proposes(&agent, left.id, name);
        Left { proposal, ..left }
    }

    #[track_caller]
    pub(super) fn proposes(&mut self, by: &Person, session: B256, name: &str) -> B256 {
        let call = assembly::proposeCall {
            sessionId: session,
            statuteHash: keccak256(format!("another {name}")),
            contentAddress: B256::ZERO,
            domain: keccak256(DOMAIN),
            amends: B256::ZERO,
        };
        let proposed = self.scene.send(by, Peer::Assembly, &call);
        told::<assembly::Proposed>(&proposed)[0].proposalId
    }

    /// Everybody falls silent for a step.
    pub(super) fn step(&mut self, left: Left) -> Left {
        ok(self.stage().pass_step(left.id));
        let since = self.scene.now();
        Left { since, ..left }
    }

    pub(super) fn debating(&mut self, name: &str) -> Left {
        let left = self.sponsored(name);
        self.step(left)
    }

    pub(super) fn committing(&mut self, name: &str) -> Left {
        let left = self.debating(name);
        self.step(left)
    }

    /// A session with as many proposals as claims of a clique need, whose ballot is open.
    pub(super) fn crowded(&mut self, name: &str) -> Left {
        let left = self.sponsored(name);
        let proposer = self.scene.stage.proposer.clone();
        let others: Vec<B256> = (1..MANY)
            .map(|number| self.proposes(&proposer, left.id, &format!("{name} {number}")))
            .collect();
        let voters = self.scene.stage.voters();
        let sponsors = others
            .iter()
            .flat_map(|proposal| voters.iter().take(OWNERS).map(|voter| (*proposal, voter)));
        let call = self.scene.stage.sponsorships(&sponsors.collect::<Vec<_>>());
        self.send(Peer::Assembly, &call);
        let left = self.step(left);
        self.step(left)
    }

    /// Ballots that all say the same: the first is best.
    pub(super) fn ballots(&self, candidates: u8) -> Vec<Ballot> {
        let order: Vec<u8> = (0..candidates).collect();
        let voters = self.scene.stage.voters().into_iter().take(OWNERS);
        let ballots = voters.map(|voter| Ballot {
            voter,
            ranking: ranking(&order),
        });
        ballots.collect()
    }

    /// So many ballots are sealed, the last voter's among them.
    pub(super) fn sealed(&mut self, left: Left, count: usize) -> Left {
        let candidates = self.election(left.id).candidates;
        let ballots = self.ballots(candidates);
        let sealed = &ballots[OWNERS - count..];
        let call = self.scene.stage.sealing(left.id, sealed);
        self.send(Peer::Assembly, &call);
        left
    }

    /// Ballots are sealed, and may be opened.
    pub(super) fn revealing(&mut self, left: Left) -> Left {
        let left = self.sealed(left, OWNERS);
        self.step(left)
    }

    /// So many of them are opened, from the first voter's on.
    pub(super) fn opened(&mut self, left: Left, count: usize) -> Left {
        let candidates = self.election(left.id).candidates;
        for ballot in &self.ballots(candidates)[..count] {
            let call = ballot.opening(left.id);
            self.send(Peer::Assembly, &call);
        }
        left
    }

    /// Below the quorum.
    pub(super) fn few_sealed(&mut self, name: &str) -> Left {
        let left = self.committing(name);
        self.sealed(left, 2).failing()
    }

    pub(super) fn many_sealed(&mut self, name: &str) -> Left {
        let left = self.committing(name);
        self.sealed(left, OWNERS)
    }

    pub(super) fn none_opened(&mut self, name: &str) -> Left {
        let left = self.committing(name);
        self.revealing(left).failing()
    }

    pub(super) fn one_opened(&mut self, name: &str) -> Left {
        let left = self.committing(name);
        let left = self.revealing(left);
        self.opened(left, 1)
    }

    /// All ballots of a crowded session are open, and anybody could claim that they are one.
    pub(super) fn crowded_opened(&mut self, name: &str) -> Left {
        let left = self.crowded(name);
        let left = self.revealing(left);
        self.opened(left, OWNERS)
    }

    #[track_caller]
    pub(super) fn proves(&mut self, left: &Left) {
        let claimant = self.scene.agent(0);
        let call = assembly::claimCollusionCall {
            sessionId: left.id,
            ballots: (0..OWNERS as u32).collect(),
        };
        let proved = self.scene.send(&claimant, Peer::Assembly, &call);
        assert_eq!(told::<assembly::CollusionProved>(&proved).len(), 1);
    }

    pub(super) fn proved_while_opening(&mut self, name: &str) -> Left {
        let left = self.crowded_opened(name);
        self.proves(&left);
        left
    }

    #[track_caller]
    pub(super) fn counts(&mut self, left: &Left) -> Outcome {
        let call = assembly::tallyCall {
            sessionId: left.id,
            ballots: OWNERS as u32,
        };
        self.send(Peer::Assembly, &call)
    }

    /// All ballots are counted, and nobody claims anything.
    pub(super) fn counted(&mut self, name: &str) -> Left {
        let left = self.crowded_opened(name);
        let left = self.step(left);
        self.counts(&left);
        left
    }

    pub(super) fn delayed(&mut self, name: &str) -> Left {
        let left = self.counted(name);
        self.proves(&left);
        let since = self.scene.now();
        Left { since, ..left }
    }

    pub(super) fn delayed_uncounted(&mut self, name: &str) -> Left {
        let left = self.proved_while_opening(name);
        self.step(left)
    }

    /// A seal that is never opened, beside one that is. Whoever ends the sealing takes the first second of the opening.
    pub(super) fn never_opened(&mut self, name: &str) -> Left {
        let left = self.committing(name);
        let since = left.since;
        let left = self.revealing(left);
        let left = self.opened(left, OWNERS - 1);
        Left { since, ..left }.after(1)
    }
}
