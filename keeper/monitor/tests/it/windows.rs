//! Windows against a model that keeps everything and computes in plain floats.

use agentcity_monitor::{
    vector::Vector,
    window::{Basis, Lengths, Population, Window},
};
use proptest::prelude::*;

fn vector() -> impl Strategy<Value = Vec<f64>> {
    // Never all nought, so that the model need not say what nothing is.
    prop::collection::vec(-50..50_i32, 6).prop_map(|raw| {
        let mut raw: Vec<f64> = raw.into_iter().map(f64::from).collect();
        raw[0] = raw[0].abs() + 1.0;
        raw
    })
}

fn unit(raw: &[f64]) -> Vec<f64> {
    let length = raw.iter().map(|x| x * x).sum::<f64>().sqrt();
    raw.iter().map(|x| x / length).collect()
}

fn mean(vectors: &[Vec<f64>]) -> Vec<f64> {
    let place = |at: usize| vectors.iter().map(|v| v[at]).sum::<f64>() / vectors.len() as f64;
    (0..6).map(place).collect()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    1.0 - unit(a)
        .iter()
        .zip(&unit(b))
        .map(|(a, b)| a * b)
        .sum::<f64>()
}

fn spread(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, square.sqrt())
}

fn left_out(vectors: &[Vec<f64>]) -> Vec<f64> {
    let others = |at: usize| {
        let mut others = vectors.to_vec();
        let one = others.remove(at);
        distance(&one, &mean(&others))
    };
    (0..vectors.len()).map(others).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_window_scores_as_the_model_does(
        people in prop::collection::vec(vector(), 10..30),
        outputs in prop::collection::vec(vector(), 1..30),
        (most, least) in (5..25_u32).prop_flat_map(|most| (Just(most), 2..=most)),
    ) {
        let lengths = Lengths { most, least };
        prop_assert!(lengths.is_possible());
        let (most, least) = (most as usize, least as usize);
        let of = |raw: &Vec<f64>| Vector::of(raw).unwrap();
        let everyone: Vec<Vector> = people.iter().map(of).collect();
        let population = Population::of(&everyone).unwrap().expect("they differ");
        let people: Vec<Vec<f64>> = people.iter().map(|raw| unit(raw)).collect();
        let (usual, usually) = spread(&left_out(&people));
        let (mut window, mut known) = (Window::new(lengths), Vec::<Vec<f64>>::new());
        for output in &outputs {
            let got = window.score(&of(output), &population).unwrap();
            let last = known.len().saturating_sub(most);
            let recent = &known[last..];
            let (expected, basis) = if recent.len() < least {
                ((distance(output, &mean(&people)) - usual) / usually, Basis::Population)
            } else {
                let (m, s) = spread(&left_out(recent));
                let n = recent.len() as f64;
                let s = s.max(usually / 4.0);
                ((distance(output, &mean(recent)) - m) / (s * (1.0 + 1.0 / n).sqrt()), Basis::Own(recent.len()))
            };
            prop_assert_eq!(got.basis, basis);
            // A component is rounded to 2⁻¹⁴; spreads are not small here.
            prop_assert!((got.z - expected).abs() < 0.02 + expected.abs() * 0.01, "{} {}", got.z, expected);
            window.push(of(output)).unwrap();
            known.push(unit(output));
        }
    }
}

#[test]
fn a_newcomer_is_compared_with_all_until_it_has_handed_in_five() {
    let of = |x: f64, y: f64| Vector::of(&[x, y, 1.0]).unwrap();
    let people: Vec<Vector> = (0..9)
        .map(|i| of(f64::from(i), 9.0 - f64::from(i)))
        .collect();
    let population = Population::of(&people).unwrap().unwrap();
    let mut window = Window::default();
    for handed_in in 0..25 {
        let basis = window.score(&of(1.0, 1.0), &population).unwrap().basis;
        let expected = match handed_in {
            0..5 => Basis::Population,
            more => Basis::Own(more.min(20)),
        };
        assert_eq!(basis, expected);
        window.push(of(1.0, f64::from(handed_in as u32))).unwrap();
    }
}

#[test]
fn outputs_that_were_all_alike_make_no_deviant_of_one_that_is_a_little_different() {
    let of = |x: f64| Vector::of(&[x, 1.0]).unwrap();
    let people: Vec<Vector> = (0..20).map(|i| of(f64::from(i) / 20.0)).collect();
    let population = Population::of(&people).unwrap().unwrap();
    let mut window = Window::default();
    for _ in 0..Lengths::default().most {
        window.push(of(0.5)).unwrap();
    }
    let z = |x: f64| window.score(&of(x), &population).unwrap().z;
    assert!(z(0.52) < 1.0, "{}", z(0.52));
    assert!(z(-2.0) > 2.0, "{}", z(-2.0));
}
