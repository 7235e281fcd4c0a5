//! Whether a keeper can be counted on now, condition by condition.

use std::time::Duration;

use serde::Serialize;

use super::{
    desk::{Picture, Standing},
    eye::Sighting,
    settings::Settings,
};
use crate::clock::Moment;

/// How long the host's loop may not turn: a look and a pass of the transaction manager fit in, thrice its term no lease does.
pub const TURN_WITHIN: Duration = Duration::from_secs(30);
/// How long the journal may not have taken a write: six looks.
const RECORDED_WITHIN: Duration = Duration::from_secs(30);
/// Room that a journal's disk must have: hours of writing, in which somebody can act.
pub const DISK_BYTES_MIN: u64 = 64 << 20;
/// A round of observation may be late by so much beyond its pause: a round may take a question's time for each program.
const ROUND_GRACE_SECS: u64 = 120;

/// Names of all conditions, in the order in which they are told.
pub const CONDITIONS: [&str; 9] = [
    "draining",
    "host",
    "journal",
    "disk",
    "leases",
    "endpoints",
    "head",
    "streams",
    "clock",
];

/// Whether it is ready, and why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Whether all conditions hold.
    pub ready: bool,
    /// Whether it is about to stop.
    pub draining: bool,
    /// Each condition.
    pub conditions: Vec<Condition>,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// Its name, of [`CONDITIONS`].
    pub condition: &'static str,
    /// Whether it holds.
    pub holds: bool,
    /// What was found, and what to do.
    pub says: String,
}

/// What is judged.
#[derive(Debug)]
pub struct Facts {
    /// Now.
    pub now: Moment,
    /// Whether the keeper is about to stop.
    pub draining: bool,
    /// How long ago the host's loop turned.
    pub turned_ago: Duration,
    /// How long ago the journal took a write, if only a probe.
    pub recorded_ago: Duration,
    /// How the host stands.
    pub picture: Picture,
    /// What was last seen of the endpoints.
    pub sighting: Option<Sighting>,
    /// Room on disks, by what lies there.
    pub disks: Vec<(&'static str, Option<u64>)>,
}

/// Judges.
pub fn judge(settings: &Settings, facts: &Facts) -> Readiness {
    let conditions = vec![
        draining(facts),
        host(facts),
        journal(facts),
        disk(facts),
        leases(facts),
        endpoints(facts),
        head(settings, facts),
        streams(settings, facts),
        clock(settings, facts),
    ];
    Readiness {
        ready: conditions.iter().all(|condition| condition.holds),
        draining: facts.draining,
        conditions,
    }
}

const fn told(condition: &'static str, holds: bool, says: String) -> Condition {
    Condition {
        condition,
        holds,
        says,
    }
}

fn draining(facts: &Facts) -> Condition {
    let says = if facts.draining {
        "it ends what is open and begins nothing: it was told to stop"
    } else {
        "it is not about to stop"
    };
    told("draining", !facts.draining, says.to_owned())
}

/// Whether the host's loop turns.
pub fn host(facts: &Facts) -> Condition {
    let ago = facts.turned_ago;
    let holds = ago <= TURN_WITHIN;
    let mut says = format!("the loop turned {} s ago", ago.as_secs());
    if !holds {
        says += ": something holds it up, most likely the journal's store; restart it";
    }
    told("host", holds, says)
}

fn journal(facts: &Facts) -> Condition {
    let ago = facts.recorded_ago;
    let holds = ago <= RECORDED_WITHIN;
    let mut says = format!("it took a write {} s ago", ago.as_secs());
    if !holds {
        says += ": it takes no writes, or the loop does not turn; see the log";
    }
    told("journal", holds, says)
}

fn disk(facts: &Facts) -> Condition {
    let mut says = Vec::new();
    let mut holds = true;
    for (of, free) in &facts.disks {
        match free {
            Some(free) if *free < DISK_BYTES_MIN => {
                holds = false;
                says.push(format!(
                    "{} MiB are left for the {of}: make room",
                    free >> 20
                ));
            }
            Some(free) => says.push(format!("{} MiB are left for the {of}", free >> 20)),
            None => {
                holds = false;
                says.push(format!("the disk of the {of} cannot be asked"));
            }
        }
    }
    if says.is_empty() {
        says.push("nothing lies on a disk here".to_owned());
    }
    told("disk", holds, says.join("; "))
}

fn leases(facts: &Facts) -> Condition {
    let (holds, says) = match &facts.picture.standing {
        Standing::Starting => (false, "it has not looked at its leases yet".to_owned()),
        Standing::Working => {
            let held = facts
                .picture
                .streams
                .iter()
                .filter(|stream| stream.held)
                .count();
            let all = facts.picture.streams.len();
            (true, format!("it works on {held} of {all} streams"))
        }
        Standing::Waiting { holder } => (true, format!("it stands by for keeper {holder}")),
    };
    told("leases", holds, says)
}

fn endpoints(facts: &Facts) -> Condition {
    let Some(sighting) = &facts.sighting else {
        return told("endpoints", false, "they were not looked at yet".to_owned());
    };
    let good = |one: &&super::eye::EndpointSighting| one.silent.is_none() && one.agrees;
    let number = sighting.endpoints.iter().filter(good).count();
    let (all, quorum) = (sighting.endpoints.len(), sighting.quorum);
    let mut says = vec![format!("{number} of {all} answer alike, {quorum} must")];
    for one in sighting.endpoints.iter().filter(|one| !good(one)) {
        let cause = one
            .silent
            .as_deref()
            .unwrap_or("it tells other blocks than most");
        says.push(format!("{}: {cause}", one.endpoint));
    }
    told("endpoints", number >= quorum, says.join("; "))
}

fn head(settings: &Settings, facts: &Facts) -> Condition {
    let sighting = facts.sighting.as_ref();
    let known = sighting.and_then(|seen| Some((seen.head?, seen.head_time?)));
    let Some((number, time)) = known else {
        return told("head", false, "the newest block is not known".to_owned());
    };
    let age = (facts.now.get() / 1_000).saturating_sub(time);
    let holds = age <= settings.head_age_secs;
    let mut says = format!("block {number} is {age} s old");
    if !holds {
        let most = settings.head_age_secs;
        says += &format!(
            ", more than {most} s: the sequencer is out, the endpoints lag, or this machine's clock is ahead"
        );
    }
    told("head", holds, says)
}

fn streams(settings: &Settings, facts: &Facts) -> Condition {
    let head = facts.sighting.as_ref().and_then(|seen| seen.head);
    let (mut holds, mut says) = (true, Vec::new());
    for stream in facts.picture.streams.iter().filter(|stream| stream.held) {
        let name = &stream.stream;
        if stream.unsure {
            holds = false;
            says.push(format!("{name} does not know the chain just now"));
        }
        let lag = head
            .zip(stream.reached)
            .map(|(head, reached)| head.saturating_sub(reached));
        if let (true, Some(lag)) = (stream.takes_logs, lag)
            && lag > settings.lag_blocks
        {
            holds = false;
            let most = settings.lag_blocks;
            says.push(format!(
                "{name} is {lag} blocks behind, more than {most}: it catches up, or see the log"
            ));
        }
        let late = stream
            .pause_secs
            .saturating_mul(2)
            .saturating_add(ROUND_GRACE_SECS);
        if let Some(ago) = stream.looked_secs_ago.filter(|ago| *ago > late) {
            holds = false;
            says.push(format!(
                "{name} looked at the world {ago} s ago: its round hangs"
            ));
        }
        if stream.paused {
            // An operator wants it so.
            says.push(format!("{name} is paused"));
        }
    }
    if says.is_empty() {
        says.push("each is within its limits".to_owned());
    }
    told("streams", holds, says.join("; "))
}

fn clock(settings: &Settings, facts: &Facts) -> Condition {
    let time = facts.sighting.as_ref().and_then(|seen| seen.head_time);
    let Some(time) = time else {
        return told(
            "clock",
            false,
            "there is no block to compare it with".to_owned(),
        );
    };
    let behind = time.saturating_sub(facts.now.get() / 1_000);
    let holds = behind <= settings.clock_skew_secs;
    let says = if holds {
        format!("it is at most {behind} s behind the chain's")
    } else {
        format!("it is {behind} s behind the chain's: set it, by NTP for example")
    };
    told("clock", holds, says)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{desk::StreamPicture, eye::EndpointSighting, settings::Section};

    fn settings() -> Settings {
        let section: Section = toml::from_str("listen = \"127.0.0.1:0\"").expect("TOML");
        section.settings().expect("valid")
    }

    fn endpoint(head: u64) -> EndpointSighting {
        EndpointSighting {
            endpoint: "http://a".into(),
            head: Some(head),
            agrees: true,
            silent: None,
        }
    }

    /// A keeper with which all is well.
    fn well() -> Facts {
        Facts {
            now: Moment::new(1_000_000_000),
            draining: false,
            turned_ago: Duration::from_secs(1),
            recorded_ago: Duration::from_secs(5),
            picture: Picture {
                standing: Standing::Working,
                streams: vec![StreamPicture {
                    stream: "router".into(),
                    held: true,
                    takes_logs: true,
                    reached: Some(9_000),
                    looked_secs_ago: Some(3),
                    pause_secs: 5,
                    ..StreamPicture::default()
                }],
                ..Picture::default()
            },
            sighting: Some(Sighting {
                head: Some(10_000),
                head_time: Some(999_990),
                endpoints: vec![endpoint(10_000), endpoint(10_000), endpoint(10_000)],
                quorum: 2,
            }),
            disks: vec![("journal", Some(1 << 30))],
        }
    }

    #[test]
    fn a_keeper_with_which_all_is_well_is_ready_also_while_it_stands_by() {
        let found = judge(&settings(), &well());
        assert!(found.ready, "{found:?}");
        let mut waits = well();
        waits.picture.standing = Standing::Waiting {
            holder: "two".into(),
        };
        assert!(judge(&settings(), &waits).ready);
        // An operator's pause is no fault, and one of three endpoints may be silent.
        let mut facts = well();
        facts.picture.streams[0].paused = true;
        let seen = facts.sighting.as_mut().expect("seen");
        seen.endpoints[1].silent = Some("gone".into());
        let found = judge(&settings(), &facts);
        assert!(found.ready, "{found:?}");
        let says = |name: &str| {
            let one = found.conditions.iter().find(|one| one.condition == name);
            one.expect("a condition").says.clone()
        };
        assert!(says("streams").contains("paused"));
        assert!(says("endpoints").contains("http://a: gone"));
    }

    #[test]
    fn each_condition_fails_alone_and_is_named() {
        type Spoil = fn(&mut Facts);
        let cases: [(&str, Spoil); 16] = [
            ("draining", |f| f.draining = true),
            ("host", |f| {
                f.turned_ago = TURN_WITHIN + Duration::from_millis(1)
            }),
            ("journal", |f| {
                f.recorded_ago = RECORDED_WITHIN + Duration::from_millis(1)
            }),
            ("disk", |f| f.disks[0].1 = Some(DISK_BYTES_MIN - 1)),
            ("disk", |f| f.disks[0].1 = None),
            ("leases", |f| f.picture.standing = Standing::Starting),
            ("endpoints", |f| {
                for one in &mut f.sighting.as_mut().expect("seen").endpoints[..2] {
                    one.agrees = false;
                }
            }),
            ("endpoints", |f| {
                for one in &mut f.sighting.as_mut().expect("seen").endpoints[..2] {
                    one.silent = Some("gone".into());
                }
            }),
            ("head", |f| {
                f.sighting.as_mut().expect("seen").head_time = Some(999_399)
            }),
            ("head", |f| f.sighting.as_mut().expect("seen").head = None),
            ("streams", |f| f.picture.streams[0].reached = Some(8_799)),
            ("streams", |f| f.picture.streams[0].unsure = true),
            ("streams", |f| {
                f.picture.streams[0].looked_secs_ago = Some(131)
            }),
            ("clock", |f| {
                f.sighting.as_mut().expect("seen").head_time = Some(1_000_011)
            }),
            ("streams", |f| f.picture.streams[0].pause_secs = 0),
            ("clock", |f| f.now = Moment::new(999_979_000)),
        ];
        for (number, (name, spoil)) in cases.into_iter().enumerate() {
            let mut facts = well();
            if number == 14 {
                facts.picture.streams[0].looked_secs_ago = Some(121);
            }
            spoil(&mut facts);
            let found = judge(&settings(), &facts);
            let failed: Vec<&str> = found
                .conditions
                .iter()
                .filter(|one| !one.holds)
                .map(|one| one.condition)
                .collect();
            assert_eq!(failed, [name], "case {number}: {found:?}");
            assert!(!found.ready);
        }
    }

    #[test]
    fn limits_are_reached_and_not_passed() {
        let mut facts = well();
        facts.turned_ago = TURN_WITHIN;
        facts.recorded_ago = RECORDED_WITHIN;
        facts.disks[0].1 = Some(DISK_BYTES_MIN);
        facts.picture.streams[0].reached = Some(8_800);
        facts.picture.streams[0].looked_secs_ago = Some(130);
        facts.sighting.as_mut().expect("seen").head_time = Some(999_400);
        assert!(judge(&settings(), &facts).ready);
        facts.sighting.as_mut().expect("seen").head_time = Some(1_000_010);
        assert!(judge(&settings(), &facts).ready);
        // A stream that looks at views, and not at logs, is as far as its last look.
        facts.picture.streams[0].takes_logs = false;
        facts.picture.streams[0].reached = Some(0);
        assert!(judge(&settings(), &facts).ready);
    }
}
