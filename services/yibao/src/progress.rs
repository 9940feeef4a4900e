//! 进度: a bar on a terminal, one short line for each stage everywhere else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write, stderr};

/// Tells on standard error how far a long work is.
pub struct Progress {
    bar: ProgressBar,
    shown: bool,
}

impl Progress {
    /// A bar when standard error is a terminal.
    pub fn new() -> Progress {
        let shown = stderr().is_terminal();
        let target = match shown {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template("   {msg} [{bar:40}] {pos}/{len}");
        bar.set_style(style.unwrap_or(ProgressStyle::default_bar()));
        Progress { bar, shown }
    }

    /// A new stage of so many steps begins.
    pub fn begin(&self, stage: &str, steps: usize) {
        self.bar.set_message(stage.to_string());
        self.bar.set_length(steps as u64);
        self.bar.set_position(0);
        if !self.shown {
            // Nobody reads this when standard error is closed.
            writeln!(stderr(), "   {stage} {steps} …").ok();
        }
    }

    /// One step is done.
    pub fn step(&self) {
        self.bar.inc(1);
    }

    /// So many steps are done.
    pub fn steps(&self, count: u64) {
        self.bar.inc(count);
    }

    /// Prints something without the bar in its way.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// All is done; the bar leaves the screen.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Default for Progress {
    fn default() -> Progress {
        Progress::new()
    }
}
