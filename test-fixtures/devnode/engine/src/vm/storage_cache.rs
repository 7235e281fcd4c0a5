//! The storage cache of one Stylus frame: loads and stores go through it, the state sees what is flushed.

use std::collections::BTreeMap;

use alloy_primitives::B256;

use super::price;

/// A slot as the frame sees it.
#[derive(Clone, Copy, Debug)]
struct Slot {
    value: B256,
    /// What the state holds, if it is known.
    known: Option<B256>,
}

/// Slots that a frame has loaded or stored. In ascending order, so that a flush is deterministic.
#[derive(Debug, Default)]
pub(crate) struct StorageCache {
    slots: BTreeMap<B256, Slot>,
    reads: u32,
    writes: u32,
}

impl StorageCache {
    /// Counts a read and tells its gas.
    pub(crate) fn read_gas(&mut self) -> u64 {
        self.reads = self.reads.saturating_add(1);
        price::cache_read(self.reads)
    }

    /// Counts a write and tells its gas.
    pub(crate) fn write_gas(&mut self) -> u64 {
        self.writes = self.writes.saturating_add(1);
        price::cache_write(self.writes)
    }

    pub(crate) fn get(&self, key: &B256) -> Option<B256> {
        self.slots.get(key).map(|slot| slot.value)
    }

    /// Keeps what was read from the state.
    pub(crate) fn learn(&mut self, key: B256, value: B256) {
        let known = Some(value);
        self.slots.insert(key, Slot { value, known });
    }

    pub(crate) fn store(&mut self, key: B256, value: B256) {
        self.slots
            .entry(key)
            .and_modify(|slot| slot.value = value)
            .or_insert(Slot { value, known: None });
    }

    /// Slots whose value the state may not hold.
    pub(crate) fn dirty(&self) -> Vec<(B256, B256)> {
        self.slots
            .iter()
            .filter(|(_, slot)| slot.known != Some(slot.value))
            .map(|(key, slot)| (*key, slot.value))
            .collect()
    }

    /// Marks every slot as written, or forgets them all.
    pub(crate) fn flushed(&mut self, clear: bool) {
        if clear {
            self.slots.clear();
        } else {
            for slot in self.slots.values_mut() {
                slot.known = Some(slot.value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: B256 = B256::repeat_byte(1);

    #[test]
    fn a_stored_value_is_dirty_until_flushed() {
        let mut cache = StorageCache::default();
        cache.store(KEY, B256::repeat_byte(2));
        assert_eq!(cache.dirty(), [(KEY, B256::repeat_byte(2))]);
        cache.flushed(false);
        assert!(cache.dirty().is_empty());
        assert_eq!(cache.get(&KEY), Some(B256::repeat_byte(2)));
    }

    #[test]
    fn a_value_stored_back_is_not_dirty() {
        let mut cache = StorageCache::default();
        cache.learn(KEY, B256::repeat_byte(2));
        cache.store(KEY, B256::repeat_byte(3));
        assert_eq!(cache.dirty().len(), 1);
        cache.store(KEY, B256::repeat_byte(2));
        assert!(cache.dirty().is_empty());
    }

    #[test]
    fn a_clearing_flush_forgets_what_was_read() {
        let mut cache = StorageCache::default();
        cache.learn(KEY, B256::ZERO);
        cache.flushed(true);
        assert_eq!(cache.get(&KEY), None);
    }
}
