//! What everybody may read of a session as a whole.

use alloc::vec::Vec;

use agentcity_shell::{reader::Reader, words::Words};

use crate::storage::{Assembly, Become, ORIGIN, Said, WINNER};

impl Assembly {
    pub(crate) fn election(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let session = &input.word();
        let election = &self.election_of(session);
        let mut answer = Words::new();
        for part in [
            election.step().into(),
            election.failed().into(),
            election.kind().into(),
            election.epoch().into(),
            election.legislative_epoch().into(),
            election.expires(),
            election.enrolled().into(),
            election.commits().into(),
            election.reveals().into(),
            election.proposals().into(),
            election.candidates().into(),
        ] {
            answer.number(part);
        }
        answer
            .word(&self.of_session(session, ORIGIN))
            .number(self.debate_of(session).node().into())
            .word(&self.of_session(session, WINNER))
            .reply()
    }
}
