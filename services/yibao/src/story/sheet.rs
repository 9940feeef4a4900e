//! 版面: lays text out in columns by display width, in which a Chinese character takes two.

use kernel::Fen;
use std::io::{self, Write};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of a line at most.
pub const WIDTH: usize = 96;
/// What every line below a heading begins with.
const INDENT: &str = "   ";

/// How a cell lies in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Where a story is printed.
pub struct Sheet<'a> {
    out: &'a mut dyn Write,
}

impl<'a> Sheet<'a> {
    /// A sheet on this writer.
    pub fn new(out: &'a mut dyn Write) -> Sheet<'a> {
        Sheet { out }
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
        let room = WIDTH - INDENT.len() - mark.width();
        for (number, part) in broken(text, room).into_iter().enumerate() {
            let begin = if number == 0 { mark } else { &inner };
            writeln!(self.out, "{INDENT}{begin}{part}")?;
        }
        Ok(())
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
            let line = laid.collect::<Vec<_>>().join("  ");
            writeln!(self.out, "{INDENT}{}", line.trim_end())
        };
        print(&mut headings.iter().map(|(text, _)| *text))?;
        for row in rows {
            print(&mut row.iter().map(String::as_str))?;
        }
        Ok(())
    }
}

/// An amount as it stands in a column.
pub fn yuan(fen: i64) -> String {
    Fen(fen).to_string()
}

/// The text in a column of this width.
fn laid(text: &str, width: usize, side: Side) -> String {
    let space = " ".repeat(width.saturating_sub(text.width()));
    match side {
        Side::Left => format!("{text}{space}"),
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
