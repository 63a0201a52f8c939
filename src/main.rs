//! Effect: parse, call, map the error to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    moabom::cli::main()
}
