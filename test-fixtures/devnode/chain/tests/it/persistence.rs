use std::{fs, path::Path};

use agentcity_devnode_chain::{
    ChainEvent, CheatError, Node, NodeConfig, NodeError, dump::DumpError, persist::PersistError,
};
use alloy::{
    eips::BlockId,
    primitives::{B256, U256},
};
use tempfile::tempdir;

use crate::support::*;

fn open(path: &Path) -> World {
    world_with(|config| config.state_path = Some(path.to_owned()))
}

fn refusal(path: &Path, change: impl FnOnce(&mut NodeConfig)) -> PersistError {
    let (mut config, _) = config();
    config.state_path = Some(path.to_owned());
    change(&mut config);
    match Node::new(config) {
        Err(NodeError::Persist(error)) => error,
        other => panic!("should be refused: {other:?}"),
    }
}

/// Everything a client can see of a chain.
fn fingerprint(node: &Node) -> (B256, Vec<String>, Vec<Option<B256>>) {
    let blocks = node.blocks(0, u64::MAX, usize::MAX);
    let shown = blocks.iter().map(|block| format!("{block:?}")).collect();
    let slots = blocks
        .iter()
        .map(|block| {
            node.storage(CONTRACT, U256::from(1), BlockId::number(block.number()))
                .ok()
        })
        .collect();
    (node.state_root(), shown, slots)
}

#[test]
fn a_dropped_node_comes_back_as_it_was() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("state.redb");
    let seen = {
        let world = open(&path);
        world.deploy(STORE);
        for value in 1..=4 {
            world.send(0, CONTRACT, words(&[1, value]));
        }
        world
            .node
            .set_storage(CONTRACT, U256::from(9), B256::with_last_byte(9))
            .unwrap();
        world.node.increase_time(500).unwrap();
        world.node.set_base_fee(150_000_000).unwrap();
        fingerprint(&world.node)
    };
    let world = open(&path);
    assert_eq!(fingerprint(&world.node), seen);
    assert_eq!(world.node.now(), GENESIS_TIME + 500);
    assert_eq!(world.node.info().base_fee, 150_000_000);
    assert_eq!(world.slot(9), U256::from(9));
    // It goes on: history, rollback and new transactions.
    world.node.rollback(2).unwrap();
    assert_eq!(world.slot(1), U256::from(2));
    world.send(0, CONTRACT, words(&[1, 77]));
    let seen = fingerprint(&world.node);
    drop(world);
    assert_eq!(fingerprint(&open(&path).node), seen);
}

#[test]
fn the_file_is_whole_after_every_block_without_a_shutdown() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("state.redb");
    let world = open(&path);
    world.deploy(STORE);
    for value in 1..=5 {
        world.send(0, CONTRACT, words(&[1, value]));
        if value == 3 {
            world.node.reorg(1, Vec::new()).unwrap();
        }
        // What a killed process leaves behind: the bytes the operating system has at this moment.
        let left = dir.path().join(format!("left-{value}.redb"));
        fs::copy(&path, &left).unwrap();
        assert_eq!(
            fingerprint(&open(&left).node),
            fingerprint(&world.node),
            "after block {value}"
        );
    }
}

#[test]
fn reorgs_reverts_and_resets_come_back_too() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("state.redb");
    let world = open(&path);
    let genesis = fingerprint(&world.node);
    world.deploy(STORE);
    world.send(0, CONTRACT, words(&[1, 1]));
    let id = world.node.snapshot().unwrap();
    world.send(0, CONTRACT, words(&[1, 2]));
    world.node.set_code(sink(), LOG).unwrap();
    world.node.revert(id).unwrap();
    world.send(0, CONTRACT, words(&[1, 3]));
    world.node.mine(2, None).unwrap();
    world.node.reorg(3, Vec::new()).unwrap();
    world.send(1, CONTRACT, words(&[1, 4]));
    let seen = fingerprint(&world.node);
    drop(world);
    let world = open(&path);
    assert_eq!(fingerprint(&world.node), seen);
    world.node.rollback(3).unwrap();
    world.node.reset().unwrap();
    assert_eq!(fingerprint(&world.node), genesis);
    drop(world);
    assert_eq!(fingerprint(&open(&path).node), genesis);
}

#[test]
fn pruned_history_stays_consistent_across_restarts() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("state.redb");
    let open = || {
        world_with(|config| {
            config.state_path = Some(path.clone());
            config.history_blocks = 3;
        })
    };
    let mut seen = None;
    for round in 0..3 {
        let world = open();
        assert!(
            seen.is_none_or(|seen| seen == fingerprint(&world.node)),
            "round {round}"
        );
        world.deploy(STORE);
        for value in 0..5 {
            world.send(0, CONTRACT, words(&[1, round * 10 + value]));
        }
        seen = Some(fingerprint(&world.node));
    }
}

#[test]
fn a_second_process_is_kept_out() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("state.redb");
    let _world = open(&path);
    assert!(matches!(refusal(&path, |_| {}), PersistError::InUse { .. }));
}

#[test]
fn foreign_and_torn_files_are_refused_and_left_alone() {
    let dir = tempdir().unwrap();
    let foreign = dir.path().join("notes.txt");
    fs::write(&foreign, "not a database, but somebody's notes").unwrap();
    assert!(matches!(
        refusal(&foreign, |_| {}),
        PersistError::Foreign { .. }
    ));
    assert_eq!(
        fs::read_to_string(&foreign).unwrap(),
        "not a database, but somebody's notes"
    );

    let path = dir.path().join("state.redb");
    {
        let world = open(&path);
        world.deploy(STORE);
        for value in 1..=20 {
            world.send(0, CONTRACT, words(&[value, value]));
        }
    }
    let whole = fs::read(&path).unwrap();
    for keep in [5, whole.len() / 3, whole.len() / 2] {
        let torn = dir.path().join(format!("torn-{keep}.redb"));
        fs::write(&torn, &whole[..keep]).unwrap();
        assert!(
            matches!(refusal(&torn, |_| {}), PersistError::Foreign { .. }),
            "cut at {keep}"
        );
        assert_eq!(fs::read(&torn).unwrap(), whole[..keep], "cut at {keep}");
    }
    assert!(matches!(
        refusal(&path, |config| config.chain_id = 5),
        PersistError::ChainId {
            found: 412_346,
            wanted: 5,
            ..
        }
    ));
    assert!(open(&path).node.head_number() == 20);
}

#[test]
fn another_programs_database_is_refused() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("other.redb");
    {
        let db = redb::Database::create(&path).unwrap();
        let txn = db.begin_write().unwrap();
        let table: redb::TableDefinition<'_, u64, u64> = redb::TableDefinition::new("theirs");
        txn.open_table(table).unwrap().insert(1, 2).unwrap();
        txn.commit().unwrap();
    }
    assert!(matches!(
        refusal(&path, |_| {}),
        PersistError::Foreign { .. }
    ));
    let version = dir.path().join("version.redb");
    {
        let db = redb::Database::create(&version).unwrap();
        let txn = db.begin_write().unwrap();
        let meta: redb::TableDefinition<'_, &str, &[u8]> = redb::TableDefinition::new("meta");
        let format = br#"{"kind":"agentcity-devnode","version":99}"#.as_slice();
        txn.open_table(meta)
            .unwrap()
            .insert("format", format)
            .unwrap();
        txn.commit().unwrap();
    }
    let refused = refusal(&version, |_| {});
    assert!(
        matches!(refused, PersistError::Version { found: 99, .. }),
        "{refused}"
    );
}

#[test]
fn a_dump_carries_the_chain_to_another_node() {
    let source = world();
    source.deploy(STORE);
    let hash = source.send(0, CONTRACT, words(&[1, 5]));
    source.send(0, CONTRACT, words(&[2, 6]));
    source.node.increase_time(40).unwrap();
    let dump = source.node.dump().unwrap();

    let mut target = world();
    target.transfer(1);
    target.announced();
    target.node.load(&dump).unwrap();
    assert_eq!(target.node.state_root(), source.node.state_root());
    assert_eq!(target.node.head().hash, source.node.head().hash);
    assert_eq!(
        format!("{:?}", target.node.tx(hash)),
        format!("{:?}", source.node.tx(hash))
    );
    assert_eq!(target.node.now(), GENESIS_TIME + 40);
    assert!(matches!(
        &target.announced()[..],
        [ChainEvent::Removed(_), ChainEvent::Block(_)]
    ));
    assert!(
        target.node.balance(sink(), BlockId::number(1)).is_err(),
        "past states are not in a dump"
    );
    target.send(0, CONTRACT, words(&[3, 7]));
    assert!(target.node.balance(sink(), BlockId::number(2)).is_ok());
    target.node.rollback(1).unwrap();
    assert_eq!(target.node.state_root(), source.node.state_root());
}

#[test]
fn a_loaded_dump_is_persisted() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("state.redb");
    let source = world();
    source.deploy(STORE);
    source.send(0, CONTRACT, words(&[1, 5]));
    let dump = source.node.dump().unwrap();
    let target = open(&path);
    target.node.mine(5, None).unwrap();
    target.node.load(&dump).unwrap();
    let seen = fingerprint(&target.node);
    drop(target);
    assert_eq!(fingerprint(&open(&path).node), seen);
}

#[test]
fn dumps_that_are_none_are_refused() {
    let world = world();
    let head = world.node.head().hash;
    let load = |bytes: &[u8]| match world.node.load(bytes) {
        Err(CheatError::Dump(error)) => error,
        other => panic!("should be refused: {other:?}"),
    };
    assert!(matches!(load(b""), DumpError::Malformed { .. }));
    assert!(matches!(load(b"{}"), DumpError::Malformed { .. }));
    let dump = world.node.dump().unwrap();
    assert!(matches!(
        load(&dump[..dump.len() / 2]),
        DumpError::Malformed { .. }
    ));
    let other = world_with(|config| config.chain_id = 9)
        .node
        .dump()
        .unwrap();
    assert!(matches!(
        load(&other),
        DumpError::ChainId {
            found: 9,
            wanted: 412_346
        }
    ));
    let packed = |json: &str| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gzip, json.as_bytes()).unwrap();
        gzip.finish().unwrap()
    };
    assert!(matches!(
        load(&packed(r#"{"version":2}"#)),
        DumpError::Version { found: 2 }
    ));
    assert!(matches!(
        load(&packed(r#"{"version":1}"#)),
        DumpError::Malformed { .. }
    ));
    assert_eq!(world.node.head().hash, head);
}
