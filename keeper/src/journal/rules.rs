//! What each write checks before it records: leases and their fences, events that stand, nonces that have one action.

use alloy::primitives::{Address, B256};

use super::{
    ActionKey, Identity, JournalError, Lease, NAME_BYTES_MAX, Seen, Signed, account_lease,
    rows::{action_row, all, known_stream, maybe, one, params, parsed, read, run, stored},
    sql,
    store::{Store, ToValue},
};
use crate::clock::Moment;

pub(super) fn prolong(
    tx: &mut impl Store,
    lease: &Lease,
    now: Moment,
    until: Moment,
) -> Result<(), JournalError> {
    let shown = params![
        stored(until.get())?,
        lease.name,
        stored(lease.fence)?,
        stored(now.get())?
    ];
    match run(tx, sql::RENEW, shown)? {
        1 => Ok(()),
        _ => Err(fenced(lease)),
    }
}

pub(super) fn fence(tx: &mut impl Store, lease: &Lease, now: Moment) -> Result<(), JournalError> {
    let shown = params![lease.name, stored(lease.fence)?, stored(now.get())?];
    match run(tx, sql::FENCE, shown)? {
        1 => Ok(()),
        _ => Err(fenced(lease)),
    }
}

pub(super) fn fenced(lease: &Lease) -> JournalError {
    JournalError::Fenced {
        name: lease.name.clone(),
        fence: lease.fence,
    }
}

pub(super) fn of_account(lease: &Lease, account: Address) -> Result<(), JournalError> {
    let wanted = account_lease(account);
    if lease.name == wanted {
        return Ok(());
    }
    Err(JournalError::WrongLease {
        shown: lease.name.clone(),
        wanted,
    })
}

pub(super) fn see(
    tx: &mut impl Store,
    stream: &str,
    now: Moment,
    identity: &Identity,
    body: &str,
) -> Result<Seen, JournalError> {
    let (name, removal) = (identity.name(), identity.is_removal());
    let block = identity.block().map(stored).transpose()?;
    let floor = known_stream(tx, stream)?.floor_block;
    if let Some(block) = block.filter(|block| *block <= floor) {
        return if removal {
            Err(JournalError::BelowFloor {
                stream: stream.to_owned(),
                block: read(block)?,
                floor: read(floor)?,
            })
        } else {
            Ok(Seen::Known)
        };
    }
    let latest: Option<i64> = maybe(tx, sql::EVENT_LATEST, params![stream, name], |row| {
        row.get(0)
    })?;
    let stands = latest == Some(0);
    if stands != removal {
        return Ok(Seen::Known);
    }
    let seq: i64 = one(tx, sql::STREAM_HEAD, params![stream], |row| row.get(0))?;
    let row = params![
        stream,
        seq,
        name,
        i64::from(removal),
        block,
        body,
        stored(now.get())?
    ];
    run(tx, sql::EVENT_ADD, row)?;
    Ok(Seen::Recorded(read(seq)?))
}

pub(super) fn sign(tx: &mut impl Store, now: Moment, signed: &Signed) -> Result<(), JournalError> {
    let key = signed.action;
    if let Some(outcome) = action_row(tx, key)?
        .ok_or(JournalError::UnknownAction { key })?
        .outcome
        // A nonce that its action needs no more must be used up all the same, or all later ones wait for it.
        .filter(|_| !signed.fill)
    {
        return Err(JournalError::Ended { key, outcome });
    }
    let (of, nonce) = (format!("{:#x}", signed.account), stored(signed.nonce)?);
    let owner: Option<String> = maybe(tx, sql::NONCE_OWNER, params![of, nonce], |row| row.get(0))?;
    if let Some(owner) = owner.filter(|owner| *owner != key.to_string()) {
        return Err(JournalError::NonceTaken {
            account: signed.account,
            nonce: signed.nonce,
            owner: ActionKey(parsed(&owner)?),
        });
    }
    let fates = all(tx, sql::FATES, params![of, nonce], |row| {
        row.get::<String>(1)
    })?;
    if fates.iter().any(|fate| fate != sql::OPEN) {
        return Err(JournalError::NonceClosed {
            account: signed.account,
            nonce: signed.nonce,
        });
    }
    let rivals = params![key.to_string(), sql::LOST, of, nonce];
    let other: Option<(String, i64)> = maybe(tx, sql::NONCE_OF, rivals, |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    if let Some((account, nonce)) = other.filter(|_| !signed.fill) {
        return Err(JournalError::HasNonce {
            key,
            account: parsed(&account)?,
            nonce: read(nonce)?,
        });
    }
    let next = stored(fates.len() as u64)?;
    if stored(signed.attempt)? != next {
        return Err(JournalError::Attempt {
            account: signed.account,
            nonce: signed.nonce,
            attempt: signed.attempt,
            next: read(next)?,
        });
    }
    let row = params![
        of,
        nonce,
        next,
        key.to_string(),
        i64::from(signed.fill),
        signed.hash.to_string(),
        signed.raw.to_string(),
        signed.fee_max.to_string(),
        stored(signed.after_block)?,
        stored(now.get())?,
        sql::OPEN
    ];
    run(tx, sql::SIGN, row)?;
    Ok(())
}

pub(super) fn close(
    tx: &mut impl Store,
    account: Address,
    nonce: u64,
    winner: Option<B256>,
) -> Result<(), JournalError> {
    let (of, nonce) = (format!("{account:#x}"), stored(nonce)?);
    let winner = winner.map(|hash| (hash, hash.to_string()));
    if let Some((hash, text)) = &winner {
        let known = all(tx, sql::FATES, params![of, nonce], |row| {
            row.get::<String>(0)
        })?;
        if !known.contains(text) {
            return Err(JournalError::UnknownTransaction { hash: *hash });
        }
    }
    run(tx, sql::FATE_ALL, params![sql::LOST, of, nonce])?;
    if let Some((_, text)) = &winner {
        run(tx, sql::FATE_ONE, params![sql::WON, text])?;
    }
    Ok(())
}

pub(super) fn named(name: &str) -> Result<(), JournalError> {
    if (1..=NAME_BYTES_MAX).contains(&name.len()) {
        Ok(())
    } else {
        Err(JournalError::Name(name.len()))
    }
}
