//! The built binary on a terminal of a given width, which `script` of util-linux makes.

use super::judges::{left_out, program};
use super::system::System;

/// What is seen there, with its control sequences; none where there is no `script`, which is said.
pub fn shown(system: &System, columns: u16, variables: &[(&str, &str)], arguments: &str) -> Option<String> {
    let Some(script) = program(&["script"]) else {
        left_out("no script of util-linux, so nothing was looked at on a terminal");
        return None;
    };
    let binary = env!("CARGO_BIN_EXE_moabom");
    let command = format!("stty rows 50 cols {columns}; exec {binary} --config moabom.toml {arguments}");
    let mut script = std::process::Command::new(script);
    script.current_dir(system.folder.path()).args(["-qec", &command, "/dev/null"]);
    script.env_remove("NO_COLOR").env("TERM", "xterm").envs(variables.iter().copied());
    let output = script.stdin(std::process::Stdio::null()).output().expect("it starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{text}");
    Some(text.replace('\r', ""))
}
