//! What a child process cost: wall time, CPU time of it and nobody else, peak memory.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Clock ticks a second in /proc; 100 on every Linux that matters.
const TICKS: f64 = 100.0;

/// What sending `messages` took.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    pub messages: usize,
    pub wall: Duration,
    /// User and system time, seconds.
    pub cpu: f64,
    /// Peak resident memory, KiB; 0 where unknown.
    pub peak: u64,
}

impl Figure {
    pub fn rate(&self) -> f64 {
        self.messages as f64 / self.wall.as_secs_f64()
    }

    pub fn cpu_each(&self) -> f64 {
        self.cpu * 1e6 / self.messages as f64
    }
}

/// CPU seconds of this process so far, threads included.
pub fn own_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    fields(&stat, [11, 12])
}

/// CPU seconds of the children waited for so far.
fn children_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    fields(&stat, [13, 14])
}

fn fields(stat: &str, wanted: [usize; 2]) -> f64 {
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    wanted.iter().filter_map(|at| fields.get(*at)?.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// Peak resident memory of this process, KiB.
pub fn own_peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// Runs a foreign program that sends `messages`.
pub fn program(command: &mut Command, messages: usize) -> Figure {
    let (before, start) = (children_cpu(), Instant::now());
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it starts");
    assert!(status.success(), "{command:?}: {status}");
    Figure { messages, wall: start.elapsed(), cpu: children_cpu() - before, peak: 0 }
}

/// Runs this program as a sender of its own; it prints what it measured from its first to its last message.
pub fn own(mode: &str, port: u16, messages: usize, connections: usize) -> Figure {
    let me = std::env::current_exe().expect("this program");
    let arguments = [mode.to_owned(), port.to_string(), messages.to_string(), connections.to_string()];
    let output = Command::new(me).args(arguments).stderr(Stdio::inherit()).output().expect("it starts");
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    let figures: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [wall, cpu, peak] = figures.as_slice() else { panic!("{mode}: {line:?} {}", output.status) };
    Figure { messages, wall: Duration::from_secs_f64(*wall), cpu: *cpu, peak: *peak as u64 }
}

/// Prints what [`own`] reads.
pub fn print(wall: Duration, cpu: f64) {
    println!("{} {cpu} {}", wall.as_secs_f64(), own_peak());
}

/// A sink in a process of its own; killed when dropped.
pub struct Sink {
    child: Child,
    pub port: u16,
}

impl Sink {
    pub fn start(delay_ms: u64, pipelining: bool, quick_ack: bool) -> Sink {
        let me = std::env::current_exe().expect("this program");
        let arguments =
            ["sink".to_owned(), delay_ms.to_string(), pipelining.to_string(), quick_ack.to_string()];
        let mut child = Command::new(me).args(arguments).stdout(Stdio::piped()).spawn().expect("a sink");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a port");
        Sink { child, port: line.trim().parse().expect("a port") }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
