//! Whose petition, sponsorship and vote counts: a principal's, once it is enrolled, of age, with a producer, and nothing stands against it
//! (RULINGS K1, A1).
//!
//! A free address is nobody here: enrolling costs a stake and time, and every principal has one voice, whatever it owns
//! (INV-ASSEMBLY-02).

/// What stands against a principal's voice; the numbers are the interface's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Bar {
    /// It is not enrolled.
    NotEnrolled = 1,
    /// It leaves.
    Leaving,
    /// It has no producer.
    NoProducer,
    /// It is banned.
    Banned,
    /// It is frozen.
    Frozen,
    /// It enrolled too lately.
    TooYoung,
}

/// What is known of a principal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Voice {
    /// Its producers.
    pub producers: u16,
    /// When it enrolled; zero if it is not.
    pub enrolled_at: u64,
    /// Last second of its cooldown; zero unless it leaves.
    pub leaves_at: u64,
    /// Last second of its freeze.
    pub frozen_until: u64,
    /// Last second in which its ban may be lifted; zero if it is not banned.
    pub appeal_until: u64,
}

impl Voice {
    /// What stands against it first, if anything does, where `age` seconds of enrolment are asked for.
    #[inline(never)]
    pub const fn bar(&self, age: u64, now: u64) -> Option<Bar> {
        Some(if self.enrolled_at == 0 {
            Bar::NotEnrolled
        } else if self.leaves_at != 0 {
            Bar::Leaving
        } else if self.producers == 0 {
            Bar::NoProducer
        } else if self.appeal_until != 0 {
            Bar::Banned
        } else if now <= self.frozen_until {
            Bar::Frozen
        } else if now < self.enrolled_at.saturating_add(age) {
            Bar::TooYoung
        } else {
            return None;
        })
    }
}
