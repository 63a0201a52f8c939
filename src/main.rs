//! Effect: parse, call, map the error to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    give_memory_back();
    moabom::cli::main()
}

/// By itself glibc raises with each large text what it keeps of freed memory, in every thread's arena. At its own first
/// threshold, which setting it holds fast, a daemon that once read a large page stays small.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
fn give_memory_back() {
    // SAFETY: the call takes two integers, and no other thread runs yet.
    unsafe { libc::mallopt(libc::M_TRIM_THRESHOLD, 128 * 1024) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_memory_back() {}
