use agentcity_devnode_chain::{
    LogLimits, LogsError, Mining,
    logs::{FILTER_TERMS_MAX, of_block},
};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256},
    rpc::types::Filter,
};
use proptest::prelude::*;

use crate::support::*;

const OTHER: Address = Address::repeat_byte(0xcd);

/// Blocks of a few logs each: contract, topics.
fn filled(blocks: &[Vec<(bool, u64, u64)>]) -> World {
    let world = world_with(|config| config.mining = Mining::Manual);
    world.deploy(LOG);
    world.node.set_code(OTHER, LOG).unwrap();
    for logs in blocks {
        for &(other, first, second) in logs {
            world.send(
                0,
                if other { OTHER } else { CONTRACT },
                words(&[first, second]),
            );
        }
        world.node.mine_one().unwrap();
    }
    world
}

fn word(value: u64) -> B256 {
    B256::from(alloy::primitives::U256::from(value))
}

fn topic_set() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(0..4u64, 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn finds_what_a_naive_search_finds(
        blocks in prop::collection::vec(prop::collection::vec((any::<bool>(), 0..4u64, 0..4u64), 0..4), 1..6),
        address in prop::option::of(any::<bool>()),
        first in topic_set(),
        second in topic_set(),
        third in prop::bool::weighted(0.1),
        from in 0..6u64,
        span in 0..6u64,
    ) {
        let world = filled(&blocks);
        let mut filter = Filter::new().from_block(from).to_block(from + span);
        if let Some(other) = address {
            filter = filter.address(if other { OTHER } else { CONTRACT });
        }
        filter.topics[0] = first.iter().map(|topic| word(*topic)).collect::<Vec<_>>().into();
        filter.topics[1] = second.iter().map(|topic| word(*topic)).collect::<Vec<_>>().into();
        if third {
            filter.topics[2] = word(1).into();
        }
        let found: Vec<_> = world
            .node
            .logs(&filter, LogLimits::default())
            .unwrap()
            .iter()
            .map(|log| (log.block.number(), log.log_index, log.log.address, log.log.topics().to_vec()))
            .collect();
        let mut naive = Vec::new();
        for (index, logs) in blocks.iter().enumerate() {
            let number = index as u64 + 1;
            for (position, &(other, one, two)) in logs.iter().enumerate() {
                let wanted = (from..=from + span).contains(&number)
                    && address.is_none_or(|wanted| wanted == other)
                    && (first.is_empty() || first.contains(&one))
                    && (second.is_empty() || second.contains(&two))
                    && !third;
                if wanted {
                    let emitter = if other { OTHER } else { CONTRACT };
                    naive.push((number, position as u64, emitter, vec![word(one), word(two)]));
                }
            }
        }
        prop_assert_eq!(found, naive);
    }
}

#[test]
fn limits_are_named() {
    let world = filled(&[vec![(false, 1, 1); 3], vec![(false, 1, 1); 2]]);
    let all = Filter::new().from_block(0).to_block(2);
    let limits = LogLimits {
        max_blocks: 3,
        max_logs: 5,
    };
    assert_eq!(world.node.logs(&all, limits).unwrap().len(), 5);
    assert_eq!(
        world
            .node
            .logs(
                &all,
                LogLimits {
                    max_logs: 4,
                    ..limits
                }
            )
            .unwrap_err(),
        LogsError::TooManyLogs {
            limit: 4,
            from: 0,
            to: 1
        }
    );
    assert_eq!(
        world
            .node
            .logs(
                &all,
                LogLimits {
                    max_blocks: 2,
                    ..limits
                }
            )
            .unwrap_err(),
        LogsError::TooManyBlocks { asked: 3, limit: 2 }
    );
    let backwards = Filter::new().from_block(2).to_block(1);
    assert_eq!(
        world.node.logs(&backwards, limits).unwrap_err(),
        LogsError::Backwards { from: 2, to: 1 }
    );
    let many: Vec<_> = (0..FILTER_TERMS_MAX as u64 + 1).map(word).collect();
    let mut wide = all.clone();
    wide.topics[0] = many.into();
    assert!(matches!(
        world.node.logs(&wide, limits),
        Err(LogsError::TooManyTerms { .. })
    ));
    let unknown = Filter::new().at_block_hash(B256::repeat_byte(1));
    assert!(matches!(
        world.node.logs(&unknown, limits),
        Err(LogsError::Block(_))
    ));
}

#[test]
fn ranges_default_to_the_latest_block_and_end_at_the_head() {
    let world = filled(&[vec![(false, 1, 1)], vec![(false, 2, 2); 2]]);
    let limits = LogLimits::default();
    assert_eq!(world.node.logs(&Filter::new(), limits).unwrap().len(), 2);
    let open = Filter::new().from_block(1).to_block(1_000);
    assert_eq!(world.node.logs(&open, limits).unwrap().len(), 3);
    let beyond = Filter::new().from_block(10).to_block(20);
    assert!(world.node.logs(&beyond, limits).unwrap().is_empty());
    let tags = Filter::new()
        .from_block(BlockNumberOrTag::Earliest)
        .to_block(BlockNumberOrTag::Latest);
    let page = world.node.logs(&tags, limits).unwrap();
    let last = page.iter().last().unwrap();
    assert_eq!((last.log_index, last.tx_index), (1, 1));
    let shown = last.to_rpc(true);
    assert_eq!(
        (shown.block_number, shown.log_index, shown.removed),
        (Some(2), Some(1), true)
    );
    assert_eq!(shown.transaction_hash, Some(last.tx.hash()));
    let head = world.node.head();
    assert_eq!(
        world
            .node
            .logs(&Filter::new().at_block_hash(head.hash), limits)
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        of_block(&head, &Filter::new().event_signature(word(2))).len(),
        2
    );
    assert_eq!(
        of_block(&head, &Filter::new().event_signature(word(1))).len(),
        0
    );
}
