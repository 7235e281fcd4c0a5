//! What each command may do, how the contract is asked for it, and what it does to the model.

use agentcity_abi::IAssembly as wire;
use agentcity_domain::machine::SessionState;
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;

use super::{AT_WORK, Act, FAILED, model::*};
use crate::city::*;

/// An order of so many candidates, by choice: mostly the same.
fn order(candidates: usize, choice: usize) -> Vec<u8> {
    let mut order: Vec<u8> = (0..candidates as u8).collect();
    match choice {
        0 | 1 => {}
        2 => order.reverse(),
        _ => order.rotate_left(candidates.min(1)),
    }
    order
}

fn next(who: usize) -> usize {
    (who + 1) % PEOPLE
}

/// The proposal of a session that an act means.
fn target(model: &Model, act: Act) -> Option<usize> {
    let session = model.sessions.get(act.of)?;
    let count = session.proposals.len();
    session
        .proposals
        .get((act.choice + act.who / 4) % count.max(1))
        .copied()
}

/// The proposal, of any session, that an act brings back.
fn earlier(model: &Model, act: Act) -> Option<usize> {
    let count = model.proposals.len();
    let back = act.choice + 4 * (act.who % 3);
    count.checked_sub(back + 1)
}

/// Ballots that a claim names: those like the first of somebody's, or the first few.
fn named(session: &Session, act: Act) -> Vec<u32> {
    let Some((_, like)) = session.opened.get(act.who) else {
        return vec![0; act.choice];
    };
    let numbered = (0..).zip(&session.opened);
    if act.choice == 3 {
        return numbered.map(|(number, _)| number).take(4).collect();
    }
    let same = numbered.filter(|(_, (_, order))| order == like);
    same.map(|(number, _)| number).collect()
}

fn occasion(choice: usize) -> u8 {
    [2, 3, 4, 3][choice]
}

pub(super) fn may(kind: &str, model: &Model, act: Act, now: u64) -> bool {
    let Act { of, who, choice } = act;
    let petition = model.petitions.get(of);
    let gathers = petition.is_some_and(|p| !p.is_over && now <= p.expires);
    let session = model.sessions.get(of);
    let at = |step| model.is_at(of, step, now);
    let known = |names: &std::collections::BTreeSet<usize>| {
        [who, next(who)]
            .iter()
            .all(|one| names.contains(one) || model.speaks(*one))
    };
    match kind {
        "petition" => model.speaks(who),
        "sign" => gathers && model.speaks(who) && !petition.unwrap().names.contains(&who),
        "sign for" => gathers && known(&petition.unwrap().names),
        "open" => gathers && petition.unwrap().names.len() >= petition.unwrap().needed,
        "derive" => {
            let before = model.derived.get(&occasion(choice));
            before.is_none_or(|at| {
                let session = &model.sessions[*at];
                session.failed || session.taken == SessionState::Failed as u8
            })
        }
        "propose" => at(Step::Proposing) && model.speaks(who) && model.made(of, who) < 16,
        "amend" => {
            let back = earlier(model, act).filter(|earlier| {
                let proposal = &model.proposals[*earlier];
                model.lost(*earlier)
                    && proposal.proposer == who
                    && !proposal.came_back
                    && proposal.times == 0
            });
            let proposes = model.speaks(who) && model.made(of, who) < 16;
            at(Step::Proposing) && proposes && back.is_some()
        }
        "sponsor" => target(model, act).is_some_and(|proposal| {
            let sponsors = &model.proposals[proposal].sponsors;
            at(Step::Proposing) && model.speaks(who) && !sponsors.contains(&who)
        }),
        "sponsor for" => target(model, act).is_some_and(|proposal| {
            at(Step::Proposing) && known(&model.proposals[proposal].sponsors)
        }),
        "evidence" => at(Step::Proposing) || at(Step::Debating),
        "straw" => {
            let free = |s: &Session| {
                s.evidence
                    && s.drawn.is_none()
                    && choice < s.placed.len()
                    && !s.polled.contains(&who)
            };
            at(Step::Debating) && model.speaks(who) && session.is_some_and(free)
        }
        "draw" => {
            let ready = |s: &Session| {
                s.drawn.is_none() && now > s.expires - 3 * ROUND && !s.polled.is_empty()
            };
            at(Step::Debating) && session.is_some_and(ready)
        }
        "speak" => {
            let own = |s: &Session| {
                s.turn(now).is_some_and(|(whose, round)| {
                    whose == who && choice < 3 && !s.spoken.contains(&(who, round))
                })
            };
            at(Step::Debating) && model.speaks(who) && session.is_some_and(own)
        }
        "minority" => {
            let free = |s: &Session| {
                s.placed
                    .get(choice)
                    .is_some_and(|at| !model.proposals[*at].dissent.contains(&who))
            };
            at(Step::Debating) && model.speaks(who) && session.is_some_and(free)
        }
        "commit" => {
            let free = |s: &Session| !s.sealed.contains_key(&who);
            at(Step::Committing) && model.speaks(who) && session.is_some_and(free)
        }
        "commit for" => {
            let free = |s: &Session| {
                [who, next(who)]
                    .iter()
                    .all(|one| s.sealed.contains_key(one) || model.speaks(*one))
            };
            at(Step::Committing) && session.is_some_and(free)
        }
        "reveal" => {
            let shut = |s: &Session| {
                s.sealed.contains_key(&who) && s.opened.iter().all(|(opener, _)| *opener != who)
            };
            at(Step::Revealing) && session.is_some_and(shut)
        }
        "tally" => session.is_some_and(|s| {
            let counts = s.counted < s.opened.len() && choice > 0;
            let decides = s.counted == s.opened.len() && now > s.expires;
            !s.failed && s.step == Step::Tallying && (counts || decides)
        }),
        "claim" => session.is_some_and(|s| {
            let timely = at(Step::Revealing) || at(Step::Tallying);
            let named = named(s, act);
            let ascend = named.windows(2).all(|two| two[0] < two[1]);
            let known = named
                .last()
                .is_none_or(|last| (*last as usize) < s.opened.len());
            timely && s.claimable() && ascend && known && named.len() >= s.clique()
        }),
        "expire" => session.is_some_and(|s| {
            !s.failed && s.step != Step::Tallying && now > s.expires && s.taken == 0
        }),
        "expire petition" => petition.is_some_and(|p| !p.is_over && now > p.expires),
        _ => unreachable!("{kind}"),
    }
}

fn call<C: SolCall>(city: &City, from: Address, call: C) -> Option<C::Return> {
    city.call(from, call).ok()
}

/// Asks the contract; what it answered where it answers a number.
pub(super) fn ask(kind: &str, city: &City, model: &Model, act: Act) -> Option<B256> {
    let Act { of, who, choice } = act;
    let me = principal(who);
    let id = model.sessions.get(of).map(|s| s.id).unwrap_or(salt(1));
    let petition = model.petitions.get(of).map(|p| p.id).unwrap_or(salt(1));
    match kind {
        "petition" => call(city, me, opening_petition()),
        "sign" => call(
            city,
            me,
            wire::signPetitionCall {
                petitionId: petition,
            },
        )
        .map(nothing),
        "sign for" => {
            let both = [who, next(who)].map(|i| city.naming(petition, i));
            let (names, signatures): (Vec<_>, Vec<_>) = both.into_iter().unzip();
            let signatures = signatures.into_iter().map(Into::into).collect();
            call(
                city,
                STRANGER,
                wire::signPetitionForCall { names, signatures },
            )
            .map(nothing)
        }
        "open" => call(
            city,
            STRANGER,
            wire::openSessionCall {
                petitionId: petition,
            },
        ),
        "derive" => {
            let (kind, mission, node) = [
                (wire::SessionKind::Child, AT_WORK, 1),
                (wire::SessionKind::Partial, AT_WORK, 2),
                (wire::SessionKind::Full, FAILED, 7),
                (wire::SessionKind::Partial, AT_WORK, 2),
            ][choice];
            let opening = wire::openDerivedSessionCall {
                kind,
                missionId: mission,
                node,
            };
            call(city, STRANGER, opening)
        }
        "propose" => call(city, agent(who), proposing(id, model.laws)),
        "amend" => {
            let amends = earlier(model, act).map(|at| model.proposals[at].id);
            let proposing = wire::proposeCall {
                amends: amends.unwrap_or(salt(1)),
                ..proposing(id, model.laws)
            };
            call(city, agent(who), proposing)
        }
        "sponsor" | "sponsor for" => {
            let proposal = target(model, act).map(|at| model.proposals[at].id);
            let proposal = proposal.unwrap_or(salt(1));
            if kind == "sponsor" {
                return call(
                    city,
                    me,
                    wire::sponsorCall {
                        proposalId: proposal,
                    },
                )
                .map(nothing);
            }
            let both = [who, next(who)].map(|i| city.backing(proposal, i));
            let (names, signatures): (Vec<_>, Vec<_>) = both.into_iter().unzip();
            let signatures = signatures.into_iter().map(Into::into).collect();
            call(city, STRANGER, wire::sponsorForCall { names, signatures }).map(nothing)
        }
        "evidence" => call(city, STRANGER, city.informing(id, salt(model.laws + 7))).map(nothing),
        "straw" => call(city, STRANGER, city.voting(id, who, choice as u8)).map(nothing),
        "draw" => call(
            city,
            STRANGER,
            wire::drawSpeakingOrderCall { sessionId: id },
        )
        .map(nothing),
        "speak" => {
            let turn = model
                .sessions
                .get(of)
                .and_then(|s| s.turn(city.world.now()));
            let round = turn.map_or(1, |(_, round)| round) + u8::from(choice == 3);
            call(city, STRANGER, city.speaking(id, who, round)).map(nothing)
        }
        "minority" => {
            let placed = model.sessions.get(of).and_then(|s| s.placed.get(choice));
            let minority = wire::recordMinorityCall {
                proposalId: placed.map_or(salt(1), |at| model.proposals[*at].id),
                positionHash: salt(who),
            };
            call(city, me, minority).map(nothing)
        }
        "commit" | "commit for" => {
            let candidates = model.sessions.get(of).map_or(1, |s| s.placed.len());
            let order = order(candidates, choice);
            if kind == "commit" {
                return call(city, me, sealing(id, who, &order)).map(nothing);
            }
            let both = [who, next(who)].map(|i| city.casting(id, i, seal(id, i, &order)));
            let (commitments, signatures): (Vec<_>, Vec<_>) = both.into_iter().unzip();
            let signatures = signatures.into_iter().map(Into::into).collect();
            let batch = wire::commitBallotsCall {
                commitments,
                signatures,
            };
            call(city, STRANGER, batch).map(nothing)
        }
        "reveal" => {
            let sealed = model.sessions.get(of).and_then(|s| s.sealed.get(&who));
            let order = sealed.cloned().unwrap_or_else(|| order(2, choice));
            call(city, STRANGER, showing(id, who, &order)).map(nothing)
        }
        "tally" => {
            let tally = wire::tallyCall {
                sessionId: id,
                ballots: amount(choice),
            };
            call(city, STRANGER, tally).map(nothing)
        }
        "claim" => {
            let ballots = model.sessions.get(of).map_or(vec![0], |s| named(s, act));
            call(city, STRANGER, claiming(id, &ballots)).map(nothing)
        }
        "expire" => call(city, STRANGER, expiring(id)).map(nothing),
        "expire petition" => call(
            city,
            STRANGER,
            wire::expirePetitionCall {
                petitionId: petition,
            },
        )
        .map(nothing),
        _ => unreachable!("{kind}"),
    }
}

/// Where a function answers no number.
fn nothing<T>(_: T) -> B256 {
    B256::ZERO
}

/// Ballots that a tally counts, by choice.
fn amount(choice: usize) -> u32 {
    [0, 1, 3, u32::MAX][choice]
}

/// What it did to the model.
pub(super) fn done(kind: &str, city: &City, model: &mut Model, act: Act, answer: B256) {
    let Act { of, who, choice } = act;
    let now = city.world.now();
    let aimed = target(model, act);
    let back = earlier(model, act);
    match kind {
        "petition" => model.petitions.push(Petition {
            id: answer,
            names: [who].into(),
            needed: 3,
            expires: now + SPONSORING,
            is_over: false,
        }),
        "sign" => {
            model.petitions[of].names.insert(who);
        }
        "sign for" => model.petitions[of].names.extend([who, next(who)]),
        "open" => {
            model.petitions[of].is_over = true;
            model.begin(answer, 1, now);
        }
        "derive" => {
            let kind = occasion(choice);
            let at = model.begin(answer, kind, now);
            model.derived.insert(kind, at);
        }
        "propose" | "amend" => {
            let times = usize::from(kind == "amend");
            if let Some(earlier) = back.filter(|_| kind == "amend") {
                model.proposals[earlier].came_back = true;
            }
            model.proposals.push(Proposal {
                id: answer,
                session: of,
                proposer: who,
                sponsors: Default::default(),
                dissent: Default::default(),
                came_back: false,
                times,
            });
            let at = model.proposals.len() - 1;
            model.sessions[of].proposals.push(at);
            model.laws += 1;
        }
        "sponsor" => model.sponsor(aimed.unwrap(), who),
        "sponsor for" => {
            for one in [who, next(who)] {
                if !model.proposals[aimed.unwrap()].sponsors.contains(&one) {
                    model.sponsor(aimed.unwrap(), one);
                }
            }
        }
        "evidence" => {
            model.sessions[of].evidence = true;
            model.laws += 1;
        }
        "straw" => model.sessions[of].polled.push(who),
        "draw" => {
            let session = &model.sessions[of];
            // Whose order it is, the debate's own tests say; here it is read.
            let whose = |place| {
                let asked = wire::speakerCall {
                    sessionId: session.id,
                    place,
                };
                let at = city.call(STRANGER, asked).unwrap();
                (0..PEOPLE)
                    .find(|i| principal(*i) == at)
                    .expect("a straw voter")
            };
            let order: Vec<usize> = (0..session.polled.len() as u16).map(whose).collect();
            model.sessions[of].drawn = Some((now, order));
        }
        "speak" => {
            let (_, round) = model.sessions[of].turn(now).unwrap();
            model.sessions[of].spoken.insert((who, round));
        }
        "minority" => {
            let at = model.sessions[of].placed[choice];
            model.proposals[at].dissent.insert(who);
        }
        "commit" | "commit for" => {
            let session = &mut model.sessions[of];
            let order = order(session.placed.len(), choice);
            session.sealed.entry(who).or_insert(order.clone());
            if kind == "commit for" {
                session.sealed.entry(next(who)).or_insert(order);
            }
        }
        "reveal" => {
            let session = &mut model.sessions[of];
            let order = session.sealed[&who].clone();
            session.opened.push((who, order));
        }
        "tally" => {
            let session = &mut model.sessions[of];
            let more = amount(choice) as usize;
            session.counted = (session.counted + more).min(session.opened.len());
            if session.counted == session.opened.len() && now > session.expires {
                session.decide(now);
            }
        }
        "claim" => {
            let session = &mut model.sessions[of];
            let ballots = named(session, act);
            let of = |number: &u32| session.opened[*number as usize].1.clone();
            let orders: Vec<Vec<u8>> = ballots.iter().map(of).collect();
            let all = orders
                .iter()
                .all(|a| orders.iter().all(|b| are_alike(a, b)));
            if all {
                session.delays = 1;
                if session.step == Step::Tallying {
                    session.step = Step::Delayed;
                    session.expires = now + DELAY;
                }
            }
        }
        "expire" => {
            let session = &mut model.sessions[of];
            if session.step == Step::Debating {
                session.enrolled = PEOPLE;
            }
            session.expire(now);
        }
        "expire petition" => model.petitions[of].is_over = true,
        _ => unreachable!("{kind}"),
    }
}
