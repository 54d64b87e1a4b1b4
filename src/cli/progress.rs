//! How far a run is, on a terminal, once it takes long enough for someone to wonder.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use flowagg::Progress;
use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A run shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// From one picture to the next.
const TICK: Duration = Duration::from_millis(100);

/// With a known end, and without one.
const BAR: &str = "{prefix} [{bar:24}] {msg}";
const COUNT: &str = "{prefix}, {msg}";

/// A thread that shows progress until this is dropped, which takes no time: the thread waits on
/// a channel, not on a clock.
pub struct Shown {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Shown {
    /// Shows `progress` if standard error is a terminal.
    pub fn new(progress: Arc<Progress>, is_quiet: bool) -> Self {
        if is_quiet || !std::io::stderr().is_terminal() {
            return Self { stop: None, thread: None };
        }
        let (stop, stopped) = channel();
        let show = move || show(&progress, &stopped);
        // Without another thread there is no progress to be seen, and nothing else is lost.
        let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(show).ok();
        Self { stop: Some(stop), thread }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn show(progress: &Progress, stopped: &Receiver<()>) {
    let begun = Instant::now();
    let goes_on = |wait| stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout);
    if !goes_on(PATIENCE) {
        return;
    }
    let total = progress.bytes_total();
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
    let style = ProgressStyle::with_template(if total > 0 { BAR } else { COUNT });
    bar.set_style(style.expect("the templates are valid").progress_chars("=> "));
    picture(&bar, progress, begun.elapsed());
    bar.set_draw_target(ProgressDrawTarget::stderr());
    while goes_on(TICK) {
        picture(&bar, progress, begun.elapsed());
    }
    bar.finish_and_clear();
}

/// Brings the bar up to date. Its own rate is one of the last moments, and wild at first; the
/// mean since the beginning tells better how long it still takes.
fn picture(bar: &ProgressBar, progress: &Progress, elapsed: Duration) {
    let (bytes, total) = (progress.bytes(), progress.bytes_total());
    let rate = bytes as f64 / elapsed.as_secs_f64();
    let speed = DecimalBytes(rate as u64);
    bar.set_position(bytes.min(total));
    if total == 0 || rate == 0.0 {
        bar.set_prefix(format!("{} read", DecimalBytes(bytes)));
        bar.set_message(format!("{speed}/s"));
    } else {
        let left = total.saturating_sub(bytes) as f64 / rate;
        bar.set_prefix(format!("{} of {}", DecimalBytes(bytes), DecimalBytes(total)));
        bar.set_message(format!("{speed}/s, {left:.0} s left"));
    }
}
