//! Stake pools by shares (S-08).

use alloc::vec::Vec;

use agentcity_abi::ITreasury as wire;
use agentcity_domain::{amount::Amount, literal, parameter::ParameterId};
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output, refuse, unauthorized,
    word::{part, with},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolError, SolEvent};

use crate::{funds::Part, storage::Treasury};

/// Pool: manager, participants, obligations | assets, shares.
const POOL: Kind = 6;
const SHARES: Kind = 7;
const BINDING: Kind = 8;
const COUNTER: Kind = 9;

impl Treasury {
    #[inline(never)]
    fn pool_words(&self, pool: B256) -> Result<([B256; 2], [B256; 2]), Vec<u8>> {
        let keys = [0, 1].map(|place| self.key(POOL, pool, output::number(place)));
        let words = keys.map(|key| self.read(key));
        if words[0] == B256::ZERO {
            return refuse(wire::UnknownPool::SELECTOR, &[pool]);
        }
        Ok((keys, words))
    }

    pub(crate) fn create_pool(&mut self) -> Answer {
        let manager = self.caller().into_word();
        let counter = self.key(COUNTER, manager, B256::ZERO);
        let count = part(self.read(counter), 24, 8) + 1;
        let pool = with(
            with(B256::ZERO, 0, 16, part(manager, 12, 16)),
            16,
            4,
            part(manager, 28, 4),
        );
        let pool = with(pool, 24, 8, count);
        self.write(counter, output::number(count as u64));
        self.write(self.key(POOL, pool, B256::ZERO), manager);
        self.emit(
            &[literal!(wire::PoolCreated::SIGNATURE_HASH), pool, manager],
            &[],
        );
        Ok(output::words(&[pool]))
    }

    pub(crate) fn join_pool(&mut self, input: &mut Input<'_>) -> Answer {
        let (pool, amount) = (input.word()?, input.u128()?);
        let (keys, words) = self.pool_words(pool)?;
        let participant = self.caller();
        let (assets, shares) = (part(words[1], 0, 16), part(words[1], 16, 16));
        let minted = if shares == 0 {
            amount
        } else if assets == 0 {
            0
        } else {
            Amount::new(amount)
                .mul_div_floor(shares, assets)
                .map_err(|_| malformed())?
                .get()
        };
        if minted == 0 {
            return refuse(wire::NoShares::SELECTOR, &[pool, output::amount(amount)]);
        }
        self.debit(participant, amount)?;
        let key = self.key(SHARES, pool, participant.into_word());
        let held = part(self.read(key), 16, 16);
        if held == 0 {
            self.write(keys[0], with(words[0], 0, 2, part(words[0], 0, 2) + 1));
        }
        self.write(key, output::amount(held + minted));
        let total = shares.checked_add(minted).ok_or_else(malformed)?;
        self.write(
            keys[1],
            with(with(words[1], 0, 16, assets + amount), 16, 16, total),
        );
        self.grow(Part::Pools, amount)?;
        self.emit(
            &[
                literal!(wire::PoolJoined::SIGNATURE_HASH),
                pool,
                participant.into_word(),
            ],
            &[output::amount(amount), output::amount(minted)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn leave_pool(&mut self, input: &mut Input<'_>) -> Answer {
        let (pool, redeemed) = (input.word()?, input.u128()?);
        let (keys, words) = self.pool_words(pool)?;
        let participant = self.caller();
        let obligations = part(words[0], 2, 4) as u64;
        if obligations != 0 {
            return refuse(
                wire::PoolObligated::SELECTOR,
                &[pool, output::number(obligations)],
            );
        }
        let key = self.key(SHARES, pool, participant.into_word());
        let held = part(self.read(key), 16, 16);
        let Some(rest) = held.checked_sub(redeemed) else {
            return refuse(
                wire::InsufficientShares::SELECTOR,
                &[
                    pool,
                    participant.into_word(),
                    output::amount(held),
                    output::amount(redeemed),
                ],
            );
        };
        let (assets, shares) = (part(words[1], 0, 16), part(words[1], 16, 16));
        let amount = Amount::new(redeemed)
            .mul_div_floor(assets, shares)
            .map_err(|_| malformed())?
            .get();
        self.write(key, output::amount(rest));
        if rest == 0 {
            self.write(
                keys[0],
                with(words[0], 0, 2, part(words[0], 0, 2).saturating_sub(1)),
            );
        }
        self.write(
            keys[1],
            with(
                with(words[1], 0, 16, assets - amount),
                16,
                16,
                shares - redeemed,
            ),
        );
        self.shrink(Part::Pools, amount)?;
        self.credit(participant, pool, amount)?;
        self.emit(
            &[
                literal!(wire::PoolLeft::SIGNATURE_HASH),
                pool,
                participant.into_word(),
            ],
            &[output::amount(amount), output::amount(redeemed)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn bind_pool(&mut self, input: &mut Input<'_>) -> Answer {
        let (pool, agent, limit) = (input.word()?, input.address()?, input.u128()?);
        let (_, words) = self.pool_words(pool)?;
        let caller = self.caller();
        if caller != Address::from_word(with(words[0], 0, 12, 0)) {
            return Err(unauthorized(caller));
        }
        let [needed] = self.live([ParameterId::StakepoolMinParticipants as u8])?;
        let participants = part(words[0], 0, 2) as u64;
        if participants < needed {
            return refuse(
                wire::PoolTooSmall::SELECTOR,
                &[pool, output::number(participants), output::number(needed)],
            );
        }
        let key = self.key(BINDING, pool, agent.into_word());
        self.write(key, with(self.read(key), 0, 16, limit));
        self.emit(
            &[
                literal!(wire::PoolBound::SIGNATURE_HASH),
                pool,
                agent.into_word(),
            ],
            &[output::amount(limit)],
        );
        Ok(Vec::new())
    }

    #[inline(never)]
    pub(crate) fn draw_from_pool(
        &mut self,
        pool: B256,
        agent: Address,
        amount: u128,
    ) -> Result<(), Vec<u8>> {
        let (keys, words) = self.pool_words(pool)?;
        let key = self.key(BINDING, pool, agent.into_word());
        let binding = self.read(key);
        let (limit, used) = (part(binding, 0, 16), part(binding, 16, 16));
        let free = limit.saturating_sub(used).min(part(words[1], 0, 16));
        if amount > free {
            return refuse(
                wire::InsufficientStake::SELECTOR,
                &[pool, output::amount(free), output::amount(amount)],
            );
        }
        self.write(key, with(binding, 16, 16, used + amount));
        self.write(keys[0], with(words[0], 2, 4, part(words[0], 2, 4) + 1));
        self.write(
            keys[1],
            with(words[1], 0, 16, part(words[1], 0, 16) - amount),
        );
        self.shrink(Part::Pools, amount)
    }

    #[inline(never)]
    pub(crate) fn return_to_pool(
        &mut self,
        pool: B256,
        agent: Address,
        amount: u128,
    ) -> Result<(), Vec<u8>> {
        let (keys, words) = self.pool_words(pool)?;
        let key = self.key(BINDING, pool, agent.into_word());
        let binding = self.read(key);
        self.write(
            key,
            with(
                binding,
                16,
                16,
                part(binding, 16, 16).saturating_sub(amount),
            ),
        );
        self.write(
            keys[0],
            with(words[0], 2, 4, part(words[0], 2, 4).saturating_sub(1)),
        );
        self.write(
            keys[1],
            with(words[1], 0, 16, part(words[1], 0, 16) + amount),
        );
        self.grow(Part::Pools, amount)
    }

    pub(crate) fn pool(&mut self, input: &mut Input<'_>) -> Answer {
        let (_, words) = self.pool_words(input.word()?)?;
        Ok(output::words(&[
            with(words[0], 0, 12, 0),
            output::amount(part(words[1], 0, 16)),
            output::amount(part(words[1], 16, 16)),
            output::number(part(words[0], 0, 2) as u64),
            output::number(part(words[0], 2, 4) as u64),
        ]))
    }

    pub(crate) fn pool_shares(&mut self, input: &mut Input<'_>) -> Answer {
        let key = self.key(SHARES, input.word()?, input.address()?.into_word());
        Ok(output::words(&[self.read(key)]))
    }

    pub(crate) fn pool_binding(&mut self, input: &mut Input<'_>) -> Answer {
        let key = self.key(BINDING, input.word()?, input.address()?.into_word());
        let word = self.read(key);
        Ok(output::words(&[
            output::amount(part(word, 0, 16)),
            output::amount(part(word, 16, 16)),
        ]))
    }
}
