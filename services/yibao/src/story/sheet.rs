//! 版面: lays text out in columns by display width, in which a Chinese character takes two.

use kernel::Fen;
use std::io::{self, Write};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of a line at most.
pub const WIDTH: usize = 96;
/// A terminal is not taken to be narrower.
const COLUMNS_LEAST: u16 = 80;
/// What every line below a heading begins with.
const INDENT: &str = "   ";
/// Between two columns.
const GUTTER: &str = "  ";
/// A column of text is not made narrower than this.
const COLUMN_LEAST: usize = 12;

/// How a cell lies in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Text.
    Left,
    /// Text that is never broken: a name somebody may copy.
    Whole,
    /// Numbers.
    Right,
}

/// Where a story is printed.
pub struct Sheet<'a> {
    out: &'a mut dyn Write,
    columns: usize,
}

impl<'a> Sheet<'a> {
    /// A sheet on this writer.
    pub fn new(out: &'a mut dyn Write) -> Sheet<'a> {
        Sheet::wide(out, WIDTH)
    }

    /// A sheet as wide as the terminal; what goes elsewhere, such as into a pipe, has whole lines.
    pub fn terminal(out: &'a mut dyn Write) -> Sheet<'a> {
        let terminal = console::Term::stdout().size_checked();
        let columns = terminal.map_or(usize::MAX, |(_, columns)| columns.max(COLUMNS_LEAST).into());
        Sheet::wide(out, columns)
    }

    /// A sheet on this writer of so many columns.
    pub fn wide(out: &'a mut dyn Write, columns: usize) -> Sheet<'a> {
        Sheet { out, columns }
    }

    /// The name of the whole.
    pub fn title(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{text}\n{}", "=".repeat(text.width()))
    }

    /// A heading.
    pub fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{text}")
    }

    /// A line, broken where it is too long.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        self.hanging("", text)
    }

    /// A line that begins with a mark; what is broken off stands below the text.
    pub fn hanging(&mut self, mark: &str, text: &str) -> io::Result<()> {
        let inner = " ".repeat(mark.width());
        let room = self.room().saturating_sub(mark.width());
        for (number, part) in broken(text, room).into_iter().enumerate() {
            let begin = if number == 0 { mark } else { &inner };
            writeln!(self.out, "{INDENT}{begin}{part}")?;
        }
        Ok(())
    }

    /// Columns behind the indent.
    fn room(&self) -> usize {
        self.columns.saturating_sub(INDENT.len())
    }

    /// A line at the very left that is never broken: something to be pasted.
    pub fn plain(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// An empty line.
    pub fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A table: the headings say how each column lies; columns are as wide as they must be.
    pub fn table(&mut self, headings: &[(&str, Side)], rows: &[Vec<String>]) -> io::Result<()> {
        let mut widths: Vec<usize> = headings.iter().map(|(text, _)| text.width()).collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let mut print = |cells: &mut dyn Iterator<Item = &str>| {
            let columns = cells.zip(headings).zip(&widths);
            let laid = columns.map(|((cell, (_, side)), width)| laid(cell, *width, *side));
            let line = laid.collect::<Vec<_>>().join(GUTTER);
            writeln!(self.out, "{INDENT}{}", line.trim_end())
        };
        print(&mut headings.iter().map(|(text, _)| *text))?;
        for row in rows {
            print(&mut row.iter().map(String::as_str))?;
        }
        Ok(())
    }

    /// A table of which nothing is broken: where it is wider than the sheet, each row is a block of
    /// lines instead, its first cell above the others.
    pub fn records(&mut self, headings: &[(&str, Side)], rows: &[Vec<String>]) -> io::Result<()> {
        let widths = needed(headings, rows);
        if widths.iter().sum::<usize>() + gutters(widths.len()) <= self.room() {
            return self.table(headings, rows);
        }
        for row in rows {
            for line in record(headings, row, self.room()) {
                writeln!(self.out, "{INDENT}{line}")?;
            }
        }
        Ok(())
    }

    /// A table that keeps to the width of the sheet: text is broken within its column, numbers
    /// never are. A cell may have several lines.
    pub fn grid(&mut self, headings: &[(&str, Side)], rows: &[Vec<String>]) -> io::Result<()> {
        let widths = narrowed(headings, rows, self.room());
        let first = headings.iter().map(|(text, _)| text.to_string()).collect();
        for row in std::iter::once(&first).chain(rows) {
            let cells = row.iter().zip(headings).zip(&widths);
            let cells: Vec<Vec<String>> = cells
                .map(|((cell, (_, side)), width)| match side {
                    Side::Left => cell
                        .split('\n')
                        .flat_map(|part| broken(part, *width))
                        .collect(),
                    Side::Whole | Side::Right => cell.split('\n').map(String::from).collect(),
                })
                .collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(0);
            for number in 0..height {
                let parts = cells.iter().zip(headings).zip(&widths);
                let parts = parts.map(|((cell, (_, side)), width)| {
                    laid(cell.get(number).map_or("", String::as_str), *width, *side)
                });
                let line = parts.collect::<Vec<_>>().join(GUTTER);
                writeln!(self.out, "{INDENT}{}", line.trim_end())?;
            }
        }
        Ok(())
    }
}

/// One row as lines of at most `room` columns: its first cell, below it what else it says.
fn record(headings: &[(&str, Side)], row: &[String], room: usize) -> Vec<String> {
    let mut lines: Vec<String> = row.first().cloned().into_iter().collect();
    let mut line = String::new();
    for ((heading, _), cell) in headings.iter().zip(row).skip(1) {
        if cell.is_empty() {
            continue;
        }
        let part = format!("{heading} {cell}");
        if !line.is_empty() && line.width() + GUTTER.len() + part.width() > room {
            lines.push(std::mem::take(&mut line));
        }
        line.push_str(GUTTER);
        line.push_str(&part);
    }
    lines.push(line);
    lines
}

/// The widths of columns in which nothing is broken.
fn needed(headings: &[(&str, Side)], rows: &[Vec<String>]) -> Vec<usize> {
    let mut widths: Vec<usize> = headings.iter().map(|(text, _)| text.width()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            let widest = cell.split('\n').map(UnicodeWidthStr::width).max();
            *width = (*width).max(widest.unwrap_or(0));
        }
    }
    widths
}

/// What stands between so many columns.
fn gutters(columns: usize) -> usize {
    GUTTER.len() * columns.saturating_sub(1)
}

/// The widths of columns: as wide as they must be, the widest text narrowed until all fit.
fn narrowed(headings: &[(&str, Side)], rows: &[Vec<String>], room: usize) -> Vec<usize> {
    let mut widths = needed(headings, rows);
    let room = room.saturating_sub(gutters(widths.len()));
    while widths.iter().sum::<usize>() > room {
        let texts = widths
            .iter_mut()
            .zip(headings)
            .filter(|(_, (_, side))| *side == Side::Left);
        let widest = texts.map(|(width, _)| width).max_by_key(|width| **width);
        match widest {
            Some(width) if *width > COLUMN_LEAST => *width -= 1,
            _ => break,
        }
    }
    widths
}

/// An amount as it stands in a column.
pub fn yuan(fen: i64) -> String {
    Fen(fen).to_string()
}

/// The text in a column of this width.
fn laid(text: &str, width: usize, side: Side) -> String {
    let space = " ".repeat(width.saturating_sub(text.width()));
    match side {
        Side::Left | Side::Whole => format!("{text}{space}"),
        Side::Right => format!("{space}{text}"),
    }
}

/// The text in pieces of at most `room` columns. Chinese may be broken anywhere except before a
/// mark that ends something; figures and Latin words stay whole where they can.
fn broken(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words(text) {
        let Some(line) = lines.last_mut() else { break };
        if line.width() + word.trim_end().width() <= room {
            line.push_str(word);
            continue;
        }
        let mut line = String::new();
        for c in word.chars() {
            if line.width() + c.width().unwrap_or(0) > room {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
        lines.push(line);
    }
    lines
        .iter()
        .map(|line| line.trim_end().to_string())
        .collect()
}

/// The smallest pieces a line may be broken into.
fn words(text: &str) -> Vec<&str> {
    const ENDING: &str = "，。；：、）》”〕！？,.;:)%";
    let mut words = Vec::new();
    let mut begin = 0;
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        let wide = |c: char| c.width() == Some(2);
        let apart = before.is_some_and(|b| b == ' ' || wide(b) || wide(c));
        let opens = before.is_some_and(|b| "（《“〔".contains(b));
        if apart && !opens && c != ' ' && !ENDING.contains(c) {
            words.push(&text[begin..at]);
            begin = at;
        }
        before = Some(c);
    }
    words.push(&text[begin..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(print: impl FnOnce(&mut Sheet<'_>) -> io::Result<()>) -> String {
        let mut bytes = Vec::new();
        print(&mut Sheet::new(&mut bytes)).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn columns_are_aligned_by_display_width() {
        let rows = [("现金", "1,234.50"), ("fund", "0.05")].map(|(a, b)| vec![a.into(), b.into()]);
        let table = printed(|s| s.table(&[("项目名称", Side::Left), ("元", Side::Right)], &rows));
        let expected = "   项目名称        元\n   现金      1,234.50\n   fund          0.05\n";
        assert_eq!(table, expected);
    }

    #[test]
    fn a_record_is_a_row_where_it_fits_and_a_block_where_not() {
        let headings = [
            ("编号", Side::Whole),
            ("状态", Side::Left),
            ("故障", Side::Left),
        ];
        let rows = [vec![
            "0190a1b2-c3d4".into(),
            "已中断".into(),
            "PROMISE_BROKEN".into(),
        ]];
        let at = |columns: usize| {
            let mut bytes = Vec::new();
            Sheet::wide(&mut bytes, columns)
                .records(&headings, &rows)
                .unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let row = "   0190a1b2-c3d4  已中断  PROMISE_BROKEN\n";
        assert!(at(40).ends_with(row) && at(usize::MAX).ends_with(row));
        let block = "   0190a1b2-c3d4\n     状态 已中断\n     故障 PROMISE_BROKEN\n";
        assert_eq!(at(30), block);
    }

    #[test]
    fn a_grid_keeps_to_the_width_and_breaks_only_text() {
        let long = "参保人员在该市定点蒙医中医医疗机构住院治疗的，报销起付标准由500元调整为350元"
            .repeat(3);
        let rows = [vec![
            "basic.band1".to_string(),
            long.clone(),
            "1,234.50".to_string(),
        ]];
        let headings = [
            ("规则", Side::Left),
            ("依据", Side::Left),
            ("金额", Side::Right),
        ];
        let grid = printed(|sheet| sheet.grid(&headings, &rows));
        assert!(grid.lines().count() > 3, "{grid}");
        assert!(grid.lines().all(|line| line.width() <= WIDTH), "{grid}");
        assert!(
            grid.lines().nth(1).unwrap().ends_with("  1,234.50"),
            "{grid}"
        );
        let text: String = grid.lines().skip(1).map(|line| line.trim()).collect();
        let text = text
            .replace("basic.band1", "")
            .replace("1,234.50", "")
            .replace(' ', "");
        assert_eq!(text, long);
    }

    #[test]
    fn long_lines_are_broken_within_the_width() {
        let text = "在各级定点医疗机构住院就医，起付线降低50%，报销比例提高5个百分点。".repeat(5);
        let lines = printed(|sheet| sheet.hanging("依据 ", &text));
        assert!(lines.lines().count() > 2);
        for line in lines.lines() {
            assert!(line.width() <= WIDTH, "{} {line}", line.width());
            assert!(!line.trim_start().starts_with(['，', '。', '%']), "{line}");
        }
        let whole: String = lines.lines().map(str::trim).collect();
        assert_eq!(whole, format!("依据 {text}"));
    }
}
