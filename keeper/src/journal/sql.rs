//! The journal's queries, in the words that SQLite and PostgreSQL share.
//!
//! Numbers are `BIGINT`, all else is `TEXT`. Parameters are `$1`, `$2`, … and appear first in that order, since SQLite numbers
//! them by their first appearance. What is read to decide a write is locked by a write to the row of its lease beforehand
//! ([`FENCE`]), so it holds under any isolation that both offer.

/// Format of the tables. A keeper opens no other.
pub(super) const FORMAT: u32 = 2;
/// Formats that are this one but for tables that they lack: they get these, and are this one from then on. The first knew no marks.
pub(super) const EXTENDED: [&str; 1] = ["1"];

pub(super) const CREATE: [&str; 8] = [
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, fence BIGINT NOT NULL, until_ms BIGINT NOT NULL, writes BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS streams (name TEXT PRIMARY KEY, head BIGINT NOT NULL, taken BIGINT NOT NULL, state TEXT, state_at BIGINT NOT NULL, floor_block BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS marks (stream TEXT PRIMARY KEY, block BIGINT NOT NULL, hash TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS events (stream TEXT NOT NULL, seq BIGINT NOT NULL, identity TEXT NOT NULL, removed BIGINT NOT NULL, block BIGINT, body TEXT NOT NULL, seen_ms BIGINT NOT NULL, PRIMARY KEY (stream, seq))",
    "CREATE INDEX IF NOT EXISTS events_by_identity ON events (stream, identity, seq)",
    "CREATE TABLE IF NOT EXISTS actions (key TEXT PRIMARY KEY, stream TEXT NOT NULL, seq BIGINT NOT NULL, place BIGINT NOT NULL, body TEXT NOT NULL, intended_ms BIGINT NOT NULL, outcome TEXT, ended_ms BIGINT)",
    "CREATE TABLE IF NOT EXISTS transactions (account TEXT NOT NULL, nonce BIGINT NOT NULL, attempt BIGINT NOT NULL, action TEXT NOT NULL, fill BIGINT NOT NULL, hash TEXT NOT NULL UNIQUE, raw TEXT NOT NULL, fee_max TEXT NOT NULL, after_block BIGINT NOT NULL, signed_ms BIGINT NOT NULL, sends BIGINT NOT NULL, sent_ms BIGINT, fate TEXT NOT NULL, PRIMARY KEY (account, nonce, attempt))",
];

pub(super) const META: &str = "SELECT value FROM meta WHERE name = $1";
pub(super) const META_SET: &str =
    "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

pub(super) const META_CHANGE: &str = "UPDATE meta SET value = $1 WHERE name = $2";
pub(super) const PROBE: &str = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

pub(super) const ACQUIRE: &str = "INSERT INTO leases (name, holder, fence, until_ms, writes) VALUES ($1, $2, 1, $3, 0) \
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = leases.fence + 1, until_ms = excluded.until_ms \
     WHERE leases.until_ms <= $4 OR leases.holder = excluded.holder RETURNING fence";
pub(super) const HOLDER: &str = "SELECT holder, until_ms FROM leases WHERE name = $1";
pub(super) const RENEW: &str =
    "UPDATE leases SET until_ms = $1 WHERE name = $2 AND fence = $3 AND until_ms > $4";
/// Checks the fence and locks the lease's row until the transaction ends.
pub(super) const FENCE: &str =
    "UPDATE leases SET writes = writes + 1 WHERE name = $1 AND fence = $2 AND until_ms > $3";

pub(super) const STREAM: &str =
    "SELECT head, taken, state, state_at, floor_block FROM streams WHERE name = $1";
pub(super) const STREAM_BEGIN: &str = "INSERT INTO streams (name, head, taken, state, state_at, floor_block) VALUES ($1, 0, 0, NULL, 0, -1) ON CONFLICT (name) DO NOTHING";
pub(super) const STREAM_HEAD: &str =
    "UPDATE streams SET head = head + 1 WHERE name = $1 RETURNING head";
pub(super) const STREAM_TAKEN: &str = "UPDATE streams SET taken = $1 WHERE name = $2";
pub(super) const STREAM_STATE: &str =
    "UPDATE streams SET state = $1, state_at = $2, floor_block = $3 WHERE name = $4";

pub(super) const MARK: &str = "SELECT block, hash FROM marks WHERE stream = $1";
pub(super) const MARK_SET: &str = "INSERT INTO marks (stream, block, hash) VALUES ($1, $2, $3) ON CONFLICT (stream) DO UPDATE SET block = excluded.block, hash = excluded.hash WHERE marks.block <= excluded.block";

pub(super) const EVENT_LATEST: &str =
    "SELECT removed FROM events WHERE stream = $1 AND identity = $2 ORDER BY seq DESC LIMIT 1";
pub(super) const EVENT_ADD: &str = "INSERT INTO events (stream, seq, identity, removed, block, body, seen_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(super) const EVENTS: &str =
    "SELECT seq, removed, body FROM events WHERE stream = $1 AND seq > $2 ORDER BY seq";
/// Events of blocks above $2 that were not taken back.
pub(super) const EVENTS_STANDING: &str = "SELECT body FROM events AS added WHERE stream = $1 AND block > $2 AND removed = 0 AND NOT EXISTS (SELECT 1 FROM events AS later WHERE later.stream = added.stream AND later.identity = added.identity AND later.seq > added.seq) ORDER BY seq";
pub(super) const EVENTS_FORGET: &str =
    "DELETE FROM events WHERE stream = $1 AND seq <= $2 AND (block IS NULL OR block <= $3)";

pub(super) const ACTION: &str = "SELECT stream, body, outcome FROM actions WHERE key = $1";
pub(super) const ACTION_ADD: &str = "INSERT INTO actions (key, stream, seq, place, body, intended_ms) VALUES ($1, $2, $3, $4, $5, $6)";
pub(super) const ACTIONS_OPEN: &str =
    "SELECT key, body FROM actions WHERE stream = $1 AND outcome IS NULL ORDER BY seq, place";
pub(super) const ACTION_END: &str = "UPDATE actions SET outcome = $1, ended_ms = $2 WHERE key = $3";

/// Fates of transactions.
pub(super) const OPEN: &str = "open";
pub(super) const WON: &str = "won";
pub(super) const LOST: &str = "lost";

pub(super) const NONCE_OWNER: &str =
    "SELECT action FROM transactions WHERE account = $1 AND nonce = $2 LIMIT 1";
pub(super) const NONCE_OF: &str = "SELECT account, nonce FROM transactions WHERE action = $1 AND fill = 0 AND fate <> $2 AND NOT (account = $3 AND nonce = $4) LIMIT 1";
pub(super) const SIGN: &str = "INSERT INTO transactions (account, nonce, attempt, action, fill, hash, raw, fee_max, after_block, signed_ms, sends, fate) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11)";
pub(super) const SENT: &str =
    "UPDATE transactions SET sends = sends + 1, sent_ms = $1 WHERE account = $2 AND hash = $3";
pub(super) const FATES: &str =
    "SELECT hash, fate FROM transactions WHERE account = $1 AND nonce = $2 ORDER BY attempt";
pub(super) const FATE_ALL: &str =
    "UPDATE transactions SET fate = $1 WHERE account = $2 AND nonce = $3";
pub(super) const FATE_ONE: &str = "UPDATE transactions SET fate = $1 WHERE hash = $2";
pub(super) const POSTED: &str = "SELECT nonce, attempt, action, fill, hash, raw, fee_max, after_block, sends, sent_ms FROM transactions WHERE account = $1 AND fate = $2 ORDER BY nonce, attempt";
pub(super) const NEXT_NONCE: &str =
    "SELECT COALESCE(MAX(nonce) + 1, 0) FROM transactions WHERE account = $1";
pub(super) const CLOSED_BELOW: &str =
    "SELECT COALESCE(MAX(nonce) + 1, 0) FROM transactions WHERE account = $1 AND fate <> $2";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_appear_first_in_the_order_of_their_numbers() {
        for query in [
            META,
            META_SET,
            META_CHANGE,
            PROBE,
            ACQUIRE,
            HOLDER,
            RENEW,
            FENCE,
            STREAM,
            STREAM_BEGIN,
            STREAM_HEAD,
            STREAM_TAKEN,
            STREAM_STATE,
            MARK,
            MARK_SET,
            EVENT_LATEST,
            EVENT_ADD,
            EVENTS,
            EVENTS_STANDING,
            EVENTS_FORGET,
            ACTION,
            ACTION_ADD,
            ACTIONS_OPEN,
            ACTION_END,
            NONCE_OWNER,
            NONCE_OF,
            SIGN,
            SENT,
            FATES,
            FATE_ALL,
            FATE_ONE,
            POSTED,
            NEXT_NONCE,
            CLOSED_BELOW,
        ] {
            let mut seen: Vec<usize> = Vec::new();
            for part in query.split('$').skip(1) {
                let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
                let number: usize = digits.parse().expect(query);
                if !seen.contains(&number) {
                    seen.push(number);
                }
            }
            assert!(seen.iter().copied().eq(1..=seen.len()), "{query}: {seen:?}");
        }
    }
}
