//! The disk's system calls fail under the built binary (injected by `strace`); both ledgers are compared afterwards.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::judges;
use crate::support::keeper::Keeper;
use crate::support::system::System;

const RECIPIENTS: usize = 12;
const CONNECTIONS: usize = 2;

/// `deliver` with the n-th such call of each thread, and where told so the ones after it, failing.
fn deliver_with(system: &System, strace: &std::path::Path, fault: &str) -> Command {
    let plain = system.command(&["deliver"]);
    let mut command = Command::new(strace);
    let calls = fault.split(':').next().unwrap_or_default();
    // The tracer is the grandchild: what is started, and killed, is moabom itself.
    command.args(["-D", "-f", "-qq", "-o"]).arg(system.path("calls"));
    command.arg(format!("--trace={calls}")).arg(format!("--inject={fault}"));
    command.arg(plain.get_program());
    command.args(plain.get_args().map(OsString::from));
    command.current_dir(system.folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// The program, where this machine lets one process look into another.
fn strace() -> Option<std::path::PathBuf> {
    let Some(program) = judges::program(&["strace"]) else {
        judges::left_out("faults of the disk's system calls, without strace");
        return None;
    };
    let allowed = Command::new(&program).args(["-o", "/dev/null", "true"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        eprintln!("left out: faults of the disk's system calls; this machine forbids ptrace");
        return None;
    }
    Some(program)
}

fn addresses(system: &System, states: &[&str]) -> BTreeSet<String> {
    let rows = system.json(&["deliveries", "list", "--json"]);
    let rows = rows.as_array().expect("a list");
    let found = rows.iter().filter(|row| states.contains(&row["state"].as_str().unwrap_or_default()));
    found.map(|row| row["address"].as_str().expect("an address").to_owned()).collect()
}

/// How often a call was made to fail, as strace saw it.
fn injected(system: &System) -> usize {
    std::fs::read_to_string(system.path("calls")).expect("strace's own ledger").matches("(INJECTED)").count()
}

/// What the relay holds is what the ledger says; afterwards a healthy disk brings everybody exactly one letter, or a
/// second copy that was announced.
fn compare(system: &System, keeper: &Keeper, what: &str) {
    let copies = keeper.copies();
    for address in addresses(system, &["sent"]) {
        assert!(copies.contains_key(&address), "{what}: {address} is sent and the relay has no copy");
    }
    let known = addresses(system, &["sent", "in_flight", "unknown"]);
    for address in copies.keys() {
        assert!(
            known.contains(address),
            "{what}: the relay has a copy for {address} of which nothing is known"
        );
    }
    let unsure = addresses(system, &["in_flight", "unknown"]);
    assert!(unsure.len() <= CONNECTIONS, "{what}: {unsure:?}");
    system.verify();
    system.run(&["deliver"]);
    let rows = system.json(&["deliveries", "list", "--state", "unknown", "--json"]);
    for row in rows.as_array().map(Vec::as_slice).unwrap_or_default() {
        system.run(&["deliveries", "retry", &row["id"].to_string()]);
    }
    system.run(&["deliver"]);
    let copies = keeper.copies();
    assert_eq!(copies.len(), RECIPIENTS, "{what}: somebody is lost");
    for (address, copies) in &copies {
        let announced = unsure.contains(address) && copies.windows(2).all(|pair| pair[0] == pair[1]);
        assert!(copies.len() == 1 || (copies.len() == 2 && announced), "{what}: {address} {}", copies.len());
    }
    assert_eq!(addresses(system, &["sent"]).len(), RECIPIENTS, "{what}");
    let editions: Value = system.json(&["editions", "list", "--json"]);
    assert_eq!(editions[0]["state"], "done", "{what}");
    system.verify();
}

fn wait(sender: &mut Child) -> bool {
    sender.wait().expect("it ends").success()
}

#[test]
fn a_call_of_the_disk_that_fails_for_a_while_stops_sending_until_it_works_again() {
    let Some(strace) = strace() else { return };
    let (mut failed, mut broken_off) = (0, 0);
    for (fault, first) in [
        ("fsync,fdatasync:error=EIO", [1, 2, 3, 4, 5, 7, 9, 12]),
        ("pwrite64:error=ENOSPC", [2, 8, 11, 13, 15, 18, 22, 27]),
        ("pwrite64:error=EIO", [1, 6, 12, 14, 16, 19, 23, 30]),
    ] {
        for n in first {
            let fault = format!("{fault}:when={n}..{}", n + 2);
            let keeper = Keeper::start(0);
            let system = System::new(keeper.port(), CONNECTIONS);
            system.publish_to(RECIPIENTS);
            let mut sender =
                deliver_with(&system, &strace, &fault).stderr(Stdio::null()).spawn().expect("it starts");
            broken_off += usize::from(!wait(&mut sender));
            failed += injected(&system);
            compare(&system, &keeper, &fault);
        }
    }
    assert!(failed >= 24, "the faults were not seen: {failed}");
    assert!(broken_off < 24, "none of them fell into the sending");
    println!("{failed} calls failed in 24 runs, {broken_off} of which ended before all was sent");
}

#[test]
fn a_disk_that_fails_for_good_lets_no_mail_from_follow() {
    let Some(strace) = strace() else { return };
    for (fault, n) in
        [("fsync,fdatasync:error=EIO", 4), ("fsync,fdatasync:error=EIO", 7), ("pwrite64:error=ENOSPC", 9)]
    {
        let fault = format!("{fault}:when={n}+");
        let keeper = Keeper::start(0);
        let system = System::new(keeper.port(), CONNECTIONS);
        system.publish_to(RECIPIENTS);
        let mut sender =
            deliver_with(&system, &strace, &fault).stderr(Stdio::null()).spawn().expect("it starts");
        // Longer than the first tries again take together; none of them may let a letter through.
        assert!(!keeper.wait_for(RECIPIENTS, Duration::from_secs(2)), "{fault}: all was sent");
        let kept = keeper.total();
        sender.kill().expect("killed");
        wait(&mut sender);
        assert!(injected(&system) > 1, "{fault}: no call failed");
        println!("{fault}: {kept} of {RECIPIENTS} were with the relay");
        compare(&system, &keeper, &fault);
    }
}
