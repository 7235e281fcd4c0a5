//! One failed node of a mission given anew: whose seats go, whose come, and how fair the whole mission is then (L-07).

use alloc::vec::Vec;

use agentcity_abi::{
    ICollaboration as collaboration, IEnactment as wire, ILegislature as legislature,
};
use agentcity_domain::{
    legislation::{
        fairness::Spread,
        session::{Kind, states},
    },
    machine::SessionState as S,
    peer::Peer,
    statute::SEATS_MAX,
};
use agentcity_shell::{
    reader::Reader,
    said::{Said, about, end},
    topic,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{
    session::{Session, list},
    storage::{APPLIED, Enactment, REASSIGNED},
    views::SEAT_WORDS,
};

pub(crate) const LAW: u16 = states(&[S::Deployed]);

/// How a mission's seats are spread with a node's new ones.
pub(crate) struct Reseated {
    /// The run in which the mission's seats are counted.
    run: B256,
    /// How they would be spread.
    pub(crate) spread: Spread,
    /// Seats plus one, of whoever's change.
    counts: Vec<(Address, u32)>,
}

impl Reseated {
    /// Where a principal's count stands.
    fn count_of(&mut self, principal: &Address) -> Option<&mut u32> {
        for (counted, plus_one) in &mut self.counts {
            if counted == principal {
                return Some(plus_one);
            }
        }
        None
    }

    /// One bids, with so many seats plus one in the mission's own count.
    fn arrives(&mut self, principal: &Address, plus_one: u32) {
        if self.count_of(principal).is_some() {
            return;
        }
        if plus_one == 0 {
            self.spread.count_bidder();
        }
        self.counts.push((*principal, plus_one.max(1)));
    }

    /// A seat goes.
    fn unseat(&mut self, principal: &Address) {
        let Some(plus_one) = self.count_of(principal).filter(|plus_one| **plus_one > 1) else {
            return;
        };
        *plus_one = plus_one.saturating_sub(1);
        let before = *plus_one;
        self.spread.unseat(before);
    }

    /// A seat comes.
    fn seat(&mut self, principal: &Address) {
        let Some(plus_one) = self.count_of(principal) else {
            return;
        };
        let before = plus_one.saturating_sub(1);
        *plus_one = plus_one.saturating_add(1);
        self.spread.seat(before);
    }
}

impl Enactment {
    /// How a mission's seats are spread once a failed node's are given to `arriving`. Nothing is stored: until the node is given
    /// anew, nothing has changed.
    #[inline(never)]
    pub(crate) fn reseated(
        &self,
        session: &Session,
        arriving: &[Address],
        bidders: &[Address],
    ) -> Said<Reseated> {
        let law = self.load_session(&self.session_of(&session.mission)?)?;
        let run = self.run_of(&law);
        let mut of = Reseated {
            run,
            spread: self.run(&run).spread(),
            counts: Vec::new(),
        };
        for principal in bidders {
            of.arrives(principal, self.seated(&run, principal));
        }
        // Whoever failed leaves: the winners of the law, or of the session that gave the node anew before.
        let before = self.entry(REASSIGNED, &session.mission, session.node.into());
        let holders = if before.is_zero() {
            self.principals_at(&law, session.node)?
        } else {
            self.principals_at(&*self.load_session(&before)?, session.node)?
        };
        for principal in &holders {
            of.arrives(principal, self.seated(&run, principal));
            of.unseat(principal);
        }
        for principal in arriving {
            of.seat(principal);
        }
        Ok(of)
    }

    /// Who answers for the winners of a node in a session.
    #[inline(never)]
    fn principals_at(&self, session: &Session, node: u16) -> Said<Vec<Address>> {
        let mut principals = Vec::with_capacity(SEATS_MAX);
        for winner in self.winners(&self.run_of(session), node).0 {
            let answer = self.ask(
                Peer::Legislature,
                Words::after(legislature::bidOfCall::SELECTOR)
                    .word(&session.id)
                    .number(winner.into()),
            )?;
            // Number, state, round and node stand before the agent.
            let mut bid = Reader::new(&answer);
            bid.skip(4);
            let agent = bid.address();
            end(&bid)?;
            principals.push(self.principal_of(&agent)?);
        }
        Ok(principals)
    }

    /// Counts a node's new seats where the mission's are counted, now that they are given.
    #[inline(never)]
    fn reseat(&mut self, session: &Session) -> Said {
        let arriving = self.principals_at(session, session.node)?;
        let reseated = self.reseated(session, &arriving, &arriving)?;
        let mut run = self.run(&reseated.run);
        run.set_spread(reseated.spread);
        self.set_run(&reseated.run, &run);
        for (principal, plus_one) in &reseated.counts {
            self.set_seated(&reseated.run, principal, *plus_one);
        }
        let node = session.node.into();
        self.set_entry(REASSIGNED, &session.mission, node, &session.id);
        Ok(())
    }

    /// Errors: `WrongSessionState`, `AlreadyDone`, and collaboration's for a node that nobody may give anew.
    /// Events: `NodeReassigned`.
    pub(crate) fn apply_reassignment(&mut self, input: &mut Reader<'_>) -> Said {
        let id = &input.word();
        end(input)?;
        let session = self.session_in(id, LAW)?;
        if session.kind != Kind::Partial as u8 {
            let state = session.state.into();
            return Err(about(wire::WrongSessionState::SELECTOR, id, &[state]));
        }
        self.mark_once(APPLIED, id, &B256::ZERO)?;
        self.reseat(&session)?;
        let (seats, _) = self.seats(&session, session.node)?;
        let count = seats.len().checked_div(SEAT_WORDS).unwrap_or_default();
        self.log(
            topic!(wire::NodeReassigned::SIGNATURE_HASH)
                .word(id)
                .word(&session.mission)
                .number(session.node.into())
                .number(count as u64),
            4,
        );
        let mut call = Words::after(collaboration::reassignNodeCall::SELECTOR);
        call.word(&session.mission)
            .number(session.node.into())
            .word(id)
            .number(128);
        list(&mut call, &seats, SEAT_WORDS);
        self.tell(Peer::Collaboration, &call)?;
        Ok(())
    }
}
