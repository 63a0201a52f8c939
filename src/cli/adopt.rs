//! Effect: `moabom adopt`: a copied or moved store takes over the sending.

use std::io::Write;

use anyhow::Result;

use super::Context;
use crate::store::place::place;

/// Gives this store, here, the right to send.
pub fn run(context: &Context, out: &mut impl Write) -> Result<()> {
    let store = context.store()?;
    let _lock = store.lock_sender()?;
    let here = place(store.path());
    store.write(move |ledger| ledger.adopt(&here))?;
    writeln!(out, "이제 이곳의 저장소가 보내요: {}", store.path().display())?;
    Ok(writeln!(out, "옮기기 전의 저장소로는 더 보내지 마세요. 같은 편지가 두 번 갈 수 있어요.")?)
}
