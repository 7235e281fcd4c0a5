//! One subscription or filter: what it watches and where its news go.

use super::outbox::{Closing, Outbox};
use crate::{limits, view};
use agentcity_devnode_chain::MinedBlock;
use alloy::{
    eips::BlockNumberOrTag,
    primitives::Log,
    rpc::types::{Filter, FilterBlockOption},
};
use std::{collections::VecDeque, time::Instant};

/// What is watched.
#[derive(Debug)]
pub(crate) enum Watch {
    /// New blocks.
    Heads,
    /// Logs of new and of removed blocks.
    Logs(Box<Filter>),
    /// Accepted transactions, by hash or in full.
    Pending {
        /// Whether whole transactions are wanted.
        full: bool,
    },
}

/// Where news go.
#[derive(Debug)]
pub(super) enum Sink {
    /// Messages to a WebSocket connection; held back until the client knows the id.
    Connection {
        connection: u64,
        outbox: Outbox,
        held: Option<Vec<Vec<u8>>>,
    },
    /// Kept until polled.
    Poll {
        changes: VecDeque<Vec<u8>>,
        polled: Instant,
        lost: bool,
    },
}

#[derive(Debug)]
pub(super) struct Target {
    pub(super) watch: Watch,
    pub(super) sink: Sink,
}

impl Target {
    pub(super) fn connection(&self) -> Option<u64> {
        match self.sink {
            Sink::Connection { connection, .. } => Some(connection),
            Sink::Poll { .. } => None,
        }
    }

    /// Passes one result on.
    pub(super) fn deliver(&mut self, id: u64, json: Vec<u8>) {
        match &mut self.sink {
            Sink::Connection { outbox, held, .. } => {
                let message = notification(id, &json);
                match held {
                    Some(held) if held.len() >= limits::OUTBOX => outbox.close(Closing::TooSlow),
                    Some(held) => held.push(message),
                    None => outbox.notify(message),
                }
            }
            Sink::Poll { lost: true, .. } => {}
            Sink::Poll { changes, .. } if changes.len() < limits::FILTER_BACKLOG => {
                changes.push_back(json)
            }
            Sink::Poll { .. } => self.lose(),
        }
    }

    /// Some news could not be passed on: the client must learn that.
    pub(super) fn lose(&mut self) {
        match &mut self.sink {
            Sink::Connection { outbox, .. } => outbox.close(Closing::Lagged),
            Sink::Poll { changes, lost, .. } => {
                *changes = VecDeque::new();
                *lost = true;
            }
        }
    }
}

/// How subscription ids look: long, as geth's.
pub(crate) fn subscription_id(id: u64) -> String {
    format!("0x{id:032x}")
}

fn notification(id: u64, json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() + 128);
    out.extend_from_slice(
        b"{\"jsonrpc\":\"2.0\",\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"",
    );
    out.extend_from_slice(subscription_id(id).as_bytes());
    out.extend_from_slice(b"\",\"result\":");
    out.extend_from_slice(json);
    out.extend_from_slice(b"}}");
    out
}

/// Whether a block lies in the numbers a filter names. Tags other than numbers do not bound what is yet to come.
pub(super) fn in_range(filter: &Filter, number: u64) -> bool {
    let FilterBlockOption::Range {
        from_block,
        to_block,
    } = filter.block_option
    else {
        return false;
    };
    let below = matches!(from_block, Some(BlockNumberOrTag::Number(from)) if number < from);
    let above = matches!(to_block, Some(BlockNumberOrTag::Number(to)) if number > to);
    !below && !above
}

pub(super) fn header_json(block: &MinedBlock) -> Vec<u8> {
    // A header holds numbers and hex: it always serialises.
    serde_json::to_vec(&view::block::HeaderView::new(block)).unwrap_or_else(|_| b"null".to_vec())
}

pub(super) fn log_json(log: &Log, place: &view::log::Place, removed: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(768);
    view::log::write(&mut out, log, place, removed);
    out
}
