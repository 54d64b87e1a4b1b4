//! Stopping before the end: Ctrl-C (SIGINT) and what asks programs to end (SIGTERM).
//!
//! A thread waits for them and ends the program, wherever the others are: reading from a pipe to
//! which nobody writes, or writing to one that nobody reads. It says how far the run was, and
//! that there is no answer, and makes sure of that. Temporary files have no names, so nothing is
//! left behind. A second signal ends the program at once, unless the first one came in the moment
//! in which a manifest is written, to a file with a name: then the program ends after that.

use std::fs;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use flowagg::Progress;
use indicatif::DecimalBytes;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use super::say;

/// What the run is at. It goes on from one to the next; from `READING` it may also be `STOPPED`.
static STAGE: AtomicU8 = AtomicU8::new(READING);
const READING: u8 = 0;
const WRITING: u8 = 1;
const WRITTEN: u8 = 2;
const STOPPED: u8 = 3;

/// How far the run is.
static PROGRESS: Mutex<Option<Arc<Progress>>> = Mutex::new(None);

/// Held by what must not be stopped in its midst, and takes no time: whether the program ends.
static ENDING: Mutex<bool> = Mutex::new(false);

/// The exit code of a program that a signal ended is this and the signal's number.
const CODE: i32 = 128;

/// From now on signals stop the run that `progress` is of.
pub fn watch(progress: Arc<Progress>) {
    *PROGRESS.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    watch_writing();
}

/// From now on signals stop the run, which writes without telling how far it is.
pub fn watch_writing() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let wanted: Vec<i32> = [SIGINT, SIGTERM].into_iter().filter(|&s| !is_ignored(s)).collect();
        // From here on none ends the program in its own way, whenever the thread begins.
        let Ok(signals) = Signals::new(&wanted) else { return };
        let is_second = Arc::new(AtomicBool::new(false));
        for signal in wanted {
            let is_second = Arc::clone(&is_second);
            let _ = flag::register_conditional_shutdown(signal, CODE + signal, is_second);
        }
        let is_other = Arc::clone(&is_second);
        let thread = std::thread::Builder::new().name("signals".to_owned());
        if thread.spawn(|| wait(signals, is_other)).is_err() {
            // Without another thread the first one ends the program, without a word.
            is_second.store(true, SeqCst);
        }
    });
}

/// Says that the answer is written from now on. If the run was stopped, the program ends here.
pub fn begin_writing() {
    if STAGE.compare_exchange(READING, WRITING, SeqCst, SeqCst) == Err(STOPPED) {
        loop {
            std::thread::park();
        }
    }
}

/// Says that the answer is written.
pub fn written() {
    let _ = STAGE.compare_exchange(WRITING, WRITTEN, SeqCst, SeqCst);
}

/// What must not be stopped in its midst holds this. If the run was stopped, the program ends here.
pub fn ending() -> MutexGuard<'static, bool> {
    let is_ended = ENDING.lock().unwrap_or_else(PoisonError::into_inner);
    if *is_ended {
        drop(is_ended);
        loop {
            std::thread::park();
        }
    }
    is_ended
}

/// Waits for a signal.
fn wait(mut signals: Signals, is_second: Arc<AtomicBool>) {
    if let Some(signal) = signals.forever().next() {
        // What is in its midst comes to its end, whatever else comes; nothing new begins.
        if let Ok(mut is_ended) = ENDING.try_lock() {
            *is_ended = true;
            is_second.store(true, SeqCst);
        }
        stop(signal);
    }
}

/// Ends the program.
fn stop(signal: i32) {
    let stage = STAGE.compare_exchange(READING, STOPPED, SeqCst, SeqCst);
    let name = if signal == SIGINT { "SIGINT" } else { "SIGTERM" };
    let progress = PROGRESS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let read = match progress.map(|progress| (progress.bytes(), progress.bytes_total())) {
        None => String::new(),
        Some((bytes, 0)) => format!(", {} read", DecimalBytes(bytes)),
        Some((bytes, total)) => {
            format!(", {} of {} read", DecimalBytes(bytes), DecimalBytes(total))
        }
    };
    let what = match stage {
        Err(WRITTEN) => "the answer was written before",
        Err(WRITING) => "what is written of the answer is not all of it",
        _ => "no answer is given",
    };
    if std::io::stderr().is_terminal() {
        // Over the progress that is shown.
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
    say::error(format_args!("stopped by {name}{read}; {what}"));
    let _is_ended = ENDING.lock();
    std::process::exit(CODE + signal);
}

/// Whether the program was started with orders to ignore a signal, as shells do for commands in
/// the background of a script.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or(0) >> (signal - 1) & 1 == 1
}
