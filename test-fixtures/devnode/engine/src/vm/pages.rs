//! Price of WASM memory.
//!
//! Two pages are free. Beyond them each page a transaction opens costs gas, and each page by which the most that was ever
//! open grows costs exponentially more, so that 8 MiB cost about 32 million gas in all. Open pages are given back when
//! a call returns; the maximum stays for the transaction.
//!
//! Sources: ArbWasm's `freePages`, `pageGas`, `pageRamp` and `pageLimit`; the target of 32 million. The growth itself is
//! `(1 + ramp / 2^32) ^ pages`, rounded down.

use std::sync::LazyLock;

/// Pages without charge.
pub(crate) const FREE_PAGES: u16 = 2;
/// Gas of each further open page.
pub(crate) const PAGE_GAS: u16 = 1_000;
/// Growth of the exponential part for each page, in 2^-32.
pub(crate) const PAGE_RAMP: u64 = 620_674_314;
/// Most pages.
pub(crate) const PAGE_LIMIT: u16 = 128;

/// Exponential part of the price, by pages.
static RAMP: LazyLock<[u64; PAGE_LIMIT as usize + 1]> = LazyLock::new(|| {
    // Fixed point with 64 fractional bits: the last value is below 2^25.
    let mut power: u128 = 1 << 64;
    std::array::from_fn(|_| {
        let value = (power >> 64) as u64;
        power += (power >> 32) * u128::from(PAGE_RAMP);
        value
    })
});

/// Pages of a transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pages {
    open: u16,
    ever: u16,
}

impl Pages {
    /// Pages open now, to restore when a call returns.
    pub(crate) fn open(self) -> u16 {
        self.open
    }

    /// Gives pages back down to what was open before a call.
    pub(crate) fn restore(&mut self, open: u16) {
        self.open = open;
    }

    /// Opens pages and tells what they cost in gas; more than the limit costs more than anyone has.
    pub(crate) fn add(&mut self, new: u16) -> u64 {
        let open = self.open.saturating_add(new);
        let ever = self.ever.max(open);
        let gas = cost(self.open, self.ever, open, ever);
        (self.open, self.ever) = (open, ever);
        gas
    }
}

fn cost(open_before: u16, ever_before: u16, open: u16, ever: u16) -> u64 {
    if ever <= FREE_PAGES {
        return 0;
    }
    if ever > PAGE_LIMIT {
        return u64::MAX;
    }
    let paid = |pages: u16| u64::from(pages.saturating_sub(FREE_PAGES));
    let linear = (paid(open) - paid(open_before)) * u64::from(PAGE_GAS);
    linear + RAMP[usize::from(ever)] - RAMP[usize::from(ever_before)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_pages_are_free_and_the_third_costs_its_page() {
        let mut pages = Pages::default();
        assert_eq!((pages.add(1), pages.add(1), pages.add(1)), (0, 0, 1_000));
    }

    #[test]
    fn all_pages_cost_thirty_two_million() {
        let total = Pages::default().add(PAGE_LIMIT);
        assert!((31_990_000..32_010_000).contains(&total), "{total}");
    }

    #[test]
    fn a_page_too_many_costs_everything() {
        let mut pages = Pages::default();
        pages.add(PAGE_LIMIT);
        assert_eq!(pages.add(1), u64::MAX);
        assert_eq!(Pages::default().add(u16::MAX), u64::MAX);
    }

    #[test]
    fn pages_given_back_are_paid_again_but_not_their_ramp() {
        let mut pages = Pages::default();
        let first = pages.add(64);
        pages.restore(0);
        assert_eq!(pages.add(64), 62 * 1_000);
        assert!(first > 62 * 1_000);
    }

    #[test]
    fn the_ramp_starts_slowly() {
        assert_eq!(RAMP[..15], [1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5, 6]);
    }
}
