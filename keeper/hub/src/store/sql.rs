//! The tables of the log, and what is asked of them.
//!
//! ```text
//! entries   place → line, leaf            never changed, never deleted
//! nodes     level, index → hash           whole subtrees from LOW_LEVEL on; below they are computed of the leaves
//! origins   what makes an event one → place
//! terms     dimension, value, place       the index
//! payloads  content → bytes, until when   bytes go, the row stays
//! pushes    place, mirror → how it stands
//! heads, anchors                          what was signed, and what stands on chain
//! ```

/// Format of the tables. No other is opened.
pub(super) const FORMAT: &str = "1";

pub(super) const CREATE: [&str; 11] = [
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS entries (place INTEGER PRIMARY KEY, line TEXT NOT NULL, leaf BLOB NOT NULL, time INTEGER NOT NULL, block INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS nodes (level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS origins (key BLOB PRIMARY KEY, place INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS terms (dim INTEGER NOT NULL, value BLOB NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (dim, value, place)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS payloads (cid BLOB PRIMARY KEY, body BLOB, until INTEGER NOT NULL, gone INTEGER, ordered INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS payloads_by_end ON payloads (until) WHERE body IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS pushes (place INTEGER NOT NULL, mirror BLOB NOT NULL, cid BLOB NOT NULL, state INTEGER NOT NULL, tries INTEGER NOT NULL, next INTEGER NOT NULL, cause TEXT NOT NULL, PRIMARY KEY (place, mirror)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS pushes_by_cid ON pushes (cid)",
    "CREATE TABLE IF NOT EXISTS heads (size INTEGER PRIMARY KEY, root BLOB NOT NULL, time INTEGER NOT NULL, signature BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS anchors (sequence INTEGER PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, block INTEGER NOT NULL, tx BLOB NOT NULL, roster BLOB NOT NULL)",
];

pub(super) const META_SET: &str =
    "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
pub(super) const META: &str = "SELECT value FROM meta WHERE name = ?1";
pub(super) const TIP_SET: &str = "INSERT INTO meta (name, value) VALUES ('tip', ?1) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

pub(super) const TAKEN_SET: &str = "INSERT INTO meta (name, value) VALUES ('taken', ?1) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

pub(super) const SIZE: &str = "SELECT COALESCE(MAX(place) + 1, 0) FROM entries";
pub(super) const ENTRY_ADD: &str =
    "INSERT INTO entries (place, line, leaf, time, block) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const ENTRY: &str = "SELECT line, leaf FROM entries WHERE place = ?1";
pub(super) const ENTRIES: &str =
    "SELECT place, line FROM entries WHERE place >= ?1 ORDER BY place LIMIT ?2";
pub(super) const LEAVES: &str =
    "SELECT leaf FROM entries WHERE place >= ?1 AND place < ?2 ORDER BY place";
pub(super) const NODE: &str = "SELECT hash FROM nodes WHERE level = ?1 AND idx = ?2";
pub(super) const NODE_ADD: &str = "INSERT INTO nodes (level, idx, hash) VALUES (?1, ?2, ?3)";

pub(super) const ORIGIN: &str = "SELECT place FROM origins WHERE key = ?1";
/// Changes nothing where the event is known.
pub(super) const ORIGIN_ADD: &str =
    "INSERT INTO origins (key, place) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING";
pub(super) const TERM_ADD: &str = "INSERT INTO terms (dim, value, place) VALUES (?1, ?2, ?3)";
pub(super) const TERM: &str = "SELECT 1 FROM terms WHERE dim = ?1 AND value = ?2 AND place = ?3";
pub(super) const SCAN: &str = "SELECT t.value, t.place, e.time, e.block, e.line FROM terms t JOIN entries e ON e.place = t.place \
     WHERE t.dim = ?1 AND t.value <= ?2 AND (t.value, t.place) > (?3, ?4) ORDER BY t.value, t.place LIMIT ?5";

/// A payload that was erased because its time was over comes back with a new event; one that was ordered away does not.
pub(super) const PAYLOAD_ADD: &str = "INSERT INTO payloads (cid, body, until, gone, ordered) VALUES (?1, ?2, ?3, NULL, 0) \
     ON CONFLICT (cid) DO UPDATE SET until = MAX(until, excluded.until), \
     body = CASE WHEN ordered = 1 THEN NULL ELSE excluded.body END, gone = CASE WHEN ordered = 1 THEN gone ELSE NULL END";
pub(super) const PAYLOAD: &str = "SELECT body, gone FROM payloads WHERE cid = ?1";
pub(super) const PAYLOAD_ERASE: &str =
    "UPDATE payloads SET body = NULL, gone = ?1, ordered = ?2 WHERE cid = ?3";
/// Those that a mirror does not have yet, and should, are kept beyond their time.
pub(super) const PAYLOADS_OVER: &str = "SELECT cid, until FROM payloads WHERE body IS NOT NULL AND until <= ?1 \
     AND NOT EXISTS (SELECT 1 FROM pushes WHERE pushes.cid = payloads.cid AND pushes.state <> 1) ORDER BY until, cid LIMIT ?2";

/// How a push stands.
pub(super) const OPEN: i64 = 0;
pub(super) const STORED: i64 = 1;
pub(super) const GIVEN_UP: i64 = 2;
pub(super) const PUSH_ADD: &str = "INSERT INTO pushes (place, mirror, cid, state, tries, next, cause) VALUES (?1, ?2, ?3, 0, 0, ?4, '') ON CONFLICT DO NOTHING";
pub(super) const PUSHES_DUE: &str = "SELECT place, mirror, tries FROM pushes WHERE state = 0 AND next <= ?1 ORDER BY next, place, mirror LIMIT ?2";
pub(super) const PUSH: &str = "SELECT state, tries FROM pushes WHERE place = ?1 AND mirror = ?2";
pub(super) const PUSH_SET: &str = "UPDATE pushes SET state = ?1, tries = ?2, next = ?3, cause = ?4 WHERE place = ?5 AND mirror = ?6";
pub(super) const PUSHES_LEFT: &str = "SELECT place, mirror, tries, cause FROM pushes WHERE state = 2 ORDER BY place, mirror LIMIT ?1";
pub(super) const PUSHES_FORGET: &str = "DELETE FROM pushes WHERE mirror = ?1 AND state <> 1";
pub(super) const MIRRORS: &str = "SELECT DISTINCT mirror FROM pushes";
pub(super) const PLACES_OF_KIND: &str = "SELECT place FROM terms WHERE dim = ?1 AND value = ?2";

pub(super) const HEAD_ADD: &str = "INSERT INTO heads (size, root, time, signature) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
pub(super) const HEAD: &str =
    "SELECT size, root, time, signature FROM heads WHERE size <= ?1 ORDER BY size DESC LIMIT 1";
pub(super) const ANCHOR_ADD: &str = "INSERT INTO anchors (sequence, size, root, block, tx, roster) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
pub(super) const ANCHOR: &str =
    "SELECT sequence, size, root, block, tx, roster FROM anchors WHERE sequence = ?1";
pub(super) const ANCHOR_LAST: &str = "SELECT sequence, size, root, block, tx, roster FROM anchors WHERE size <= ?1 ORDER BY sequence DESC LIMIT 1";
