//! 空白政策包: a first package of an area, which holds as it stands and says what to write where.

use kernel::AreaCode;

/// What stands for the area in the text.
const AREA: &str = "{统筹区}";
/// The text, an area still to be filled in.
const TEXT: &str = include_str!("skeleton.toml");

/// 空白政策包: the text of a package for an area, with comments, made-up numbers under an assumption
/// that says so, and examples that hold.
pub fn skeleton(area: &AreaCode) -> String {
    TEXT.replace(AREA, area.as_str())
}
