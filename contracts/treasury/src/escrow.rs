//! Missions' money, and the settlement of nodes.

use alloc::vec::Vec;

use agentcity_abi::ITreasury as wire;
use agentcity_domain::{
    amount::Amount,
    machine::EscrowState,
    parameter::ParameterId as P,
    peer::Peer,
    reputation::MilliPoints,
    statute::SEATS_MAX,
    treasury::{
        Refused,
        books::Part,
        escrow::{self, Account, Terms},
        settlement::{Funds, Rates, Split, pay, settle, shares},
        unpack,
    },
};
use agentcity_shell::{
    Answer, malformed,
    member::Member,
    output,
    reader::Reader,
    topic,
    word::{get, having},
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::SolEvent;

use crate::{
    error::{Decided, NONE, sum},
    storage::{LENT, SETTLED, Treasury, amount_of, lower, whole},
};

/// What rules a settlement, in the order of `Rates::of`; the last is the city's, the others are the mission's.
const RATES: [u8; 5] = [
    P::ProtocolFeeRate as u8,
    P::InsuranceReserveRate as u8,
    P::ReputationMultiplierAlpha as u8,
    P::MissionSubsidyCapBps as u8,
    P::SubsidyCapBps as u8,
];

/// Nodes whose bits share a word.
const NODES_PER_WORD: u16 = 256;

impl Treasury {
    /// The terms of an escrow that is in this state.
    ///
    /// Errors: `WrongEscrowState`.
    #[inline(never)]
    pub(crate) fn terms_in(&self, mission: &B256, state: EscrowState) -> Result<Terms, Vec<u8>> {
        escrow::in_state(self.terms(mission), state).about(mission, NONE)
    }

    /// Errors: `Unauthorized`, `WrongEscrowState`.
    /// Events: `EscrowOpened`.
    pub(crate) fn open_escrow(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, sponsor, epoch) = (&input.word(), input.address(), input.u64());
        self.only(&[Peer::Collaboration])?;
        let terms = escrow::open(self.terms(mission), sponsor, epoch).about(mission, NONE)?;
        self.set_terms(mission, &terms);
        self.log(
            topic!(wire::EscrowOpened::SIGNATURE_HASH)
                .word(mission)
                .address(&sponsor)
                .number(epoch),
            3,
        );
        Ok(Vec::new())
    }

    /// Books what was paid into an escrow; the total or the payer's credit changed already.
    ///
    /// Errors: `WrongEscrowState`, `InvalidAmount`.
    /// Events: `MissionFunded`.
    #[inline(never)]
    fn book_funding(&mut self, mission: &B256, amount: Amount) -> Answer {
        self.terms_in(mission, EscrowState::Open)?;
        let mut account = self.account(mission);
        account.fund(amount).about(mission, NONE)?;
        self.set_account(mission, &account);
        let funded = topic!(wire::MissionFunded::SIGNATURE_HASH);
        self.log_amounts(funded, mission, &self.payer(), &[amount]);
        Ok(Vec::new())
    }

    pub(crate) fn fund_mission(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, amount) = (&input.word(), amount_of(input)?);
        self.collect(amount)?;
        self.book_funding(mission, amount)
    }

    pub(crate) fn fund_mission_with_permit(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, amount) = (&input.word(), amount_of(input)?);
        self.permit(input, amount)?;
        self.collect(amount)?;
        self.book_funding(mission, amount)
    }

    pub(crate) fn fund_mission_from_credit(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, amount) = (&input.word(), amount_of(input)?);
        let payer = self.payer();
        self.spend(&payer, Part::Escrows, amount)?;
        self.book_funding(mission, amount)
    }

    /// Errors: `Unauthorized`, `WrongEscrowState`, `InsufficientEscrow`.
    /// Events: `BudgetAllocated`.
    pub(crate) fn allocate_budget(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, allocated) = (&input.word(), amount_of(input)?);
        self.only(&[Peer::Statute])?;
        self.terms_in(mission, EscrowState::Open)?;
        let mut account = self.account(mission);
        account.allocate(allocated).about(mission, NONE)?;
        self.set_purse(mission, &account);
        self.log(
            topic!(wire::BudgetAllocated::SIGNATURE_HASH)
                .word(mission)
                .amount(allocated.get()),
            2,
        );
        Ok(Vec::new())
    }

    /// What rules the settlements of a mission. Mostly the epoch in force is the mission's, and one question is enough.
    #[inline(never)]
    fn rates(&self, epoch: u64) -> Result<Rates, Vec<u8>> {
        let mut values = [0; RATES.len()];
        if self.numbers(None, &RATES, &mut values)? != epoch
            && let (Some((_, ids)), Some((_, own))) = (RATES.split_last(), values.split_last_mut())
        {
            self.numbers(Some(epoch), ids, own)?;
        }
        Rates::of(values).map_err(|_| malformed())
    }

    /// Whether a node was settled, or lent to a child.
    #[inline(never)]
    pub(crate) fn is_settled(&self, mission: &B256, node: u16) -> bool {
        let word = self.entry(SETTLED, mission, (node / NODES_PER_WORD).into());
        let (at, bit) = place(node);
        get(&word, at, 1) & bit != 0
    }

    /// What came back of a node's children, if it was lent to one and not settled since.
    #[inline(never)]
    pub(crate) fn left_of(&self, mission: &B256, node: u16) -> Option<Amount> {
        let word = self.entry(LENT, mission, node.into());
        (get(&word, 0, 1) != 0).then(|| lower(&word))
    }

    /// What a node may be settled or lent for, at most `most`.
    ///
    /// Errors: `AlreadySettled`.
    #[inline(never)]
    pub(crate) fn payable(
        &self,
        mission: &B256,
        node: u16,
        left: Option<Amount>,
        most: Amount,
    ) -> Result<Amount, Vec<u8>> {
        escrow::payable(self.is_settled(mission, node), left, most)
            .about(mission, &output::number(node.into()))
    }

    #[inline(never)]
    pub(crate) fn set_left(&mut self, mission: &B256, node: u16, left: Amount) {
        let word = having(&whole(left), 0, 1, 1);
        self.set_entry(LENT, mission, node.into(), &word);
    }

    #[inline(never)]
    pub(crate) fn mark_settled(&mut self, mission: &B256, node: u16) {
        let number = (node / NODES_PER_WORD).into();
        let word = self.entry(SETTLED, mission, number);
        let (at, bit) = place(node);
        let word = having(&word, at, 1, get(&word, at, 1) | bit);
        self.set_entry(SETTLED, mission, number, &word);
    }

    /// Pays the executors of a completed node. It refuses only what cannot come of a law: a settlement that failed would fail
    /// the node. Whom it may not pay was refused when stakes were locked.
    ///
    /// Errors: `Unauthorized`, `WrongEscrowState`, `AlreadySettled`, `InsufficientEscrow`.
    /// Events: `Settled` and `Credited` for each seat.
    pub(crate) fn settle(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node, budget) = (&input.word(), input.u16(), amount_of(input)?);
        let (count, mut seats) = input.list(SEATS_MAX);
        self.only(&[Peer::Collaboration])?;
        let terms = self.terms_in(mission, EscrowState::Open)?;
        // What was lent is marked as settled, so only such a node can have anything left.
        let left = if self.is_settled(mission, node) {
            self.left_of(mission, node)
        } else {
            None
        };
        let budget = self.payable(mission, node, left, budget)?;
        let rates = self.rates(terms.epoch)?;
        let (share, _) = shares(budget, count as u8);
        let (treasury, subsidy) = unpack(&self.pair(0).0);
        let (insurance, mut credits) = unpack(&self.pair(1).0);
        let mut funds = Funds {
            treasury,
            subsidy,
            insurance,
        };
        let mut paid = Amount::ZERO;
        for _ in 0..count {
            let (agent, milli) = (seats.word(), seats.u32());
            let price = amount_of(&mut seats)?;
            let score = MilliPoints::new(milli.into()).map_err(|_| malformed())?;
            let split = settle(
                pay(share, price),
                score.score_floor(),
                &rates,
                funds.subsidy,
            );
            // Neither these fail nor what follows: all are parts of the booked total, which fits.
            let (Ok(reward), Ok(after)) = (split.reward(), funds.after(&split)) else {
                return Err(Refused::InvalidAmount(split.share)).about(NONE, NONE);
            };
            funds = after;
            credits = sum(credits, reward)?;
            paid = sum(paid, split.share)?;
            self.log_settled(mission, node, &agent, &split);
            self.owe(&agent, mission, reward)?;
        }
        seats.end()?;
        let (held, allocated) = self.purse(mission);
        let mut account = Account {
            held,
            allocated,
            ..Account::default()
        };
        account.settle(budget, paid).about(mission, NONE)?;
        self.set_purse(mission, &account);
        self.mark_settled(mission, node);
        if left.is_some() {
            self.set_entry(LENT, mission, node.into(), &B256::ZERO);
        }
        self.set_pair(0, funds.treasury, funds.subsidy);
        self.set_pair(1, funds.insurance, credits);
        Ok(Vec::new())
    }

    #[inline(never)]
    fn log_settled(&self, mission: &B256, node: u16, agent: &B256, split: &Split) {
        let mut words = topic!(wire::Settled::SIGNATURE_HASH);
        words.word(mission).number(node.into()).word(agent);
        for amount in [
            split.share,
            split.base,
            split.subsidy,
            split.fee,
            split.reserve,
            split.residual,
        ] {
            words.amount(amount.get());
        }
        self.log(&words, 4);
    }

    /// Errors: `Unauthorized`, `WrongEscrowState`.
    /// Events: `EscrowClosing`.
    pub(crate) fn begin_closing(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, sanction) = (&input.word(), input.seconds());
        self.only(&[Peer::Collaboration])?;
        let terms = escrow::begin_closing(self.terms(mission), sanction, self.now())
            .about(mission, NONE)?;
        self.set_terms(mission, &terms);
        self.log(
            topic!(wire::EscrowClosing::SIGNATURE_HASH)
                .word(mission)
                .number(terms.release_at),
            2,
        );
        Ok(Vec::new())
    }

    /// Anyone, never halted: the mission ended, so nobody has a claim on what is left but the sponsor.
    ///
    /// Errors: `WrongEscrowState`.
    /// Events: `EscrowClosed`; `Credited` unless nothing is left.
    pub(crate) fn close_escrow(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        let mut account = self.account(mission);
        let (terms, refund) =
            escrow::close(self.terms(mission), &mut account).about(mission, NONE)?;
        self.set_terms(mission, &terms);
        self.set_account(mission, &account);
        let sponsor = &terms.sponsor.into_word();
        let closed = topic!(wire::EscrowClosed::SIGNATURE_HASH);
        self.log_amounts(closed, mission, sponsor, &[refund]);
        self.owe_from(Part::Escrows, sponsor, mission, refund)?;
        Ok(Vec::new())
    }

    pub(crate) fn escrow(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        let Some(terms) = self.terms(mission) else {
            return output_of_none();
        };
        let account = self.account(mission);
        let allocated = match terms.state {
            EscrowState::Open => account.allocated,
            EscrowState::Closing | EscrowState::Closed => Amount::ZERO,
        };
        Words::new()
            .number(terms.state.number().into())
            .address(&terms.sponsor)
            .number(terms.epoch)
            .amount(account.deposited.get())
            .amount(allocated.get())
            .amount(account.settled().get())
            .amount(account.refunded.get())
            .number(terms.release_at)
            .answer()
    }
}

/// Words of an escrow's view.
const VIEW_WORDS: usize = 8;

fn output_of_none() -> Answer {
    Words::new().all(&[B256::ZERO; VIEW_WORDS]).answer()
}

/// The byte of a node's bit in its word, counted from the left, and the bit.
const fn place(node: u16) -> (usize, u64) {
    ((node % NODES_PER_WORD / 8) as usize, 1 << (node % 8))
}
