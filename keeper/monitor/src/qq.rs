//! A picture of a sample against a normal distribution: each value over the quantile where it would lie, as SVG.
//!
//! Values on the line are normal; an end that bends upwards is a heavy tail, whose false alarms σ does not bound.

use std::fmt::Write as _;

use crate::normal::{Sample, quantile};

/// Side of the picture, in its own unit.
const SIDE: f64 = 480.0;
/// Room for axes around it.
const MARGIN: f64 = 48.0;
/// Most points that are drawn: more are one blot, and a file that nobody opens.
const POINTS_MAX: usize = 2_000;

/// The picture of `sample`. `title` and `threshold`, in σ, are written and drawn into it.
pub fn svg(sample: &Sample, title: &str, threshold: f64) -> String {
    let values = sample.values();
    let n = values.len();
    let step = n.div_ceil(POINTS_MAX).max(1);
    let point = |rank: usize| (quantile((rank as f64 + 0.5) / n as f64), values[rank]);
    let mut points: Vec<(f64, f64)> = (0..n).step_by(step).map(point).collect();
    // The greatest decides, so it is never left out.
    if let Some(last) = n.checked_sub(1)
        && last % step != 0
    {
        points.push(point(last));
    }
    let reach = points
        .iter()
        .flat_map(|(x, y)| [x.abs(), y.abs()])
        .fold(threshold.abs() + 1.0, f64::max)
        .ceil();
    let place = |at: f64| MARGIN + (at + reach) / (2.0 * reach) * SIDE;
    let (x, y) = (place, |at: f64| 2.0 * MARGIN + SIDE - place(at));
    let whole = SIDE + 2.0 * MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{whole}\" height=\"{whole}\" fill=\"white\"/>\n\
         <text x=\"{MARGIN}\" y=\"24\" font-size=\"14\">{}</text>\n",
        escaped(title)
    );
    let mut line = |from: (f64, f64), to: (f64, f64), style: &str| {
        let (x1, y1, x2, y2) = (x(from.0), y(from.1), x(to.0), y(to.1));
        // Writing into a string does not fail.
        let _ = writeln!(
            out,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" {style}/>"
        );
    };
    line((-reach, -reach), (reach, -reach), "stroke=\"black\"");
    line((-reach, -reach), (-reach, reach), "stroke=\"black\"");
    line((-reach, -reach), (reach, reach), "stroke=\"gray\"");
    line(
        (-reach, threshold),
        (reach, threshold),
        "stroke=\"firebrick\" stroke-dasharray=\"4\"",
    );
    for tick in (-reach as i64..=reach as i64).filter(|tick| tick % tick_step(reach) == 0) {
        let at = tick as f64;
        let (down, left) = (y(-reach) + 16.0, x(-reach) - 8.0);
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{down:.1}\" text-anchor=\"middle\">{tick}</text>\
             <text x=\"{left:.1}\" y=\"{:.1}\" text-anchor=\"end\">{tick}</text>",
            x(at),
            y(at) + 4.0
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">normal quantile (σ)</text>",
        whole / 2.0,
        whole - 8.0
    );
    for (at, value) in points {
        let (cx, cy) = (x(at), y(value));
        let _ = writeln!(
            out,
            "<circle cx=\"{cx:.2}\" cy=\"{cy:.2}\" r=\"2\" fill=\"steelblue\"/>"
        );
    }
    out.push_str("</svg>\n");
    out
}

/// Ticks at most a dozen apart on either side.
fn tick_step(reach: f64) -> i64 {
    (reach / 6.0).ceil().max(1.0) as i64
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_a_point_for_each_value_and_keeps_to_its_frame() {
        let sample = Sample::new((0..50).map(|i| f64::from(i) / 10.0 - 2.0).collect());
        let picture = svg(&sample, "shape <1>", 2.0);
        assert_eq!(picture.matches("<circle").count(), 50);
        assert!(picture.contains("shape &lt;1&gt;"));
        let places = picture
            .split('"')
            .filter_map(|part| part.parse::<f64>().ok());
        assert!(places.into_iter().all(|at| (-1.0..=577.0).contains(&at)));
    }

    #[test]
    fn a_large_sample_keeps_its_greatest_value() {
        let mut values: Vec<f64> = (0..4_099).map(|i| f64::from(i) / 4_099.0).collect();
        values.push(9.0);
        let picture = svg(&Sample::new(values), "many", 2.0);
        assert!(picture.matches("<circle").count() <= POINTS_MAX + 1);
        // The greatest of all lies highest in the frame: at its upper edge.
        assert!(picture.contains("cy=\"48.00\""), "{}", &picture[..200]);
    }
}
