//! 图: the months of every payer as bars, what was paid beside what would be, in one SVG that needs
//! nothing else. Written by hand: rectangles and words, which a chart library would need fonts for.

use super::show::{Told, yuan};
use super::sums::{MONTHS, Pair};
use std::fmt::Write;

/// Width of the whole, and of what stands left of the bars.
const WIDTH: i128 = 960;
const LEFT: i128 = 90;
/// Height of one payer's panel, of its bars, and of the heading of all.
const PANEL: i128 = 180;
const BARS: i128 = 110;
const TOP: i128 = 70;
/// What was paid is grey, what would be is blue, or red where it is more.
const PAID: &str = "#9aa5b1";
const LESS: &str = "#2b6cb0";
const MORE: &str = "#c53030";

/// The chart.
pub fn svg(told: &Told<'_>) -> String {
    let payers = told.payers();
    let height = TOP + PANEL * i128::try_from(payers.len()).unwrap_or(0) + 20;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"'Noto Sans CJK SC','Microsoft YaHei',sans-serif\" \
         font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    let title = format!(
        "政策模拟 {} {} 年：{}",
        told.package.area(),
        told.asked.year,
        told.package.title()
    );
    text(&mut svg, (20, 28), "16", &title);
    for (x, color, name) in [
        (20, PAID, "实付"),
        (90, LESS, "模拟（不多于实付）"),
        (260, MORE, "模拟（多于实付）"),
    ] {
        rect(&mut svg, (x, 42, 12, 12), color, name);
        text(&mut svg, (x + 18, 52), "12", name);
    }
    let mut y = TOP;
    for payer in payers {
        let mut months = [Pair::default(); MONTHS];
        for (month, pair) in told.of_payer(&payer) {
            if let Some(sum) = months.get_mut(usize::from(month)) {
                sum.add(&pair);
            }
        }
        panel(&mut svg, y, &payer, &months, told);
        y += PANEL;
    }
    svg.push_str("</svg>\n");
    svg
}

fn panel(svg: &mut String, y: i128, payer: &str, months: &[Pair; MONTHS], told: &Told<'_>) {
    let amounts = months.iter().flat_map(|pair| [pair.paid, pair.simulated]);
    let most = amounts.max().unwrap_or(0).max(1);
    let base = y + 30 + BARS;
    text(svg, (20, y + 20), "13", payer);
    text(svg, (20, y + 42), "10", &yuan(most));
    rect(svg, (LEFT, base, WIDTH - LEFT - 20, 1), "#444", payer);
    let slot = (WIDTH - LEFT - 20) / i128::try_from(MONTHS).unwrap_or(1);
    for ((month, pair), index) in (0..).zip(months).zip(0_i128..) {
        let x = LEFT + index * slot;
        let name = told.month(month);
        let (width, color) = (
            slot / 2 - 4,
            if pair.simulated > pair.paid {
                MORE
            } else {
                LESS
            },
        );
        for (x, amount, color, what) in [
            (x + 4, pair.paid, PAID, "实付"),
            (x + 4 + width, pair.simulated, color, "模拟"),
        ] {
            let tall = amount.max(0) * BARS / most;
            let said = format!("{payer} {name} {what} {} 元", yuan(amount));
            rect(svg, (x, base - tall, width, tall), color, &said);
        }
        text(svg, (x + slot / 2 - 12, base + 16), "11", &name);
    }
}

fn rect(
    svg: &mut String,
    (x, y, width, height): (i128, i128, i128, i128),
    color: &str,
    said: &str,
) {
    let said = escaped(said);
    // Writing into a string cannot fail.
    writeln!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{color}\"><title>{said}</title></rect>"
    )
    .ok();
}

fn text(svg: &mut String, (x, y): (i128, i128), size: &str, said: &str) {
    let said = escaped(said);
    writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\">{said}</text>"
    )
    .ok();
}

/// Titles are an author's words.
fn escaped(said: &str) -> String {
    let said = said.replace('&', "&amp;").replace('<', "&lt;");
    said.replace('>', "&gt;").replace('"', "&quot;")
}
