//! Every story, by the row of docs/exits.md that it is of.

use super::*;

/// Every story, by the row that it is of. A row may have several.
pub(super) fn stories() -> Vec<Silent> {
    use Command as C;
    use ElectionState as E;
    use Machine as M;
    use Session as S;
    use Silence as N;
    let state = |machine, from: u8, command, to: u8| Row {
        machine,
        from,
        command: Some(command),
        to: Target::State(to),
        ended: None,
        is_partial: false,
    };
    let partial = |row: Row| Row {
        is_partial: true,
        ..row
    };
    let election = |from: E, command, to: E| state(M::Election, from as u8, command, to as u8);
    let session = |from: S, command, to: S| state(M::Session, from as u8, command, to as u8);
    let ends = |machine, from: u8, with| Row {
        command: None,
        to: Target::Subsumed,
        ended: Some(with),
        ..state(machine, from, C::ExpireSession, from)
    };
    let freed = |with| {
        let (from, to) = (StakeState::Reserved as u8, StakeState::Released as u8);
        Row {
            ended: Some(with),
            ..state(M::Stake, from, C::ReleaseReserve, to)
        }
    };
    let petition = {
        let (from, to) = (PetitionState::Gathering as u8, PetitionState::Expired as u8);
        state(M::Petition, from, C::ExpirePetition, to)
    };
    let lapsed = {
        let (from, to) = (Proposed::Sponsoring as u8, Proposed::Lapsed as u8);
        state(M::Proposal, from, C::CloseProposing, to)
    };
    let spent = {
        let (from, to) = (BallotState::Committed as u8, BallotState::Spent as u8);
        state(M::Ballot, from, C::CloseBallotReveal, to)
    };
    let proposing = election(E::Proposing, C::CloseProposing, E::Debating);
    let debating = election(E::Debating, C::CloseDebate, E::Committing);
    let committing = election(E::Committing, C::CloseBallotCommit, E::Revealing);
    let revealing = election(E::Revealing, C::CloseBallotReveal, E::Tallying);
    let proved = election(E::Revealing, C::CloseBallotReveal, E::Delayed);
    let tallying = election(E::Tallying, C::Tally, E::Decided);
    let delayed = election(E::Delayed, C::CloseDelay, E::Decided);
    let uncounted = election(E::Delayed, C::CloseDelay, E::Tallying);
    let admitted = ends(M::Proposal, Proposed::Admitted as u8, M::Election);
    let sealed = ends(M::Ballot, BallotState::Committed as u8, M::Election);
    let over = ends(M::Election, EVERY, M::Session);
    let opening = session(S::SessionInit, C::FailDeliberation, S::Failed);
    let identity = session(S::IdentityVerification, C::ExpireSession, S::Failed);
    let speaker = session(S::ProposalOpen, C::ExpireSession, S::Failed);
    let covered = session(S::BiddingOpen, C::CloseBidding, S::RegulatoryReview);
    let uncovered = session(S::BiddingOpen, C::CloseBidding, S::Failed);
    let review = session(S::RegulatoryReview, C::ExpireSession, S::Failed);
    let codification = session(S::Codification, C::ExpireSession, S::Failed);
    let approval = session(S::AwaitingApproval, C::ExpireSession, S::Failed);
    vec![
        (petition, "a wish that one has", N::gathering),
        (lapsed, "a proposal that nobody sponsors", N::unsponsored),
        (
            lapsed,
            "one that nobody sponsors beside one",
            N::unsponsored_beside,
        ),
        (proposing, "a proposal that is sponsored", N::sponsored),
        (proposing, "a session without a proposal", |s, name| {
            s.proposing(name).failing()
        }),
        (debating, "a debate in which nobody speaks", N::debating),
        (committing, "a ballot that waits for nobody", N::many_sealed),
        (committing, "a ballot that two take part in", N::few_sealed),
        (revealing, "ballots of which one is opened", N::one_opened),
        (revealing, "ballots that nobody opens", N::none_opened),
        (
            proved,
            "a clique that is proved early",
            N::proved_while_opening,
        ),
        (tallying, "a count that waits for claims", N::counted),
        (delayed, "a delay after the count", N::delayed),
        (uncounted, "a delay before the count", N::delayed_uncounted),
        (spent, "a ballot that is never opened", N::never_opened),
        (
            sealed,
            "a ballot of an election without quorum",
            N::few_sealed,
        ),
        (
            admitted,
            "a candidate of an election without quorum",
            N::few_sealed,
        ),
        (
            admitted,
            "a candidate that nobody but one votes for",
            N::one_opened,
        ),
        (over, "an election that nothing came of", |s, name| {
            s.decided(name).failing()
        }),
        (opening, "a decision that no registrar takes up", N::decided),
        (
            opening,
            "a node given anew that no registrar takes up",
            N::skipped,
        ),
        (identity, "a question who is there", N::asked),
        (speaker, "a roster that waits for the speaker", N::unrelayed),
        (speaker, "a bill that was sent back", N::sent_back),
        (uncovered, "a bill that nobody bids on", N::uncovered),
        (
            partial(uncovered),
            "a node given anew that nobody bids on",
            N::skipped_uncovered,
        ),
        (covered, "bids that nobody adds to", N::covered),
        (
            partial(covered),
            "bids on a node given anew that nobody adds to",
            N::skipped_covered,
        ),
        (
            review,
            "an award that no regulator decides on",
            N::unregulated,
        ),
        (
            partial(review),
            "a node given anew that no regulator decides on",
            N::skipped_unregulated,
        ),
        (codification, "an award without a codifier", N::uncodified),
        (codification, "a template without pages", N::unvalidated),
        (approval, "a law that one of two approves", N::half_approved),
        (
            freed(M::Session),
            "bids of a session that failed",
            N::failed_with_bids,
        ),
        (
            freed(M::Mission),
            "bids of a law without a mission",
            N::won_for_nothing,
        ),
    ]
}
