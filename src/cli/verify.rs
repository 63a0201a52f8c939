//! Effect: `moabom verify`: does the store keep every promise that its rows can show?

use std::io::Write;

use anyhow::{Result, bail};
use clap::Args;
use serde::Serialize;

use super::open::Context;
use crate::store::Store;
use crate::store::verify::{Finding, SHOWN, verify};

/// `moabom verify`
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct VerifyArgs {
    /// 결과를 JSON으로
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    what: &'a str,
    rows: &'a [String],
}

/// Checks the store and fails where something is wrong. A store that does not exist yet is not made.
pub fn run(context: &Context, args: VerifyArgs, out: &mut impl Write) -> Result<()> {
    let (path, now) = (context.config()?.store.path, context.clock.now());
    let Some(store) = Store::open_existing(&path, now)? else {
        bail!(
            "저장소 파일이 아직 없어요: {}. `moabom ingest`나 `moabom run`이 처음 만들어요.",
            path.display()
        );
    };
    let findings = store.read(|ledger| verify(ledger, now))?;
    if args.json {
        let rows: Vec<FindingJson> = findings.iter().map(row).collect();
        serde_json::to_writer_pretty(&mut *out, &rows)?;
        writeln!(out)?;
    } else {
        print(&findings, out)?;
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!(
            "저장소 {}에서 어긋난 것 {count}가지를 찾았어요. 파일을 복사해 두고, 백업이 있으면 되돌리세요.",
            path.display()
        ),
    }
}

fn row(finding: &Finding) -> FindingJson<'_> {
    FindingJson { what: &finding.what, rows: &finding.rows }
}

fn print(findings: &[Finding], out: &mut impl Write) -> std::io::Result<()> {
    if findings.is_empty() {
        return writeln!(out, "어긋난 것이 없어요.");
    }
    for finding in findings {
        let more = if finding.rows.len() == SHOWN { " …" } else { "" };
        writeln!(out, "{}: {}{more}", finding.what, finding.rows.join(", "))?;
    }
    Ok(())
}
