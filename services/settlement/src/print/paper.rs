//! A4 sheets of Chinese text as PDF: where a line breaks, where a sheet ends, and which font shows a
//! character. It knows nothing of what the text is about.
//!
//! No font is in the document. Chinese is set in 宋体 (STSong-Light) by the predefined encoding of
//! Unicode, which every PDF reader knows by name and shows in a font of the reader's machine: so
//! the machine that prints needs none, no font has to be licensed and kept, and a receipt is a few
//! kilobytes. Everything else is set in Courier, one of the fonts every reader has; its characters
//! are all of one width, and so no metrics are needed to break and align lines. Nothing in the
//! document is of the moment: the same text gives the same bytes. A reader on a machine without any
//! Chinese font shows boxes; the text can be copied out of it all the same.

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};
use std::collections::BTreeSet;

/// A4 in points.
const WIDTH: i16 = 595;
const HEIGHT: i16 = 842;
/// What stays white on every side.
pub const MARGIN: i16 = 48;
/// Where the lines end on the right.
pub const RIGHT: i16 = WIDTH - MARGIN;
/// How much higher a line is than its characters.
const LEADING: i16 = 5;
/// Where the number of the sheet stands.
const FOOT: i16 = 28;

const LATIN: Name = Name(b"F1");
const SONG: Name = Name(b"F2");
/// Of a character's height, in tenths: Courier is 0.6 wide, Chinese is square.
const LATIN_TENTHS: i32 = 6;
const SONG_TENTHS: i32 = 10;

/// Marks that do not begin a line.
const CLOSING: &str = "，。；：、！？）》」』】”’";

const CATALOG: i32 = 1;
const PAGES: i32 = 2;
const LATIN_FONT: i32 = 3;
const SONG_FONT: i32 = 4;
const SONG_CID: i32 = 5;
const SONG_DESCRIPTOR: i32 = 6;
const SONG_UNICODE: i32 = 7;
/// Two objects for each sheet from here on.
const FIRST_SHEET: i32 = 8;

/// Sheets that are being written, from top to bottom.
pub struct Paper {
    sheets: Vec<Content>,
    y: i16,
    chinese: BTreeSet<char>,
}

impl Paper {
    /// An empty sheet.
    pub fn new() -> Paper {
        Paper {
            sheets: vec![Content::new()],
            y: HEIGHT - MARGIN,
            chinese: BTreeSet::new(),
        }
    }

    /// Goes down by one line of this size, onto a new sheet when there is no room.
    pub fn down(&mut self, size: i16) {
        self.y -= size + LEADING;
        if self.y < MARGIN {
            self.sheets.push(Content::new());
            self.y = HEIGHT - MARGIN - size;
        }
    }

    /// Text in the middle of the line.
    pub fn centred(&mut self, size: i16, text: &str) {
        let left = (i32::from(WIDTH) - width(text, size)) / 2;
        self.at(i16::try_from(left).unwrap_or(MARGIN), size, text);
    }

    /// Text that ends at `right`.
    pub fn ending(&mut self, right: i16, size: i16, text: &str) {
        let left = i32::from(right) - width(text, size);
        self.at(i16::try_from(left).unwrap_or(MARGIN), size, text);
    }

    /// Text that begins at `left`, on the line where we are.
    pub fn at(&mut self, left: i16, size: i16, text: &str) {
        let y = self.y;
        self.chinese.extend(text.chars().filter(|c| !is_latin(*c)));
        if let Some(sheet) = self.sheets.last_mut() {
            show(sheet, (left, y), size, text);
        }
    }

    /// True when a text that begins at `left` ends before `right`.
    pub fn fits(left: i16, right: i16, size: i16, text: &str) -> bool {
        i32::from(left) + width(text, size) < i32::from(right)
    }

    /// Lines from `left` to the right margin, each going down first.
    pub fn wrapped(&mut self, left: i16, size: i16, text: &str) {
        for line in broken(text, size, i32::from(RIGHT - left)) {
            self.down(size);
            self.at(left, size, &line);
        }
    }

    /// A line across the sheet, a little below the text.
    pub fn rule(&mut self) {
        let y = f32::from(self.y - LEADING + 1);
        if let Some(sheet) = self.sheets.last_mut() {
            sheet.move_to(f32::from(MARGIN), y);
            sheet.line_to(f32::from(RIGHT), y).stroke();
        }
    }

    /// The document.
    pub fn finish(mut self) -> Vec<u8> {
        let count = self.sheets.len();
        for (number, sheet) in (1..).zip(&mut self.sheets) {
            let text = format!("{number} / {count}");
            let left = (i32::from(WIDTH) - width(&text, 8)) / 2;
            show(
                sheet,
                (i16::try_from(left).unwrap_or(MARGIN), FOOT),
                8,
                &text,
            );
        }
        let mut pdf = Pdf::new();
        pdf.catalog(Ref::new(CATALOG)).pages(Ref::new(PAGES));
        let sheet = |at: i32| Ref::new(FIRST_SHEET + 2 * at);
        let kids = (0..).zip(&self.sheets).map(|(at, _)| sheet(at));
        let total = i32::try_from(count).unwrap_or(i32::MAX);
        pdf.pages(Ref::new(PAGES)).kids(kids).count(total);
        self.write_fonts(&mut pdf);
        for (at, content) in (0..).zip(self.sheets) {
            let text = Ref::new(FIRST_SHEET + 2 * at + 1);
            let mut page = pdf.page(sheet(at));
            page.parent(Ref::new(PAGES)).contents(text);
            page.media_box(Rect::new(0.0, 0.0, f32::from(WIDTH), f32::from(HEIGHT)));
            let mut resources = page.resources();
            let mut fonts = resources.fonts();
            fonts.pair(LATIN, Ref::new(LATIN_FONT));
            fonts.pair(SONG, Ref::new(SONG_FONT));
            fonts.finish();
            resources.finish();
            page.finish();
            pdf.stream(text, &content.finish());
        }
        pdf.finish()
    }

    fn write_fonts(&self, pdf: &mut Pdf) {
        let system = SystemInfo {
            registry: Str(b"Adobe"),
            ordering: Str(b"GB1"),
            supplement: 4,
        };
        let song = Name(b"STSong-Light");
        pdf.type1_font(Ref::new(LATIN_FONT))
            .base_font(Name(b"Courier"))
            .encoding_predefined(Name(b"WinAnsiEncoding"));
        pdf.type0_font(Ref::new(SONG_FONT))
            .base_font(Name(b"STSong-Light-UniGB-UTF16-H"))
            .encoding_predefined(Name(b"UniGB-UTF16-H"))
            .descendant_font(Ref::new(SONG_CID))
            .to_unicode(Ref::new(SONG_UNICODE));
        pdf.cid_font(Ref::new(SONG_CID))
            .subtype(CidFontType::Type0)
            .base_font(song)
            .system_info(system)
            .default_width(1000.0)
            .font_descriptor(Ref::new(SONG_DESCRIPTOR));
        pdf.font_descriptor(Ref::new(SONG_DESCRIPTOR))
            .name(song)
            .flags(FontFlags::SYMBOLIC | FontFlags::SERIF)
            .bbox(Rect::new(-25.0, -254.0, 1000.0, 880.0))
            .italic_angle(0.0)
            .ascent(880.0)
            .descent(-120.0)
            .cap_height(880.0)
            .stem_v(93.0);
        // The codes are those of Unicode: whoever copies text out gets what was put in.
        let mut unicode = UnicodeCmap::<u16>::new(Name(b"Yibao-UCS"), system);
        for character in &self.chinese {
            if let Ok(code) = u16::try_from(u32::from(*character)) {
                unicode.pair(code, *character);
            }
        }
        pdf.cmap(Ref::new(SONG_UNICODE), &unicode.finish());
    }
}

/// True for what Courier shows.
fn is_latin(character: char) -> bool {
    (' '..='~').contains(&character)
}

fn tenths(character: char) -> i32 {
    match is_latin(character) {
        true => LATIN_TENTHS,
        false => SONG_TENTHS,
    }
}

/// How wide a text is, in points, rounded down.
fn width(text: &str, size: i16) -> i32 {
    text.chars().map(tenths).sum::<i32>() * i32::from(size) / 10
}

fn show(sheet: &mut Content, (left, y): (i16, i16), size: i16, text: &str) {
    sheet.begin_text();
    sheet.next_line(f32::from(left), f32::from(y));
    let text: Vec<char> = text.chars().filter(|c| !c.is_control()).collect();
    for run in text.chunk_by(|a, b| is_latin(*a) == is_latin(*b)) {
        let latin = run.first().is_some_and(|first| is_latin(*first));
        let run: String = run.iter().collect();
        if latin {
            sheet.set_font(LATIN, f32::from(size));
            sheet.show(Str(run.as_bytes()));
        } else {
            let codes: Vec<u8> = run.encode_utf16().flat_map(u16::to_be_bytes).collect();
            sheet.set_font(SONG, f32::from(size));
            sheet.show(Str(&codes));
        }
    }
    sheet.end_text();
}

/// The lines of a text: broken before any Chinese character but closing marks, and in the rest
/// where there is a space; a word longer than a line wherever the line ends.
fn broken(text: &str, size: i16, room: i32) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in words(text) {
        let closing = word.chars().all(|c| CLOSING.contains(c));
        if !closing && !line.is_empty() && width(&line, size) + width(&word, size) > room {
            lines.push(std::mem::take(&mut line).trim_end().to_string());
        }
        for character in word
            .trim_start_matches(|_| line.is_empty() && word == " ")
            .chars()
        {
            let full = width(&line, size) + tenths(character) * i32::from(size) / 10 > room;
            if full && !closing && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// What is not torn apart: each space, each Chinese character, each run of others.
fn words(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let joined = |a: &char, b: &char| {
        let inner = |c: char| is_latin(c) && c != ' ';
        inner(*a) && inner(*b)
    };
    characters
        .chunk_by(joined)
        .map(|word| word.iter().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_characters_and_words() {
        // Room for ten Chinese characters of ten points.
        let lines = |text: &str| broken(text, 10, 100);
        assert_eq!(
            lines("一二三四五六七八九十甲乙"),
            ["一二三四五六七八九十", "甲乙"]
        );
        // A closing mark hangs over rather than begin a line.
        assert_eq!(
            lines("一二三四五六七八九十。甲"),
            ["一二三四五六七八九十。", "甲"]
        );
        assert_eq!(
            lines("一二三四五六 abcdefghij"),
            ["一二三四五六", "abcdefghij"]
        );
        let digest = "0123456789abcdef0123456789abcdef";
        assert_eq!(lines(digest).concat(), digest);
        assert!(lines(digest).iter().all(|line| width(line, 10) <= 100));
        assert!(lines("").is_empty());
    }

    #[test]
    fn the_same_text_gives_the_same_bytes_on_as_many_sheets_as_it_needs() {
        let written = || {
            let mut paper = Paper::new();
            paper.centred(16, "结算单");
            for number in 0..200 {
                paper.wrapped(
                    MARGIN,
                    10,
                    &format!("第 {number} 行：基金支付 1,234.56 元。"),
                );
            }
            paper.rule();
            paper.finish()
        };
        let pdf = written();
        assert_eq!(pdf, written());
        assert!(pdf.starts_with(b"%PDF-"));
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.contains("/Count 5"), "{}", &text[..400]);
    }
}
