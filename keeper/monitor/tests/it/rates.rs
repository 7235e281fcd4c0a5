//! Rates: what a calibration promises, held-out agents and deviants bear out; and the two built-in scorers err apart.

use agentcity_domain::parameter::ParameterId;
use agentcity_monitor::{
    calibration::{Calibration, CalibrationError, Scale, calibrate},
    normal::{self, Sample},
    scorer::{Letters, Scorer, Shape},
    vector::Vector,
    window::{Basis, Lengths, Score, Window},
};

use crate::corpus::{deviating, honest};

const AGENTS: usize = 16;
const EACH: usize = 40;

fn threshold() -> u32 {
    ParameterId::DeviationThresholdSigma.row().default
}

#[tokio::test]
async fn honest_agents_are_seldom_accused_and_agents_taken_over_seldom_missed() {
    let (good, bad) = (honest(1, AGENTS, EACH, true), deviating(2, AGENTS, 10));
    let letters = calibrate(
        &Letters::default(),
        &good,
        &bad,
        threshold(),
        Lengths::default(),
    )
    .await;
    let shape = calibrate(
        &Shape::default(),
        &good,
        &bad,
        threshold(),
        Lengths::default(),
    )
    .await;
    for (found, name) in [(letters, "letters"), (shape, "shape")] {
        let (_, found) = found.unwrap();
        println!(
            "{name}: normality {:?}, false alarms {:?} = {:.4}, misses {:?} = {:.4}",
            found.normality,
            found.false_alarms,
            found.false_alarms.share(),
            found.misses,
            found.misses.share()
        );
        assert_eq!((found.fitted, found.held_out), ((8, 320), (8, 320)));
        // 2.28 % are promised; of some 320 scores three times as many lie beyond chance.
        assert!(found.false_alarms.share() < 0.07, "{name}");
        assert!(found.misses.share() < 0.10, "{name}");
    }
}

/// TA-7: a false alarm of one is no reason for one of the other. What the two share is how much text there is, since a short one lies
/// farther from every mean: on outputs of one length z of the two do not go together; on outputs of all lengths both exceed seldom.
#[tokio::test]
async fn the_built_in_scorers_err_apart() {
    let of_one_length = both_on(false).await;
    let correlation = correlation(&of_one_length);
    let of_all_lengths = both_on(true).await;
    let both = of_all_lengths
        .iter()
        .filter(|pair| pair.2 == [true, true])
        .count();
    let either = of_all_lengths
        .iter()
        .filter(|pair| pair.2 != [false, false])
        .count();
    println!(
        "correlation {correlation:.3} at one length; of {} outputs of all lengths one accuses {either}, both {both}",
        of_all_lengths.len()
    );
    assert!(correlation.abs() < 0.35, "{correlation}");
    assert!(both * 50 <= of_all_lengths.len(), "{both}");
}

/// z of either scorer, and whether it accuses, on fresh outputs of agents with windows.
async fn both_on(varies: bool) -> Vec<(f64, f64, [bool; 2])> {
    let good = honest(3, AGENTS, EACH, varies);
    let (letters, shape) = (Letters::default(), Shape::default());
    let (first, _) = calibrate(&letters, &good, &[], threshold(), Lengths::default())
        .await
        .unwrap();
    let (second, _) = calibrate(&shape, &good, &[], threshold(), Lengths::default())
        .await
        .unwrap();
    let fresh = honest(4, AGENTS, EACH, varies);
    let mut pairs = Vec::new();
    for agent in 0..AGENTS {
        let name = format!("agent {agent}");
        let mut windows = [Window::default(), Window::default()];
        for trace in fresh.iter().filter(|trace| trace.agent == name) {
            let vectors = [
                letters.score(&trace.text).unwrap(),
                shape.score(&trace.text).unwrap(),
            ];
            let one = windows[0].score(&vectors[0], &first.population).unwrap();
            let other = windows[1].score(&vectors[1], &second.population).unwrap();
            if one.basis != Basis::Population {
                let said = [
                    first.reported(&one, threshold()),
                    second.reported(&other, threshold()),
                ];
                pairs.push((one.z, other.z, said.map(|said| said > threshold())));
            }
            for (window, vector) in windows.iter_mut().zip(vectors) {
                window.push(vector).unwrap();
            }
        }
    }
    pairs
}

fn correlation<T>(pairs: &[(f64, f64, T)]) -> f64 {
    let of = |pick: fn(&(f64, f64, T)) -> f64| {
        let values: Vec<f64> = pairs.iter().map(pick).collect();
        normal::moments(&values).unwrap()
    };
    let ((mx, sx), (my, sy)) = (of(|pair| pair.0), of(|pair| pair.1));
    let products = pairs.iter().map(|pair| (pair.0 - mx) * (pair.1 - my));
    products.sum::<f64>() / ((pairs.len() as f64 - 1.0) * sx * sy)
}

/// Where z has a heavy tail, the percentile takes the place of σ: the report passes the city's threshold exactly where z passes the
/// percentile, for every threshold that the table allows.
#[tokio::test]
async fn where_normality_is_refused_percentiles_decide() {
    let (mut calibration, _) = calibrate(
        &Shape::default(),
        &honest(5, AGENTS, EACH, true),
        &[],
        threshold(),
        Lengths::default(),
    )
    .await
    .unwrap();
    let heavy: Vec<f64> = (0..4_000)
        .map(|i| normal::quantile((f64::from(i) + 0.5) / 4_000.0).powi(3))
        .collect();
    let sample = Sample::new(heavy);
    assert!(sample.normality().unwrap().is_refused());
    calibration.own = Scale::Percentile(sample.clone());
    let score = |z: f64| Score {
        z,
        distance: 0.5,
        basis: Basis::Own(20),
    };
    let row = ParameterId::DeviationThresholdSigma.row();
    for threshold in [row.min, row.default, 3_000, row.max] {
        let sigma = f64::from(threshold) / 1_000.0;
        let limit = sample.percentile(normal::below(sigma));
        let limit = limit.unwrap_or(sample.values()[3_999]).max(sigma);
        for (z, accuses) in [(limit * 0.999, false), (limit * 1.001, true), (-1.0, false)] {
            let said = calibration.reported(&score(z), threshold);
            assert_eq!(said > threshold, accuses, "{z} at {threshold}: {said}");
        }
    }
    // As parsed again.
    let again = Calibration::parse(&calibration.text()).unwrap();
    assert!(again == calibration);
    // One from before windows had other lengths is of those that they had.
    let lengths = r#""lengths":{"most":20,"least":5},"#;
    let before = calibration.text().replacen(lengths, "", 1);
    assert_ne!(before, calibration.text());
    assert!(Calibration::parse(&before).unwrap() == calibration);
    // A file that somebody put out of order is refused.
    for (sound, broken) in [
        (r#""format":1"#, r#""format":2"#),
        (r#""most":20"#, r#""most":0"#),
        (r#""least":5"#, r#""least":1"#),
        (r#""least":5"#, r#""least":21"#),
    ] {
        let text = calibration.text().replacen(sound, broken, 1);
        assert_ne!(text, calibration.text());
        let refused = Calibration::parse(&text);
        assert!(
            matches!(refused, Err(CalibrationError::Broken(_))),
            "{broken}"
        );
    }
}

#[tokio::test]
async fn too_few_or_equal_traces_calibrate_nothing() {
    let few = calibrate(
        &Shape::default(),
        &honest(6, 2, 20, true),
        &[],
        threshold(),
        Lengths::default(),
    )
    .await;
    assert!(
        matches!(
            few,
            Err(CalibrationError::Few {
                found: 15,
                least: 5
            })
        ),
        "{few:?}"
    );
    let mut same = honest(7, 4, 40, true);
    for trace in &mut same {
        trace.text = "the same".to_owned();
    }
    let flat = calibrate(
        &Shape::default(),
        &same,
        &[],
        threshold(),
        Lengths::default(),
    )
    .await;
    assert!(matches!(flat, Err(CalibrationError::Flat)), "{flat:?}");
}

#[tokio::test]
async fn a_calibration_is_by_windows_of_the_lengths_that_it_is_asked_for() {
    let traces = honest(8, 8, EACH, true);
    let own = async |most, least| {
        let (shape, lengths) = (Shape::default(), Lengths { most, least });
        let made = calibrate(&shape, &traces, &[], threshold(), lengths).await;
        let (calibration, found) = made.unwrap();
        assert_eq!(calibration.lengths, lengths);
        found.own.values().to_vec()
    };
    // Of each of four agents, all outputs but those that its window was too short for.
    let usual = own(20, 5).await;
    assert_eq!(usual.len(), 4 * (EACH - 5));
    assert_eq!(own(20, 8).await.len(), 4 * (EACH - 8));
    let short = own(6, 5).await;
    assert_eq!(short.len(), 4 * (EACH - 5));
    assert!(short != usual);
}

#[derive(Debug)]
struct Moved(Shape, &'static str);

impl Scorer for Moved {
    fn id(&self) -> &agentcity_monitor::scorer::ScorerId {
        self.0.id()
    }
    async fn vector(&self, text: &str) -> Result<Vector, agentcity_monitor::scorer::ScorerError> {
        self.0.score(&format!("{text}{}", self.1))
    }
}

#[tokio::test]
async fn a_scorer_that_is_another_or_moved_is_refused_before_it_judges() {
    let (calibration, _) = calibrate(
        &Shape::default(),
        &honest(8, AGENTS, EACH, true),
        &[],
        threshold(),
        Lengths::default(),
    )
    .await
    .unwrap();
    calibration.check(&Shape::default()).await.unwrap();
    calibration
        .check(&Moved(Shape::default(), ""))
        .await
        .unwrap();
    let other = calibration.check(&Letters::default()).await;
    assert!(
        matches!(other, Err(CalibrationError::OtherScorer { .. })),
        "{other:?}"
    );
    let moved = calibration
        .check(&Moved(Shape::default(), "; ; ; 7 7 7\n"))
        .await;
    assert!(
        matches!(moved, Err(CalibrationError::Drifted { .. })),
        "{moved:?}"
    );
}
