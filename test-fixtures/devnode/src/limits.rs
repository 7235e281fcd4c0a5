//! Every maximum of the server, each with its reason.
//!
//! The node is a test tool, but its clients include fuzzers and code with bugs: none of them may take the node down
//! or make it eat the machine.

use std::time::Duration;

/// Bytes of one HTTP body or one WebSocket message. A Stylus deployment at its limit is about 50 KiB of hex and a
/// dumped state some megabytes; above this it is a mistake.
pub const BODY_BYTES: usize = 32 * 1024 * 1024;

/// Requests of one batch. Clients batch some hundreds of reads.
pub const BATCH: usize = 1_000;

/// Bytes of one answer, and of all the answers of a batch together: holds 100,000 logs of ordinary size.
pub const RESPONSE_BYTES: usize = 128 * 1024 * 1024;

/// Characters of a request id. It is echoed, so it must not be a way to make the node repeat megabytes.
pub const ID_BYTES: usize = 256;

/// Characters of a method name that an error message repeats.
pub const ECHO_CHARS: usize = 64;

/// Arguments of one request. No method takes more than five.
pub const ARGS: usize = 16;

/// Open connections. Stays well below the usual limit of 1,024 file descriptors.
pub const CONNECTIONS: usize = 512;

/// A connection on which the server wrote nothing for this long is closed: idle, trickling its request, or not
/// reading its answer. Longer than any request may take; WebSocket connections are pinged far more often.
pub const SILENCE: Duration = Duration::from_secs(180);

/// Time to send the whole body of one request.
pub const BODY_TIME: Duration = Duration::from_secs(30);

/// Time between the pings of a WebSocket connection.
pub const PING: Duration = Duration::from_secs(30);

/// Time one WebSocket message may take to leave. A reader slower than that has stopped reading.
pub const WRITE_TIME: Duration = Duration::from_secs(30);

/// Time to deliver the reason before a connection is closed.
pub const CLOSE_TIME: Duration = Duration::from_secs(5);

/// Messages waiting for one WebSocket reader.
pub const OUTBOX: usize = 16_384;

/// Bytes waiting for one WebSocket reader.
pub const OUTBOX_BYTES: usize = 64 * 1024 * 1024;

/// Requests of one WebSocket connection that wait for a block at the same time (the `…Sync` methods).
pub const WAITING: usize = 256;

/// Subscriptions of one connection.
pub const SUBSCRIPTIONS: usize = 256;

/// Filters of the node.
pub const FILTERS: usize = 1_024;

/// Changes kept for one filter between two polls. A filter that has more is dropped and says so.
pub const FILTER_BACKLOG: usize = 100_000;

/// A filter that nobody polled for this long is removed, as geth does.
pub const FILTER_IDLE: Duration = Duration::from_secs(300);

/// Deliveries held back at once by the delay fault.
pub const DELAYED: usize = 200_000;

/// Longest delay of the delay fault.
pub const DELAY: Duration = Duration::from_secs(600);

/// Logs of one answer.
pub const LOGS: usize = 200_000;

/// Blocks of one log query.
pub const LOG_RANGE: u64 = 1_000_000;

/// Addresses, and alternatives of one topic, in one log filter.
pub const FILTER_ALTERNATIVES: usize = 1_024;

/// Heavy calls (execution, traces, log queries, mining) at the same time; the rest waits in line.
pub const HEAVY: usize = 16;

/// Time a heavy call waits in line before it is refused.
pub const HEAVY_WAIT: Duration = Duration::from_secs(60);

/// Blocks of one fee history, as geth.
pub const FEE_HISTORY: u64 = 1_024;

/// Reward percentiles of one fee history, as geth.
pub const FEE_PERCENTILES: usize = 100;

/// Blocks that one request may mine.
pub const MINE: u64 = 100_000;

/// Default and longest wait of the `…Sync` methods.
pub const SYNC_WAIT: Duration = Duration::from_secs(30);
/// See [`SYNC_WAIT`].
pub const SYNC_WAIT_MAX: Duration = Duration::from_secs(120);

/// Bytes one trace may record.
pub const TRACE_BYTES: usize = 256 * 1024 * 1024;

/// Gas of an execution whose every step is recorded. A step costs some hundred bytes and about three gas, so this is
/// as much as memory should take; the answer would be larger than [`RESPONSE_BYTES`] long before.
pub const TRACE_GAS: u64 = 8_000_000;

/// Accounts that the mnemonic may fund.
pub const ACCOUNTS: usize = 1_000;

/// Time that open connections get to finish when the node stops.
pub const SHUTDOWN: Duration = Duration::from_secs(3);
