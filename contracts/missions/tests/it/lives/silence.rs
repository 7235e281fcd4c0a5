//! Everybody falls silent: executors, monitors, sponsors, panel. What anyone may do once a deadline passed ends everything, and gives
//! everybody what is theirs (law 1, no stuck state).

use agentcity_abi::{
    IAdjudication as panel,
    ICollaboration::{self as work, MissionState as M},
    IGuardian as guardian, IRoster as roster, ITreasury as treasury, IVerification as results,
};
use agentcity_missions::{Addressed, STRANGER};

use super::{Run, commands::DAY};

/// Days after which nothing is open any more: the longest mission, and every window after it.
const DAYS: u64 = 24;
/// Prefixes of lives from which everybody is silent.
const PREFIXES: [usize; 8] = [40, 80, 130, 190, 260, 340, 430, 530];

impl Run {
    fn exit<C: Addressed>(&mut self, kind: &'static str, call: C) {
        let outcome = self.city.try_to(STRANGER, call).map(|_| ());
        self.note(kind, outcome);
    }

    /// Everything that a stranger may try, once.
    fn try_all_exits(&mut self) {
        for queued in self.queue.clone() {
            let digest = queued.digest();
            self.exit("expire action", panel::expireActionCall { digest });
        }
        for case in self.cases.clone() {
            self.exit(
                "expire case",
                roster::expireImpeachmentCall { caseId: case },
            );
        }
        for key in self.retired.clone() {
            let monitor = key.address;
            self.exit("release monitor", roster::releaseMonitorCall { monitor });
        }
        for live in 0..self.lives.len() {
            let mission_id = self.id(live);
            for node in 0..self.lives[live].mission.statute.nodes.len() as u16 {
                let elements = Vec::new();
                self.exit(
                    "close",
                    results::closeVerificationCall {
                        missionId: mission_id,
                        node,
                        elements,
                    },
                );
                self.exit(
                    "expire node",
                    work::expireNodeCall {
                        missionId: mission_id,
                        node,
                    },
                );
                let attempt = self.lives[live].mission.attempt(&self.city, node);
                for attempt in 0..=attempt {
                    self.exit(
                        "release bond",
                        results::releaseBondCall {
                            missionId: mission_id,
                            node,
                            attempt,
                        },
                    );
                }
            }
            self.exit(
                "expire mission",
                work::expireMissionCall {
                    missionId: mission_id,
                },
            );
            self.exit(
                "release bond",
                guardian::releaseBondCall {
                    missionId: mission_id,
                },
            );
            self.exit("close child", work::closeChildCall { child: mission_id });
            let agents: Vec<_> = self
                .books
                .stakes
                .iter()
                .filter(|(mission, _)| *mission == mission_id)
                .map(|(_, agent)| *agent)
                .collect();
            for agent in agents {
                self.exit(
                    "release agent",
                    work::releaseAgentCall {
                        missionId: mission_id,
                        agent,
                    },
                );
            }
            self.exit(
                "close escrow",
                treasury::closeEscrowCall {
                    missionId: mission_id,
                },
            );
        }
    }
}

#[test]
fn whenever_everybody_falls_silent_deadlines_end_everything_and_nothing_stays_behind() {
    for (seed, prefix) in PREFIXES.into_iter().enumerate() {
        let mut run = Run::new(seed as u64);
        for number in 0..prefix as u64 {
            run.step();
            run.look(number);
        }
        for live in &mut run.lives {
            live.is_closed = false;
        }
        let states: Vec<M> = (0..run.lives.len()).map(|live| run.state(live)).collect();
        println!("after {prefix} commands: {states:?}");
        for _ in 0..DAYS {
            run.try_all_exits();
            run.books.check(&run.city);
            run.city.world.warp(DAY);
        }
        for live in 0..run.lives.len() {
            let (state, id) = (run.state(live), run.id(live));
            assert!(
                matches!(state, M::Completed | M::Aborted),
                "{id} is {state:?} for ever"
            );
            let escrow = run.city.ask(treasury::escrowCall { missionId: id });
            assert_eq!(
                escrow.state,
                treasury::EscrowState::Closed,
                "{id} ({state:?})"
            );
        }
        let parts = run.city.ask(treasury::partsCall {});
        // A monitor's bond stands as long as its monitor does not retire, and until somebody asks for it.
        let standing: u128 = run
            .city
            .folk
            .monitors
            .iter()
            .chain(&run.retired)
            .map(|key| run.city.monitor(key).bond)
            .sum();
        assert!(parts.escrows.is_zero(), "escrows keep {}", parts.escrows);
        assert!(
            parts.lockedStakes.is_zero(),
            "{} stay locked",
            parts.lockedStakes
        );
        assert_eq!(parts.bonds.to::<u128>(), standing, "bonds");
        for account in run.books.accounts.clone() {
            let credit = run.city.ask(treasury::creditsCall { account });
            if !credit.is_zero() {
                run.city.tell(account, treasury::withdrawCall {});
            }
        }
        assert!(run.city.ask(treasury::partsCall {}).credits.is_zero());
        run.books.check(&run.city);
    }
}
