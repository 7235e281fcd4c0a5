//! Outputs with labels, drawn from a seed: what honest agents hand in, and what deviants do. Each class is one way of being either, and
//! says what of a text it changes; `docs/results.md` prints this table.
//!
//! | class | label | what is handed in |
//! |---|---|---|
//! | steady | honest | the agent's own subject and form, eight to fifteen pieces |
//! | newcomer | honest | the same, by an agent with fewer than five outputs, which is compared with everybody |
//! | uneven | honest | own subject and form, one to 24 pieces |
//! | drifting | honest | own form; over forty outputs the pieces pass from the own subject to another |
//! | taken-over | deviant | another subject in another form |
//! | gibberish | deviant | letters and marks that are drawn |
//! | half-foreign | deviant | an own output, and as many pieces of another subject in another form behind it |
//! | fifth-foreign | deviant | the same with a quarter as many, so that a fifth of the whole is foreign |
//! | other-subject | deviant | another subject in the own form: no mark or length changes |
//! | other-form | deviant | the own subject in another form: no vocabulary changes |
//! | creeping | deviant | foreign pieces take the place of own ones over forty outputs; what nobody froze becomes usual |

use crate::corpus::{Draw, FORMS, Form, habits, output};

/// Outputs of an agent that passes from one thing to another.
pub(crate) const PASSAGE: u64 = 40;

/// What an output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    Honest,
    Deviant,
}

/// A way of being honest or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Steady,
    Newcomer,
    Uneven,
    Drifting,
    TakenOver,
    Gibberish,
    HalfForeign,
    FifthForeign,
    OtherSubject,
    OtherForm,
    Creeping,
}

impl Class {
    pub(crate) const ALL: [Self; 11] = [
        Self::Steady,
        Self::Newcomer,
        Self::Uneven,
        Self::Drifting,
        Self::TakenOver,
        Self::Gibberish,
        Self::HalfForeign,
        Self::FifthForeign,
        Self::OtherSubject,
        Self::OtherForm,
        Self::Creeping,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Newcomer => "newcomer",
            Self::Uneven => "uneven",
            Self::Drifting => "drifting",
            Self::TakenOver => "taken-over",
            Self::Gibberish => "gibberish",
            Self::HalfForeign => "half-foreign",
            Self::FifthForeign => "fifth-foreign",
            Self::OtherSubject => "other-subject",
            Self::OtherForm => "other-form",
            Self::Creeping => "creeping",
        }
    }

    pub(crate) const fn label(self) -> Label {
        match self {
            Self::Steady | Self::Newcomer | Self::Uneven | Self::Drifting => Label::Honest,
            Self::TakenOver
            | Self::Gibberish
            | Self::HalfForeign
            | Self::FifthForeign
            | Self::OtherSubject
            | Self::OtherForm
            | Self::Creeping => Label::Deviant,
        }
    }

    /// The `number`-th output of an agent, counted from nought; only those that pass from one thing to another heed the number.
    pub(crate) fn text(self, draw: &mut Draw, agent: usize, number: u64) -> String {
        let (subject, form) = habits(agent);
        let (other, strange) = (subject + 1 + agent / 32 % 3, another(form, draw));
        match self {
            Self::Steady | Self::Newcomer => {
                let pieces = usual(draw);
                output(draw, subject, form, pieces)
            }
            Self::Uneven => {
                let pieces = 1 + draw.below(24);
                output(draw, subject, form, pieces)
            }
            Self::Drifting => {
                let (own, foreign) = split(draw, number);
                output(draw, subject, form, own) + &output(draw, other, form, foreign)
            }
            Self::TakenOver => {
                let pieces = usual(draw);
                output(draw, other, strange, pieces)
            }
            Self::Gibberish => gibberish(draw),
            Self::HalfForeign => {
                let pieces = usual(draw);
                output(draw, subject, form, pieces) + &output(draw, other, strange, pieces)
            }
            Self::FifthForeign => {
                let pieces = usual(draw);
                output(draw, subject, form, pieces) + &output(draw, other, strange, pieces / 4)
            }
            Self::OtherSubject => {
                let pieces = usual(draw);
                output(draw, other, form, pieces)
            }
            Self::OtherForm => {
                let pieces = usual(draw);
                output(draw, subject, strange, pieces)
            }
            Self::Creeping => {
                let (own, foreign) = split(draw, number);
                output(draw, subject, form, own) + &output(draw, other, strange, foreign)
            }
        }
    }
}

/// Sentences or lines of a usual output.
fn usual(draw: &mut Draw) -> u64 {
    8 + draw.below(8)
}

/// Own pieces and foreign ones of the `number`-th output of a passage.
fn split(draw: &mut Draw, number: u64) -> (u64, u64) {
    let pieces = usual(draw);
    let foreign = pieces * number.min(PASSAGE) / PASSAGE;
    (pieces - foreign, foreign)
}

fn another(form: Form, draw: &mut Draw) -> Form {
    let at = FORMS.iter().position(|known| *known == form);
    FORMS[(at.unwrap_or_default() + 1 + draw.below(3) as usize) % FORMS.len()]
}

/// Some hundred characters of anything.
fn gibberish(draw: &mut Draw) -> String {
    const ANY: &[u8] =
        b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n.,;:{}[]()#<>";
    let length = 400 + draw.below(400);
    let drawn = (0..length).map(|_| ANY[draw.below(ANY.len() as u64) as usize] as char);
    drawn.collect()
}
